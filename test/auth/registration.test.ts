import { beforeAll, describe, expect, it } from 'vitest'
import { AUTH, callWith, decodeJwt, racingDb, setCookies, sha256 } from '../auth-helpers'
import { anyone, form, ORIGIN, PASSWORD, signUp, stored } from '../client'

const REGISTRATION = `${AUTH}/registration/`
const REQUIRED = ['This field is required.']
const BLANK = ['This field may not be blank.']
const NULL = ['This field may not be null.']
const NOT_TEXT = ['Not a valid string.']
const NUL = ['Null characters are not allowed.']
const TAKEN = ['A user with that username already exists.']
const EMAIL_TAKEN = ['A user is already registered with this e-mail address.']
const BAD_NAME = [
  'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.',
]
const BAD_EMAIL = ['Enter a valid email address.']
const TOO_LONG = ['Ensure this field has no more than 150 characters.']
const SHORT = 'This password is too short. It must contain at least 8 characters.'
const COMMON = 'This password is too common.'
const NUMERIC = 'This password is entirely numeric.'
const MISMATCH = "The two password fields didn't match."
const similarTo = (what: string) => `The password is too similar to the ${what}.`

const twice = (password: unknown) => ({ password1: password, password2: password })
const named = (username: unknown) => ({ username, ...twice(PASSWORD) })
const usersStored = async () => (await stored<{ n: number }>('select count(*) as n from users'))[0]?.n

beforeAll(async () => {
  await signUp('alice', { email: 'Alice@example.com' })
})

describe('registration refuses', () => {
  it.each([
    ['nothing at all', {}, { username: REQUIRED, password1: REQUIRED, password2: REQUIRED }],
    ['only a name', { username: 'half' }, { password1: REQUIRED, password2: REQUIRED }],
    ['a blank name', named('  '), { username: BLANK }],
    ['null for a name', named(null), { username: NULL }],
    ['a boolean for a name', named(true), { username: NOT_TEXT }],
    ['a list for a name', named(['x']), { username: NOT_TEXT }],
    ['an object for a name', named({ a: 1 }), { username: NOT_TEXT }],
    ['a NUL in a name', named('nul\0x'), { username: NUL }],
    ['a space in a name', named('has space'), { username: BAD_NAME }],
    ['an exclamation mark in a name', named('bang!'), { username: BAD_NAME }],
    ['an image in a name', named('fox🦊'), { username: BAD_NAME }],
    ['a name of 151 characters', named('u'.repeat(151)), { username: TOO_LONG }],
    ['a name of 151 code points', named('𐐀'.repeat(151)), { username: TOO_LONG }],
    ['a name in use', named('alice'), { username: TAKEN }],
    ['a name in use, in another case', named(' ALICE '), { username: TAKEN }],
    ['an address that is none', { ...named('mail1'), email: 'not-an-email' }, { email: BAD_EMAIL }],
    ['an address without a host', { ...named('mail1'), email: 'mail@' }, { email: BAD_EMAIL }],
    ['a blank address', { ...named('mail1'), email: '' }, { email: BLANK }],
    ['null for an address', { ...named('mail1'), email: null }, { email: NULL }],
    ['an address in use', { ...named('mail1'), email: 'Alice@example.com' }, { email: EMAIL_TAKEN }],
    [
      'an address in use, in another case',
      { ...named('mail1'), email: 'aLICE@EXAMPLE.com' },
      { email: EMAIL_TAKEN },
    ],
    ['blank passwords', { username: 'p', ...twice('   ') }, { password1: BLANK, password2: BLANK }],
    ['null passwords', { username: 'p', ...twice(null) }, { password1: NULL, password2: NULL }],
    [
      'booleans for passwords',
      { username: 'p', ...twice(true) },
      { password1: NOT_TEXT, password2: NOT_TEXT },
    ],
    ['a NUL in passwords', { username: 'p', ...twice('Zx9!kk\0qwPlum') }, { password1: NUL, password2: NUL }],
    ['a short password', { username: 'p', ...twice('Qw8#') }, { password1: [SHORT] }],
    ['a common password', { username: 'p', ...twice('PassWord123') }, { password1: [COMMON] }],
    ['digits only', { username: 'p', ...twice('83920174') }, { password1: [NUMERIC] }],
    ['all of that, in order', { username: 'p', ...twice('12345') }, { password1: [SHORT, COMMON, NUMERIC] }],
    [
      'a number that is all of that',
      { username: 'p', ...twice(12345) },
      { password1: [SHORT, COMMON, NUMERIC] },
    ],
    [
      'a password short without its outer spaces',
      { username: 'p', ...twice('  Qw8#  ') },
      { password1: [SHORT] },
    ],
    [
      'passwords that differ',
      { username: 'p', password1: PASSWORD, password2: `${PASSWORD}!` },
      { non_field_errors: [MISMATCH] },
    ],
    [
      'a mismatch before a similarity',
      { username: 'wanderlust', password1: 'wanderlust1', password2: 'different' },
      { non_field_errors: [MISMATCH] },
    ],
    [
      'a weak password before a mismatch',
      { username: 'p', password1: 'password123', password2: 'x' },
      { password1: [COMMON] },
    ],
    [
      'a password like the name',
      { username: 'wanderlust', ...twice('wanderlust1') },
      { non_field_errors: [similarTo('username')] },
    ],
    [
      'a password like a part of the name',
      { username: 'the.wanderlust', ...twice('wanderlust1') },
      { non_field_errors: [similarTo('username')] },
    ],
    [
      'a password like the address',
      { username: 'p', email: 'wanderlust@example.com', ...twice('wanderlust1') },
      { non_field_errors: [similarTo('email address')] },
    ],
    [
      'everything wrong at once',
      { username: 'Alice', email: 'ALICE@example.com', ...twice('12345') },
      { username: TAKEN, email: EMAIL_TAKEN, password1: [SHORT, COMMON, NUMERIC] },
    ],
    [
      'what the database knows beside what the body lacks',
      { username: 'alice', email: 'alice@example.com', password1: 'password' },
      { username: TAKEN, email: EMAIL_TAKEN, password1: [COMMON], password2: REQUIRED },
    ],
    [
      'a weak number beside what the body lacks',
      { username: 'a b', password1: 12345 },
      { username: BAD_NAME, password1: [SHORT, COMMON, NUMERIC], password2: REQUIRED },
    ],
  ])('%s', async (_, fields, errors) => {
    const before = await usersStored()
    const { status, body } = await anyone.post(REGISTRATION, fields)
    expect({ status, body }).toEqual({ status: 400, body: errors })
    expect(await usersStored()).toBe(before)
  })

  it('an address longer than any can be', async () => {
    const email = `${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.com`
    const { status, body } = await anyone.post(REGISTRATION, { ...named('mail1'), email })
    expect([status, Object.keys(body)]).toEqual([400, ['email']])
  })
})

describe('registration', () => {
  it('makes a user with a profile and a session, and sets no cookie', async () => {
    const { status, headers, body } = await anyone.post(
      REGISTRATION,
      { ...named(' carol '), email: ' Carol@Example.com ', pk: 999, is_active: false, is_staff: true },
      { 'user-agent': 'a phone' },
    )
    expect(status).toBe(201)
    const id = body.user.pk
    expect(body).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      device_token: expect.any(String),
      user: {
        pk: id,
        username: 'carol',
        email: 'Carol@Example.com',
        first_name: '',
        last_name: '',
        profile_id: id,
        profile_image: expect.stringMatching(`^${ORIGIN}/`),
      },
    })
    expect(setCookies(headers)).toEqual({})
    expect(
      await stored('select id, username, email, is_active from users where username = ?', 'carol'),
    ).toEqual([{ id, username: 'carol', email: 'Carol@Example.com', is_active: 1 }])
    const { jti } = decodeJwt(body.refresh_token).claims
    expect(
      await stored('select jti_hash, user_agent, revoked_at from sessions where user_id = ?', id),
    ).toEqual([{ jti_hash: await sha256(jti), user_agent: 'a phone', revoked_at: null }])
    expect(await anyone.get(`/profiles/${id}/`)).toMatchObject({ status: 200, body: { id, owner: 'carol' } })
  })

  it('stores the password as an Argon2id hash in the PHC string format, each with its own salt', async () => {
    const rows = await stored<{ password_hash: string }>('select password_hash from users')
    const hashes = rows.map((row) => row.password_hash)
    for (const hash of hashes) {
      expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
    }
    expect(hashes.length).toBeGreaterThan(1)
    expect(new Set(hashes.map((hash) => hash.split('$')[4])).size).toBe(hashes.length)
  })

  it.each([
    [
      'urlencoded',
      new URLSearchParams({ username: 'by-form', ...twice(PASSWORD) } as Record<string, string>),
    ],
    ['multipart', form({ username: 'by-multipart', password1: PASSWORD, password2: PASSWORD })],
  ])('takes a form: %s', async (_, fields) => {
    const { status, body } = await anyone.post(REGISTRATION, fields)
    expect({ status, name: body.user?.username }).toEqual({ status: 201, name: fields.get('username') })
  })

  it('tells a form what a blank value is', async () => {
    const fields = { username: '', email: '', password1: '', password2: '' }
    // The address may be left out, which is what a page's blank field means.
    const errors = { username: BLANK, password1: BLANK, password2: BLANK }
    for (const body of [new URLSearchParams(fields), form(fields)]) {
      const answer = await anyone.post(REGISTRATION, body)
      expect([answer.status, answer.body]).toEqual([400, errors])
    }
  })

  it('takes the last of a form’s fields that are sent twice', async () => {
    const fields = new URLSearchParams({ username: 'first-name', ...twice(PASSWORD) } as Record<
      string,
      string
    >)
    fields.append('username', 'last-name')
    expect((await anyone.post(REGISTRATION, fields)).body.user.username).toBe('last-name')
  })

  it.each([
    ['letters of any script', 'Ünïcødé-李小龙', 'Ünïcødé-李小龙'],
    ['digits of any script', '٣٤٥', '٣٤٥'],
    ['every sign allowed', 'a.b+c-d_e@f', 'a.b+c-d_e@f'],
    ['a number', 12345, '12345'],
    ['150 characters', 'u'.repeat(150), 'u'.repeat(150)],
    ['150 code points', '𐐀'.repeat(150), '𐐀'.repeat(150)],
  ])('takes for a name: %s', async (_, username, shown) => {
    const { status, body } = await anyone.post(REGISTRATION, named(username))
    expect({ status, name: body.user?.username }).toEqual({ status: 201, name: shown })
    expect(await stored('select id from users where username = ?', shown)).toHaveLength(1)
  })

  it.each([
    ['Жанна', 'жАННА'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφοσ'],
    ['Ζήνος', 'ΖΉΝΟΣ'],
  ])('compares names without case in any script: %s, %s', async (name, again) => {
    await signUp(name)
    const { status, body } = await anyone.post(REGISTRATION, named(again))
    expect({ status, body }).toEqual({ status: 400, body: { username: TAKEN } })
  })

  it('lets many people have no address', async () => {
    await signUp('no-address')
    expect(await stored('select email_key from users where email = ?', '')).not.toHaveLength(0)
  })

  it('trims passwords, and so does login', async () => {
    await signUp('spacey', twice(`  ${PASSWORD}  `))
    for (const password of [PASSWORD, `\t${PASSWORD} `])
      expect((await anyone.post(`${AUTH}/login/`, { username: 'spacey', password })).status).toBe(200)
  })

  it('answers 404 for every key of an address: none was ever sent', async () => {
    const path = `${REGISTRATION}verify-email/`
    expect(await anyone.post(path, {})).toMatchObject({ status: 400, body: { key: REQUIRED } })
    expect(await anyone.post(path, { key: 'x' })).toMatchObject({
      status: 404,
      body: { detail: 'Not found.' },
    })
    expect((await anyone.get(path)).status).toBe(405)
  })
})

describe('50 registrations that all find it free', () => {
  it.each([
    ['of one name', () => named('racer'), { username: TAKEN }, 'username_key', 'racer'],
    [
      'of one name in many cases',
      (i: number) => named([...'sprinter'].map((c, bit) => ((i >> bit) & 1 ? c.toUpperCase() : c)).join('')),
      { username: TAKEN },
      'username_key',
      'sprinter',
    ],
    [
      'of one address',
      (i: number) => ({ ...named(`runner${i}`), email: 'runner@example.com' }),
      { email: EMAIL_TAKEN },
      'email_key',
      'runner@example.com',
    ],
  ])('%s: one is taken', async (_, fields, error, column, key) => {
    const before = await usersStored()
    const DB = racingDb(50)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => callWith({ DB }, 'POST', REGISTRATION, { body: fields(i) })),
    )
    const winner = answers.find(({ status }) => status === 201)
    const others = answers.filter((answer) => answer !== winner).map(({ status, body }) => ({ status, body }))
    expect(others).toEqual(Array.from({ length: 49 }, () => ({ status: 400, body: error })))
    const id = winner?.body.user.pk
    expect(await stored(`select id from users where ${column} = ?`, key)).toEqual([{ id }])
    expect(await usersStored()).toBe((before ?? 0) + 1)
    expect(await stored('select user_id from sessions where user_id = ?', id)).toHaveLength(1)
  })

  it('takes a form whose optional address was left blank, as pages send it', async () => {
    const fields = { username: 'blank-mail', email: '', password1: PASSWORD, password2: PASSWORD }
    const answer = await anyone.post('/dj-rest-auth/registration/', new URLSearchParams(fields))
    expect([answer.status, answer.body.user?.email]).toEqual([201, ''])
  })
})
