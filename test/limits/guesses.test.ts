/** Guessing passwords, with a clock of its own: guesses are bounded, and nobody is locked out. */
import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Guess, guessStatements, requireTurn } from '../../src/auth/guess-statements'
import { openDb } from '../../src/db/client'
import { LIMITS } from '../../src/limits/limits'
import { Throttled } from '../../src/limits/throttled'
import { AUTH, callWith, setCookies } from '../auth-helpers'
import { PASSWORD, signUp, stored } from '../client'

const START = 1_800_000_000_000
const THROTTLED = /^Request was throttled\. Expected available in \d+ seconds\.$/
/** As a deployed Worker has it: the tests' own factor does not hold here. */
const REAL = { LIMITS: 'hashes=off' }

afterEach(() => vi.useRealTimers())

/** 0, or how long to wait, in milliseconds. */
async function guess(one: Guess, now: number): Promise<number> {
  const db = openDb(env.DB, { primary: true })
  try {
    const [, [turn]] = await db.batch(guessStatements(one, LIMITS, now))
    requireTurn(turn, LIMITS, now)
    return 0
  } catch (error) {
    if (error instanceof Throttled) return error.waitMs
    throw error
  }
}

describe('10,000 guesses from 1,000 addresses', () => {
  it('are few that count, and keep the owner out for less than a minute, on a known device not at all', async () => {
    const account = 'the account'
    const allowed = new Map<string, number>()
    let now = START
    let owners = 0
    for (let i = 0; i < 10_000; i++) {
      now += 20
      const address = `enemy ${i % 1_000}`
      if ((await guess({ account, device: undefined, address }, now)) === 0)
        allowed.set(address, (allowed.get(address) ?? 0) + 1)
      if (i % 500 === 499) {
        // Each time from elsewhere: nothing that was before helps or hinders.
        const fresh = { account, device: undefined, address: `owner ${owners}` }
        const wait = await guess(fresh, now)
        expect(wait).toBeLessThanOrEqual(60_000)
        if (wait > 0) expect(await guess(fresh, now + wait)).toBe(0)
        const known = {
          account,
          device: { id: 'the phone', isKnown: sql`true` },
          address: `enemy ${owners}`,
        }
        expect(await guess(known, now)).toBe(0)
        owners++
      }
    }
    const { burst, count, seconds } = LIMITS.login_account_address
    for (const guesses of allowed.values())
      expect(guesses).toBeLessThanOrEqual(burst + (count * (now - START)) / 1000 / seconds)
    const slowest = 1 + (now - START) / 1000 / LIMITS.login_wait.seconds
    const total = [...allowed.values()].reduce((sum, one) => sum + one, 0)
    expect(total).toBeLessThanOrEqual(LIMITS.login_account.burst + 1 + 1_000 * slowest)
    expect(total).toBeGreaterThan(LIMITS.login_account.burst)
  }, 300_000)

  it('of as many accounts from one address are bounded by the address', async () => {
    let allowed = 0
    for (let i = 0; i < 1_000; i++)
      if ((await guess({ account: `account ${i}`, device: undefined, address: 'a sprayer' }, START)) === 0)
        allowed++
    expect(allowed).toBe(LIMITS.login_address.burst)
  })
})

describe('login', () => {
  const login = (
    username: string,
    password: string,
    address: string,
    more: Record<string, string> = {},
    field = {},
  ) =>
    callWith(REAL, 'POST', `${AUTH}/login/`, {
      headers: { 'cf-connecting-ip': address, ...more },
      body: { username, password, ...field },
    })

  it('refuses guesses with 429 and when to come back; known or not, the answers are the same', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: START })
    await signUp('target')
    for (const name of ['target', 'nobody-of-this-name']) {
      const address = `198.51.100.${name.length}`
      const statuses = []
      for (let i = 0; i < 11; i++) statuses.push((await login(name, 'Wrong-guess-1', address)).status)
      expect(statuses).toEqual([...Array.from({ length: 10 }, () => 400), 429])
      const { status, body, headers } = await login(name, PASSWORD, address)
      expect([status, Object.keys(body)]).toEqual([429, ['detail']])
      expect(body.detail).toMatch(THROTTLED)
      expect(body.detail).toContain(` ${headers.get('retry-after')} seconds`)
      expect(headers.get('ratelimit')).toBe(`"login_account_address";r=0;t=${headers.get('retry-after')}`)
      expect(headers.get('ratelimit-policy')).toBe('"login_account_address";q=10;w=86400')
      vi.setSystemTime(Date.now() + Number(headers.get('retry-after')) * 1000)
      expect((await login(name, 'Wrong-guess-1', address)).status).toBe(400)
    }
  })

  it('on a device that has signed in before is counted by itself: by cookie, or by field', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: START + 86_400_000 })
    await signUp('owner')
    const first = await login('owner', PASSWORD, '192.0.2.1')
    const { device } = setCookies(first.headers)
    expect(first.body.device_token).toBe(device?.value)
    for (let i = 0; i < 12; i++) await login('owner', 'Wrong-guess-1', '192.0.2.1')
    expect((await login('owner', PASSWORD, '192.0.2.1')).status).toBe(429)
    expect((await login('owner', PASSWORD, '192.0.2.1', { cookie: `device=${device?.value}` })).status).toBe(
      200,
    )
    expect((await login('owner', PASSWORD, '192.0.2.1', {}, { device_token: device?.value })).status).toBe(
      200,
    )
    // Its own budget ends too, and it is nobody else's device.
    const guesses = []
    for (let i = 0; i <= LIMITS.login_device.burst; i++)
      guesses.push(
        (await login('owner', 'Wrong-guess-1', '192.0.2.2', {}, { device_token: device?.value })).status,
      )
    expect(guesses.at(-1)).toBe(429)
    await signUp('another')
    for (let i = 0; i < 10; i++) await login('another', 'Wrong-guess-1', '192.0.2.3')
    expect((await login('another', PASSWORD, '192.0.2.3', {}, { device_token: device?.value })).status).toBe(
      429,
    )
    const forged = `${device?.value.split('.')[0]}.${'A'.repeat(22)}`
    expect((await login('another', PASSWORD, '192.0.2.3', {}, { device_token: forged })).status).toBe(429)
  })

  const AT = START + 10 * 86_400_000
  const withToken = (username: string, address: string, token: string, limits = REAL) =>
    callWith(limits, 'POST', `${AUTH}/login/`, {
      headers: { 'cf-connecting-ip': address },
      body: { username, password: PASSWORD, device_token: token },
    })
  const tryOften = async (username: string, address: string) => {
    for (let i = 0; i < 10; i++) await login(username, 'Wrong-guess-1', address)
  }

  it('knows a device by the account, whatever that is called, and for a year after it has signed in', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: AT })
    const before = await signUp('before')
    const first = (await login('before', PASSWORD, '192.0.2.20')).body.device_token
    expect((await before.patch(`${AUTH}/user/`, { username: 'after' })).status).toBe(200)
    await tryOften('after', '192.0.2.21')
    expect((await login('after', PASSWORD, '192.0.2.21')).status).toBe(429)
    expect((await withToken('after', '192.0.2.21', first)).status).toBe(200)
    // Whoever has the name later is somebody else.
    await stored('delete from held_usernames')
    await signUp('before')
    await tryOften('before', '192.0.2.22')
    expect((await withToken('before', '192.0.2.22', first)).status).toBe(429)
    // Signing in renews it.
    vi.setSystemTime(AT + 200 * 86_400_000)
    const renewed = (await withToken('after', '192.0.2.23', first)).body.device_token
    expect(renewed).not.toBe(first)
    vi.setSystemTime(AT + 365 * 86_400_000)
    await tryOften('after', '192.0.2.24')
    expect((await withToken('after', '192.0.2.24', first)).status).toBe(429)
    expect((await withToken('after', '192.0.2.24', renewed)).status).toBe(200)
  })

  it('many devices of one address count as from elsewhere beyond a bound: no more than burst and rate', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: AT + 400 * 86_400_000 })
    await signUp('office')
    const { device_token: token } = (await login('office', PASSWORD, '192.0.2.30')).body
    const limits = { LIMITS: 'hashes=off, login_devices=3/1/3600' }
    await tryOften('office', '192.0.2.31')
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await withToken('office', '192.0.2.31', token, limits)).status)
    expect(statuses).toEqual([200, 200, 200, 429])
    expect((await withToken('office', '192.0.2.32', token, limits)).status).toBe(200)
    vi.setSystemTime(Date.now() + 3_600_000)
    expect((await withToken('office', '192.0.2.31', token, limits)).status).toBe(200)
    expect((await withToken('office', '192.0.2.31', token, limits)).status).toBe(429)
  })

  it('writes three time stamps from elsewhere, and one from a known device', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: AT + 500 * 86_400_000 })
    await signUp('counted')
    await stored('delete from rate_limits')
    const { device_token: token } = (await login('counted', PASSWORD, '192.0.2.40')).body
    const names = async () =>
      (await stored<{ key: string }>('select key from rate_limits order by key')).map(
        ({ key }) => key.split(':')[0],
      )
    expect(await names()).toEqual(['login_account', 'login_account_address', 'login_address'])
    await stored('delete from rate_limits')
    await withToken('counted', '192.0.2.40', token)
    expect(await names()).toEqual(['login_device'])
    // Good passwords keep nobody out, however often.
    for (let i = 0; i < 15; i++)
      expect((await login('counted', PASSWORD, '192.0.2.41')).status, String(i)).toBe(200)
  })

  it('leaves nothing of addresses and names where it counts them', async () => {
    await login('nobody-of-this-name', 'Wrong-guess-1', '192.0.2.77')
    expect(
      await stored("select key from rate_limits where key like '%192.0.2.%' or key like '%nobody-of%'"),
    ).toEqual([])
  })
})

describe('password change', () => {
  it('is counted by user', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: START })
    const alice = await signUp('changer')
    const change = () =>
      callWith(REAL, 'POST', `${AUTH}/password/change/`, {
        headers: alice.headers,
        body: {
          old_password: 'Wrong-guess-1',
          new_password1: 'Green-ferry-20',
          new_password2: 'Green-ferry-20',
        },
      })
    const statuses = []
    for (let i = 0; i < 11; i++) statuses.push((await change()).status)
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 400), 429])
  })
})

describe('mails and registrations', () => {
  it('to one recipient are few, known or not', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: START })
    await signUp('mailed', { email: 'mailed@example.com' })
    for (const email of ['mailed@example.com', 'unknown@example.com']) {
      const answers = []
      for (let i = 0; i < 4; i++)
        answers.push(await callWith(REAL, 'POST', `${AUTH}/password/reset/`, { body: { email } }))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    }
    expect(await stored('select count(*) as n from password_resets')).toEqual([{ n: 3 }])
  })

  it('that ask an address to prove itself are few, whoever registers with it', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: START })
    const sent: string[] = []
    const send = async ({ to }: { to: string }) => void sent.push(to)
    const bindings = { LIMITS: 'hashes=off', SEND_EMAIL: { send }, MAIL_FROM: 'noreply@example.com' }
    const register = async (i: number) => {
      const answer = await callWith(bindings, 'POST', `${AUTH}/registration/`, {
        headers: { 'cf-connecting-ip': `203.0.113.${i}` },
        body: {
          username: `prover${i}`,
          password1: PASSWORD,
          password2: PASSWORD,
          email: 'flooded@example.com',
        },
      })
      expect(answer.status).toBe(201)
      await stored("update users set email = '', email_key = null where email = 'flooded@example.com'")
    }
    const { burst, count, seconds } = LIMITS.mail_proof
    for (let i = 0; i < burst + 2; i++) await register(i)
    expect(sent).toHaveLength(burst)
    vi.setSystemTime(START + (seconds * 1000) / count)
    for (let i = 0; i < 2; i++) await register(10 + i)
    expect(sent).toHaveLength(burst + 1)
  })

  it('are bounded by address', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: START })
    const headers = { 'cf-connecting-ip': '2001:db8::1' }
    const register = (username: string, more = headers) =>
      callWith({ LIMITS: 'hashes=off, registration=3/1/60' }, 'POST', `${AUTH}/registration/`, {
        headers: more,
        body: { username, password1: PASSWORD, password2: PASSWORD },
      })
    const statuses = []
    for (let i = 0; i < 4; i++) statuses.push((await register(`many${i}`)).status)
    expect(statuses).toEqual([201, 201, 201, 429])
    // The same network, then another.
    expect((await register('many5', { 'cf-connecting-ip': '2001:db8::2' })).status).toBe(429)
    expect((await register('many6', { 'cf-connecting-ip': '2001:db8:0:1::2' })).status).toBe(201)
  })

  it('take a challenge where there is a secret for it', async () => {
    const asked: string[] = []
    vi.stubGlobal('fetch', async (_url: string, init: { body: URLSearchParams }) => {
      asked.push(init.body.toString())
      return Response.json({ success: init.body.get('response') === 'passed' })
    })
    const register = (username: string, answer?: string) =>
      callWith({ TURNSTILE_SECRET: 'the secret' }, 'POST', `${AUTH}/registration/`, {
        headers: { 'cf-connecting-ip': '192.0.2.9' },
        body: { username, password1: PASSWORD, password2: PASSWORD, 'cf-turnstile-response': answer },
      })
    try {
      const field = 'cf-turnstile-response'
      expect(await register('robot')).toMatchObject({
        status: 400,
        body: { [field]: ['This field is required.'] },
      })
      expect(await register('robot', 'failed')).toMatchObject({
        status: 400,
        body: { [field]: [expect.any(String)] },
      })
      expect(await stored("select 1 from users where username = 'robot'")).toEqual([])
      expect((await register('human', 'passed')).status).toBe(201)
      expect(asked.at(-1)).toBe('secret=the+secret&response=passed&remoteip=192.0.2.9')
      vi.stubGlobal('fetch', () => Promise.reject(new Error('away')))
      expect((await register('unlucky', 'passed')).status).toBe(503)
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
