import { describe, expect, it } from 'vitest'
import { pbkdf2Sha256 } from '../../src/auth/pbkdf2'
import { AUTH, jwt, logIn } from '../auth-helpers'
import { anyone, PASSWORD, type Person, signUp, stored } from '../client'

const LOGIN = `${AUTH}/login/`
const WRONG = { non_field_errors: ['Unable to log in with provided credentials.'] }
const RESET = { non_field_errors: ['Your password was not carried over. Please reset it to log in.'] }
const OURS = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/

/** By `hashlib.pbkdf2_hmac` of Python, as Django writes it. */
const BY_DJANGO: [what: string, password: string, hash: string][] = [
  ['few rounds', PASSWORD, 'pbkdf2_sha256$1000$ab3DEf9xyzQQ$kAX0ddtp9FB0h3BH/L131+3YGiVHniq/75IRzs0Vb8w='],
  [
    'the rounds of Django 3.2',
    PASSWORD,
    'pbkdf2_sha256$260000$seasalt2$aiN8YZDVDx/nMLLK8Xsx3FBwvJOUXNYay4+/Z04JbFI=',
  ],
  [
    'a password of many scripts',
    'Щука-и-лебедь-🦊',
    'pbkdf2_sha256$120000$kWm1$8WTwHCKxVLJ+TqFiq3LnPCbvtFdBegQCwZcmj5BM8bw=',
  ],
]
const [[, , FEW_ROUNDS] = ['', '', '']] = BY_DJANGO

let people = 0
async function comesWith(hash: string): Promise<Person> {
  people++
  const person = await signUp(`from-django-${people}`)
  await stored('update users set password_hash = ? where id = ?', hash, person.id)
  return person
}
const hashOf = async ({ id }: Person) =>
  (await stored<{ password_hash: string }>('select password_hash from users where id = ?', id))[0]
    ?.password_hash
const answerTo = async ({ username }: Person, password: string) => {
  const { status, body } = await anyone.post(LOGIN, { username, password })
  return { status, body }
}

describe('a password hash of Django', () => {
  it.each(BY_DJANGO)('with %s is good for its password alone, and is renewed', async (_, password, hash) => {
    const alice = await comesWith(hash)
    expect(await answerTo(alice, `${password}x`)).toEqual({ status: 400, body: WRONG })
    expect(await hashOf(alice)).toBe(hash)

    await logIn(alice, password)
    const renewed = await hashOf(alice)
    expect(renewed).toMatch(OURS)
    expect(await answerTo(alice, `${password}x`)).toEqual({ status: 400, body: WRONG })
    await logIn(alice, password)
    expect(await hashOf(alice)).toBe(renewed)
  })

  it('is an old password too', async () => {
    const bob = await comesWith(FEW_ROUNDS)
    const change = (old_password: string) =>
      bob.post(`${AUTH}/password/change/`, {
        old_password,
        new_password1: 'Qw8#mmztRust',
        new_password2: 'Qw8#mmztRust',
      })
    expect((await change('wrong')).status).toBe(400)
    expect(await hashOf(bob)).toBe(FEW_ROUNDS)
    expect((await change(PASSWORD)).status).toBe(200)
    expect(await hashOf(bob)).toMatch(OURS)
  })

  it('tells nobody who is inactive', async () => {
    const carol = await comesWith('!')
    await stored('update users set is_active = 0 where id = ?', carol.id)
    expect(await answerTo(carol, PASSWORD)).toEqual({ status: 400, body: WRONG })
  })

  it.each([
    ['none', ''],
    ['one that Django made unusable', '!b7xXq1VpnNwXcU9Ah5DYlGdXkFVsbpuT1oWrV8Wl'],
    ['bcrypt', 'bcrypt_sha256$$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'],
    ['more rounds than a login waits for', FEW_ROUNDS.replace('$1000$', '$1200001$')],
    ['no rounds', FEW_ROUNDS.replace('$1000$', '$0$')],
    ['a key that is cut off', FEW_ROUNDS.slice(0, -5)],
    [
      'more memory than there is',
      '$argon2id$v=19$m=102400,t=2,p=8$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAA',
    ],
    ['too many passes', '$argon2id$v=19$m=1024,t=17,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAA'],
  ])('that cannot be checked asks for a reset: %s', async (_, hash) => {
    const dora = await comesWith(hash)
    expect(await answerTo(dora, PASSWORD)).toEqual({ status: 400, body: RESET })
    expect(await hashOf(dora)).toBe(hash)
  })

  it('makes no token of Django good', async () => {
    const erin = await comesWith(FEW_ROUNDS)
    const token = await jwt(
      { token_type: 'access', user_id: erin.id },
      { secret: "the original's own secret, 32 characters" },
    )
    expect((await anyone.get(`${AUTH}/user/`, { authorization: `Bearer ${token}` })).status).toBe(401)
  })
})

describe('PBKDF2', () => {
  it('gives what the platform gives, for keys and salts of any length', async () => {
    for (const [length, rounds] of [0, 1, 31, 32, 55, 56, 63, 64, 65, 127, 200].map((n, i) => [n, i + 1])) {
      const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes))
      const [password, salt] = [random(length ?? 0), random((length ?? 0) + 1)]
      const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits'])
      const theirs = await crypto.subtle.deriveBits(
        { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds ?? 1 },
        key,
        256,
      )
      expect(pbkdf2Sha256(password, salt, rounds ?? 1)).toEqual(new Uint8Array(theirs))
    }
  })
})
