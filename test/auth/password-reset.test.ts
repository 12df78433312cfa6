import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { AUTH, callWith, isRevoked, racingDb, recordLogs, sha256 } from '../auth-helpers'
import { anyone, PASSWORD, type Person, signUp, stored } from '../client'

const CHANGE = `${AUTH}/password/change/`
const RESET = `${AUTH}/password/reset/`
const CONFIRM = `${AUTH}/password/reset/confirm/`
const NEW = 'Qw8#mmztRust'
const REQUIRED = ['This field is required.']
const SHORT = 'This password is too short. It must contain at least 8 characters.'
const COMMON = 'This password is too common.'
const NUMERIC = 'This password is entirely numeric.'
const MISMATCH = { new_password2: ['The two password fields didn’t match.'] }
const TOO_LONG = ['Ensure this field has no more than 128 characters.']
const NO_USER = { uid: ['Invalid value'] }
const NO_TOKEN = { token: ['Invalid value'] }
const twice = (password: unknown) => ({ new_password1: password, new_password2: password })
const hashOf = async ({ id }: Person) =>
  (await stored('select password_hash from users where id = ?', id))[0]?.password_hash
const loginStatus = async ({ username }: Person, password: string) =>
  (await anyone.post(`${AUTH}/login/`, { username, password })).status
const resetsOf = ({ id }: Person) =>
  stored<{ token_hash: string; expires_at: number }>('select * from password_resets where user_id = ?', id)
const SENT = { detail: 'Password reset e-mail has been sent.' }

let alice: Person
let bob: Person
beforeAll(async () => {
  alice = await signUp('alice', { email: 'alice@example.com' })
  bob = await signUp('bob', { email: 'bob@example.com' })
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** A Worker that cannot. */
const UNABLE = { SEND_EMAIL: undefined, MAIL_FROM: undefined }

/** A Worker that can send mails, and those that it sent. */
function mailing(
  send = vi.fn(async (_mail: { to: string; from: string; subject: string; text: string }) => {}),
) {
  const bindings = { SEND_EMAIL: { send }, MAIL_FROM: 'noreply@example.com' }
  const mailed = () => send.mock.calls.map(([mail]) => mail)
  const link = () => {
    const [url = ''] = /https?:\S+/.exec(mailed().at(-1)?.text ?? '') ?? []
    const { searchParams, origin } = new URL(url)
    return { origin, uid: searchParams.get('uid') ?? '', token: searchParams.get('token') ?? '' }
  }
  const ask = (email: string, path = `https://api.test${RESET}`, more = {}) =>
    callWith({ ...bindings, ...more }, 'POST', path, { body: { email } })
  return { ask, mailed, link }
}

describe('password/reset', () => {
  it.each([
    [{}, { email: REQUIRED }],
    [{ email: '' }, { email: ['This field may not be blank.'] }],
    [{ email: null }, { email: ['This field may not be null.'] }],
    [{ email: 'x' }, { email: ['Enter a valid email address.'] }],
  ])('refuses %j', async (fields, errors) => {
    const { status, body } = await anyone.post(RESET, fields)
    expect({ status, body }).toEqual({ status: 400, body: errors })
  })

  it('answers the same whether or not the address is known, and mails only who is', async () => {
    const inactive = await signUp('inactive', { email: 'inactive@example.com' })
    await stored('update users set is_active = 0 where id = ?', inactive.id)
    const { ask, mailed } = mailing()
    const answers = []
    for (const email of ['nobody@example.com', 'inactive@example.com', 'ALICE@example.com']) {
      const { status, headers, body } = await ask(email)
      answers.push({ status, body, headers: [...headers.keys()] })
    }
    expect(answers[0]).toMatchObject({ status: 200, body: SENT })
    expect(answers).toEqual([answers[0], answers[0], answers[0]])
    expect(mailed().map(({ to }) => to)).toEqual(['alice@example.com'])
    expect(await resetsOf(inactive)).toEqual([])
  })

  it('mails a link of which only a hash is stored', async () => {
    const { ask, mailed, link } = mailing()
    await ask('bob@example.com')
    expect(mailed()).toEqual([
      {
        from: 'noreply@example.com',
        to: 'bob@example.com',
        subject: expect.any(String),
        // Nobody is named by a name that an attacker chose.
        text: expect.not.stringContaining('bob'),
      },
    ])
    const { token, origin } = link()
    expect(origin).toBe('http://localhost:3000')
    expect(token.length).toBeGreaterThanOrEqual(32)
    expect((await resetsOf(bob)).map((row) => row.token_hash)).toEqual([await sha256(token)])
    expect(JSON.stringify(await stored('select * from password_resets'))).not.toContain(token)
  })

  it('links to the page that is configured', async () => {
    const { ask, mailed } = mailing()
    await ask('alice@example.com', undefined, { PASSWORD_RESET_URL: 'https://front.example/new?lang=en' })
    expect(mailed()[0]?.text).toMatch(/https:\/\/front\.example\/new\?lang=en&uid=\w+&token=\w+/)
  })

  it('logs the link on a laptop, and nowhere else', async () => {
    const logs = recordLogs()
    for (const origin of ['http://localhost:8787', 'http://127.0.0.1:8787'])
      await callWith(UNABLE, 'POST', origin + RESET, { body: { email: 'alice@example.com' } })
    expect(logs.filter((line) => /token=\w+/.test(line))).toHaveLength(2)
    logs.length = 0
    const before = await resetsOf(alice)
    for (const email of ['alice@example.com', 'nobody@example.com']) {
      const answer = await callWith(UNABLE, 'POST', `https://api.test${RESET}`, { body: { email } })
      expect(answer.status).toBe(503)
    }
    expect(await resetsOf(alice)).toEqual(before)
    expect(logs.join()).toContain('SEND_EMAIL or MAIL_FROM is not configured')
    expect(logs.join()).not.toMatch(/token=|@|alice/)
  })

  it('answers the same when mail cannot be sent, and says so in the log without naming anybody', async () => {
    const logs = recordLogs()
    const refuse = vi.fn(async () => Promise.reject(new Error('550 alice@example.com: no such mailbox')))
    const { ask } = mailing(refuse)
    const { status, body } = await ask('alice@example.com')
    expect([status, body, refuse.mock.calls.length]).toEqual([200, SENT, 1])
    expect(logs.join()).toContain('could not be sent')
    expect(logs.join()).not.toMatch(/@|token=/)
  })
})

describe('password/reset/confirm', () => {
  let count = 0
  /** Somebody who forgot their password, with a link from their mail. */
  async function forgetful() {
    count += 1
    const email = `forgetful${count}@example.com`
    const person = await signUp(`forgetful${count}`, { email })
    const { ask, link } = mailing()
    await ask(email)
    const { uid, token } = link()
    return { person, uid, token, ask: () => ask(email), link }
  }

  it.each<[string, (link: { uid: string; token: string }) => object | Promise<object>, object]>([
    [
      'nothing',
      () => ({}),
      { uid: REQUIRED, token: REQUIRED, new_password1: REQUIRED, new_password2: REQUIRED },
    ],
    ['a uid that is none', ({ token }) => ({ uid: 'Ω?', token, ...twice(NEW) }), NO_USER],
    ['nobody’s uid', ({ token }) => ({ uid: 'zzzzzz', token, ...twice(NEW) }), NO_USER],
    ['a uid too large', ({ token }) => ({ uid: 'z'.repeat(40), token, ...twice(NEW) }), NO_USER],
    ['somebody else’s uid', ({ token }) => ({ uid: alice.id.toString(36), token, ...twice(NEW) }), NO_TOKEN],
    ['a wrong token', ({ uid }) => ({ uid, token: 'x-y', ...twice(NEW) }), NO_TOKEN],
    ['more than the token', ({ uid, token }) => ({ uid, token: `${token}!`, ...twice(NEW) }), NO_TOKEN],
    [
      'what is stored of it',
      async ({ uid, token }) => ({ uid, token: await sha256(token), ...twice(NEW) }),
      NO_TOKEN,
    ],
    ['a mismatch', (link) => ({ ...link, new_password1: NEW, new_password2: PASSWORD }), MISMATCH],
    [
      'a weak password',
      (link) => ({ ...link, ...twice('12345') }),
      { new_password2: [SHORT, COMMON, NUMERIC] },
    ],
    [
      'a long password',
      (link) => ({ ...link, ...twice('x'.repeat(129)) }),
      { new_password1: TOO_LONG, new_password2: TOO_LONG },
    ],
  ])('refuses %s, and the link stays good', async (_, fields, errors) => {
    const { person, uid, token } = await forgetful()
    const before = await hashOf(person)
    const { status, body } = await anyone.post(CONFIRM, await fields({ uid, token }))
    expect({ status, body }).toEqual({ status: 400, body: errors })
    expect([await hashOf(person), await isRevoked(person.refresh)]).toEqual([before, false])
    expect((await anyone.post(CONFIRM, { uid, token, ...twice(NEW) })).status).toBe(200)
  })

  it('sets the password once, ends every session and forgets the other links', async () => {
    const { person, uid, token, ask, link } = await forgetful()
    await ask()
    const second = link()
    expect(await resetsOf(person)).toHaveLength(2)
    const { status, body } = await anyone.post(
      CONFIRM,
      new URLSearchParams({ uid, token, ...twice(NEW) } as Record<string, string>),
    )
    expect([status, body]).toEqual([200, { detail: 'Password has been reset with the new password.' }])
    expect([await loginStatus(person, PASSWORD), await loginStatus(person, NEW)]).toEqual([400, 200])
    expect(await isRevoked(person.refresh)).toBe(true)
    expect(await resetsOf(person)).toEqual([])
    for (const used of [
      { uid, token },
      { uid: second.uid, token: second.token },
    ]) {
      const again = await anyone.post(CONFIRM, { ...used, ...twice('Another-9-one') })
      expect([again.status, again.body]).toEqual([400, NO_TOKEN])
    }
    expect(await loginStatus(person, NEW)).toBe(200)
  })

  it('is good for an hour', async () => {
    const { person, uid, token } = await forgetful()
    const [row] = await resetsOf(person)
    const minutes = (Number(row?.expires_at) - Date.now()) / 60_000
    expect(minutes).toBeGreaterThan(50)
    expect(minutes).toBeLessThanOrEqual(60)
    await stored('update password_resets set expires_at = expires_at - 3600000 where user_id = ?', person.id)
    const { status, body } = await anyone.post(CONFIRM, { uid, token, ...twice(NEW) })
    expect([status, body]).toEqual([400, NO_TOKEN])
    expect(await loginStatus(person, PASSWORD)).toBe(200)
  })

  it('is of no use after the password was changed otherwise, or to who is inactive', async () => {
    const changed = await forgetful()
    await changed.person.post(CHANGE, twice(NEW))
    const late = await anyone.post(CONFIRM, {
      uid: changed.uid,
      token: changed.token,
      ...twice('Another-9-one'),
    })
    expect([late.status, late.body]).toEqual([400, NO_TOKEN])

    const banned = await forgetful()
    await stored('update users set is_active = 0 where id = ?', banned.person.id)
    const denied = await anyone.post(CONFIRM, { uid: banned.uid, token: banned.token, ...twice(NEW) })
    expect([denied.status, denied.body]).toEqual([400, NO_USER])
  })

  it('used ten times at once: once', async () => {
    const { person, uid, token } = await forgetful()
    const DB = racingDb(10)
    const passwords = Array.from({ length: 10 }, (_, i) => `${NEW}-${i}`)
    const answers = await Promise.all(
      passwords.map((password) =>
        callWith({ DB }, 'POST', CONFIRM, { body: { uid, token, ...twice(password) } }),
      ),
    )
    const won = answers.findIndex(({ status }) => status === 200)
    const lost = answers.filter((_, i) => i !== won).map(({ status, body }) => ({ status, body }))
    expect(lost).toEqual(Array.from({ length: 9 }, () => ({ status: 400, body: NO_TOKEN })))
    for (const [i, password] of passwords.entries())
      expect(await loginStatus(person, password)).toBe(i === won ? 200 : 400)
  })
})
