/** Addresses that are proved: at registration, when they change, and what is not done to those that are not. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AUTH, callWith, logIn, racingDb, recordLogs, sha256 } from '../auth-helpers'
import { anyone, PASSWORD, type Person, signUp, stored } from '../client'

const VERIFY = `${AUTH}/registration/verify-email/`
const RESEND = `${AUTH}/registration/resend-email/`
const OK = { detail: 'ok' }
const HOUR_MS = 3_600_000
const TAKEN = 'A user is already registered with this e-mail address.'

/** A Worker that can send mails, and those that it sent. */
function mailing(more: Record<string, unknown> = {}) {
  const send = vi.fn(async (_mail: { to: string; subject: string; text: string }) => {})
  const bindings = { SEND_EMAIL: { send }, MAIL_FROM: 'noreply@example.com', ...more }
  const mails = () => send.mock.calls.map(([mail]) => mail)
  const key = (to: string) => {
    const text = mails().findLast((mail) => mail.to === to)?.text ?? ''
    return new URL(/https?:\S+/.exec(text)?.[0] ?? 'http://none').searchParams.get('key') ?? ''
  }
  const call = (
    method: string,
    path: string,
    body: object,
    { headers }: { headers?: Record<string, string> } = {},
  ) => callWith(bindings, method, path, { body, ...(headers && { headers }) })
  const register = async (username: string, email: string) =>
    call('POST', `${AUTH}/registration/`, { username, email, password1: PASSWORD, password2: PASSWORD })
  return { bindings, mails, key, call, register, verify: (one: string) => call('POST', VERIFY, { key: one }) }
}

const emailOf = async (username: string) =>
  (
    await stored(
      'select email, email_verified_at is not null as proved from users where username = ?',
      username,
    )
  )[0]

let n = 0
let name: string
let address: string
beforeEach(() => {
  n += 1
  name = `ada${n}`
  address = `ada${n}@example.com`
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** Somebody who has proved their address. */
async function proved(username = name, email = address): Promise<Person> {
  const { register, verify, key } = mailing()
  await register(username, email)
  expect((await verify(key(email))).status).toBe(200)
  const { access, refresh } = await logIn({ username })
  const [row] = await stored<{ id: number }>('select id from users where username = ?', username)
  const headers = { authorization: `Bearer ${access}` }
  return { ...anyone, headers, id: row?.id ?? 0, username, access, refresh }
}

describe('registration with an address', () => {
  it('mails a link that proves it, once, of which only a hash is stored', async () => {
    const { register, mails, key, verify } = mailing()
    const { status, body } = await register(name, address)
    expect([status, body.user.email]).toEqual([201, address])
    expect(mails().map(({ to }) => to)).toEqual([address])
    expect(mails()[0]?.text).toContain('http://localhost:3000/verify-email?key=')
    // Nobody is named by a name that an attacker chose.
    expect(JSON.stringify(mails())).not.toContain(`${name} `)
    expect(await emailOf(name)).toEqual({ email: address, proved: 0 })
    const rows = await stored('select key_hash from email_keys where email = ?', address)
    expect(rows).toEqual([{ key_hash: await sha256(key(address)) }])
    const first = await verify(key(address))
    expect([first.status, first.body]).toEqual([200, OK])
    expect(await emailOf(name)).toEqual({ email: address, proved: 1 })
    const second = await verify(key(address))
    expect([second.status, second.body]).toEqual([404, { detail: 'Not found.' }])
  })

  it('links to the page that is configured, whatever the Host header says', async () => {
    const { call, mails } = mailing({ EMAIL_VERIFICATION_URL: 'https://front.example/#/verify' })
    await call('POST', `https://evil.example${AUTH}/registration/`, {
      username: name,
      email: address,
      password1: PASSWORD,
      password2: PASSWORD,
    })
    expect(mails()[0]?.text).toContain('https://front.example/#/verify?key=')
    expect(mails()[0]?.text).not.toContain('evil')
  })

  it('a key is good for a day', async () => {
    const { register, key, verify } = mailing()
    await register(name, address)
    const [row] = await stored<{ expires_at: number }>(
      'select expires_at from email_keys where email = ?',
      address,
    )
    expect(Math.round(((row?.expires_at ?? 0) - Date.now()) / HOUR_MS)).toBe(24)
    await stored('update email_keys set expires_at = 1 where email = ?', address)
    expect((await verify(key(address))).status).toBe(404)
    expect(await emailOf(name)).toEqual({ email: address, proved: 0 })
  })

  it('two who use a key at the same time: one does', async () => {
    const { register, key, bindings } = mailing()
    await register(name, address)
    const DB = racingDb(2)
    const both = await Promise.all(
      [1, 2].map(() => callWith({ ...bindings, DB }, 'POST', VERIFY, { body: { key: key(address) } })),
    )
    expect(both.map(({ status }) => status).sort()).toEqual([200, 404])
  })

  it('with EMAIL_VERIFICATION "none": no mail', async () => {
    const { register, mails } = mailing({ EMAIL_VERIFICATION: 'none' })
    expect((await register(name, address)).status).toBe(201)
    expect(mails()).toEqual([])
  })

  it('"mandatory": no tokens before it is proved', async () => {
    const { call, register, key, verify, mails } = mailing({ EMAIL_VERIFICATION: 'mandatory' })
    const without = await call('POST', `${AUTH}/registration/`, {
      username: name,
      password1: PASSWORD,
      password2: PASSWORD,
    })
    expect([without.status, without.body]).toEqual([400, { email: ['This field is required.'] }])
    const { status, body, headers } = await register(name, address)
    expect([status, body, headers.getSetCookie()]).toEqual([201, { detail: 'Verification e-mail sent.' }, []])
    const login = () => call('POST', `${AUTH}/login/`, { username: name, password: PASSWORD })
    const refused = await login()
    expect([refused.status, refused.body]).toEqual([400, { non_field_errors: ['E-mail is not verified.'] }])
    const again = await call('POST', RESEND, { email: address })
    expect([again.status, again.body, mails().length]).toEqual([200, OK, 2])
    expect((await verify(key(address))).status).toBe(200)
    expect((await login()).status).toBe(200)
  })
})

describe('without a way to send mails', () => {
  const without = { SEND_EMAIL: undefined, MAIL_FROM: undefined }
  it('whatever promises one answers 503, for every address, and does nothing', async () => {
    const logs = recordLogs()
    const ada = await signUp(name, { email: address })
    const registering = {
      username: `${name}x`,
      email: `x${address}`,
      password1: PASSWORD,
      password2: PASSWORD,
    }
    for (const [method, path, body, more] of [
      ['POST', RESEND, { email: address }, {}],
      ['POST', `${AUTH}/password/reset/`, { email: address }, {}],
      ['POST', `${AUTH}/password/reset/`, { email: 'nobody@example.com' }, {}],
      ['PATCH', `${AUTH}/user/`, { email: `new${address}`, password: PASSWORD }, {}],
      ['POST', `${AUTH}/registration/`, registering, { EMAIL_VERIFICATION: 'mandatory' }],
    ] as const) {
      const answer = await callWith({ ...without, ...more }, method, path, { headers: ada.headers, body })
      expect(answer.status, path).toBe(503)
    }
    expect(logs.join()).toContain('SEND_EMAIL or MAIL_FROM is not configured')
    expect(await stored('select 1 from users where username = ?', `${name}x`)).toEqual([])
    // That of the registration, which could be mailed.
    expect(await stored('select email from email_keys where user_id = ?', ada.id)).toEqual([
      { email: address },
    ])
  })

  it('the dev server logs the link', async () => {
    const logs = recordLogs()
    await signUp(name, { email: address })
    await callWith(without, 'POST', `http://localhost:8787${RESEND}`, { body: { email: address } })
    expect(logs.filter((line) => /verify-email\?key=\w/.test(line))).toHaveLength(1)
  })
})

describe('resend-email', () => {
  it('answers the same for every address, and mails only who has not proved it', async () => {
    const { call, mails } = mailing()
    await signUp(name, { email: address })
    await proved(`${name}p`, `p${address}`)
    for (const email of [address, `p${address}`, 'nobody@example.com']) {
      const { status, body } = await call('POST', RESEND, { email })
      expect([status, body]).toEqual([200, OK])
    }
    expect(mails().map(({ to }) => to)).toEqual([address])
    const bad = await call('POST', RESEND, { email: 'x' })
    expect([bad.status, bad.body]).toEqual([400, { email: ['Enter a valid email address.'] }])
  })

  it('mails five times a day at most', async () => {
    const { call, mails } = mailing()
    await signUp(name, { email: address })
    for (let i = 0; i < 8; i++) expect((await call('POST', RESEND, { email: address })).status).toBe(200)
    // Registration has mailed the first.
    expect(mails()).toHaveLength(4)
  })
})

describe('changing the address', () => {
  const patch = ({ call }: ReturnType<typeof mailing>, who: Person, body: object) =>
    call('PATCH', `${AUTH}/user/`, body, { headers: who.headers })

  it('wants the password, and proof at the new one', async () => {
    const ada = await proved()
    const mail = mailing()
    const fresh = `new${address}`
    for (const [body, errors] of [
      [{ email: fresh }, { password: ['This field is required.'] }],
      [
        { email: fresh, password: 'Wrong-1234' },
        { password: ['Your password was entered incorrectly. Please enter it again.'] },
      ],
      [{ email: 'x', password: PASSWORD }, { email: ['Enter a valid email address.'] }],
    ] as const) {
      const { status, body: told } = await patch(mail, ada, body)
      expect([status, told]).toEqual([400, errors])
    }
    expect(mail.mails()).toEqual([])
    const { status, body } = await patch(mail, ada, { email: fresh, password: PASSWORD })
    expect([status, body.email, body.pending_email]).toEqual([200, address, fresh])
    expect(await emailOf(name)).toEqual({ email: address, proved: 1 })
    expect((await mail.verify(mail.key(fresh))).status).toBe(200)
    expect(await emailOf(name)).toEqual({ email: fresh, proved: 1 })
    expect(mail.mails().map(({ to }) => to)).toEqual([fresh, address])
  })

  it('is no change where it is the same', async () => {
    const ada = await proved()
    const mail = mailing()
    const { status, body } = await patch(mail, ada, { email: address })
    expect([status, body.email, mail.mails()]).toEqual([200, address, []])
  })

  it('can be undone from the old address for 7 days, which signs out everywhere', async () => {
    const ada = await proved()
    const mail = mailing()
    const fresh = `new${address}`
    await patch(mail, ada, { email: fresh, password: PASSWORD })
    await mail.verify(mail.key(fresh))
    const undo = mail.key(address)
    const [row] = await stored<{ expires_at: number }>(
      "select expires_at from email_keys where purpose = 'undo' and user_id = ?",
      ada.id,
    )
    expect(Math.round(((row?.expires_at ?? 0) - Date.now()) / HOUR_MS / 24)).toBe(7)
    expect((await mail.verify(undo)).status).toBe(200)
    expect(await emailOf(name)).toEqual({ email: address, proved: 1 })
    const signedOut = await callWith({}, 'GET', `${AUTH}/user/`, { headers: ada.headers })
    expect(signedOut.status).toBe(401)
    expect(await stored('select 1 from email_keys where user_id = ?', ada.id)).toEqual([])
    expect((await mail.verify(undo)).status).toBe(404)
  })

  it('can be undone by its owner whatever a thief has changed and undone since', async () => {
    const ada = await proved()
    const mail = mailing()
    const [first, second] = [`thief1${address}`, `thief2${address}`]
    await patch(mail, ada, { email: first, password: PASSWORD })
    await mail.verify(mail.key(first))
    const owners = mail.key(address)
    await patch(mail, ada, { email: second, password: PASSWORD })
    await mail.verify(mail.key(second))
    await stored(
      "update email_keys set expires_at = expires_at + 1 where purpose = 'undo' and email = ?",
      first,
    )
    expect((await mail.verify(mail.key(first))).status).toBe(200)
    expect((await mail.verify(owners)).status).toBe(200)
    expect(await emailOf(name)).toEqual({ email: address, proved: 1 })
    expect(await stored('select 1 from email_keys where user_id = ?', ada.id)).toEqual([])
  })

  it('makes links to choose a new password worthless that went to the address before', async () => {
    const ada = await proved()
    const mail = mailing()
    await stored(
      'insert into password_resets (token_hash, user_id, expires_at) values (?, ?, ?)',
      `of ${name}`,
      ada.id,
      Date.now() + HOUR_MS,
    )
    await patch(mail, ada, { email: `new${address}`, password: PASSWORD })
    await mail.verify(mail.key(`new${address}`))
    expect(await stored('select 1 from password_resets where user_id = ?', ada.id)).toEqual([])
  })

  it('takes an address from whoever has only given it, and from nobody who has proved it', async () => {
    const squatter = await signUp(`${name}s`, { email: `mine${address}` })
    const ada = await proved()
    const mail = mailing()
    await patch(mail, ada, { email: `mine${address}`, password: PASSWORD })
    expect((await mail.verify(mail.key(`mine${address}`))).status).toBe(200)
    expect(await emailOf(name)).toEqual({ email: `mine${address}`, proved: 1 })
    expect(await emailOf(squatter.username)).toEqual({ email: '', proved: 0 })
    const other = await proved(`${name}o`, `o${address}`)
    const refused = await patch(mail, other, { email: `MINE${address}`, password: PASSWORD })
    expect([refused.status, refused.body]).toEqual([400, { email: [TAKEN] }])
  })

  it('two who ask for one address: who proves it first has it', async () => {
    const [one, other] = [await proved(), await proved(`${name}o`, `o${address}`)]
    const wanted = `wanted${address}`
    const [first, second] = [mailing(), mailing()]
    await patch(first, one, { email: wanted, password: PASSWORD })
    await patch(second, other, { email: wanted, password: PASSWORD })
    expect((await second.verify(second.key(wanted))).status).toBe(200)
    const late = await first.verify(first.key(wanted))
    expect([late.status, late.body]).toEqual([400, { email: [TAKEN] }])
    expect(await emailOf(name)).toEqual({ email: address, proved: 1 })
  })

  it('with EMAIL_VERIFICATION "none" it is changed at once, and not proved', async () => {
    const mail = mailing({ EMAIL_VERIFICATION: 'none' })
    const ada = await proved()
    const { status, body } = await patch(mail, ada, { email: `new${address}`, password: PASSWORD })
    expect([status, body.email, body.pending_email]).toEqual([200, `new${address}`, undefined])
    expect(await emailOf(name)).toEqual({ email: `new${address}`, proved: 0 })
    const taken = await patch(mail, await signUp(`${name}t`), { email: `new${address}`, password: PASSWORD })
    expect([taken.status, taken.body]).toEqual([400, { email: [TAKEN] }])
  })

  it('is forgotten with the password that asked for it, and with the account', async () => {
    const fresh = { new_password1: 'Qw8#mmztRust', new_password2: 'Qw8#mmztRust' }
    const endings: ((ada: Person) => Promise<unknown>)[] = [
      ({ headers }) =>
        callWith({}, 'POST', `${AUTH}/password/change/`, {
          headers,
          body: { ...fresh, old_password: PASSWORD },
        }),
      async ({ id }) => {
        const mail = mailing()
        const [row] = await stored<{ email: string }>('select email from users where id = ?', id)
        await mail.call('POST', `${AUTH}/password/reset/`, { email: row?.email })
        const { searchParams } = new URL(/https?:\S+/.exec(mail.mails()[0]?.text ?? '')?.[0] ?? 'http://none')
        await anyone.post(`${AUTH}/password/reset/confirm/`, {
          ...Object.fromEntries(searchParams),
          ...fresh,
        })
      },
      ({ headers }) => callWith({}, 'DELETE', `${AUTH}/user/`, { headers, body: { password: PASSWORD } }),
    ]
    for (const [i, end] of endings.entries()) {
      const ada = await proved(`${name}f${i}`, `f${i}${address}`)
      const mail = mailing()
      await patch(mail, ada, { email: `new${i}${address}`, password: PASSWORD })
      await end(ada)
      expect((await mail.verify(mail.key(`new${i}${address}`))).status).toBe(404)
      expect(await emailOf(ada.username)).toEqual({ email: `f${i}${address}`, proved: 1 })
    }
  })
})
