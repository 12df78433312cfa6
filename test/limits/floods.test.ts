/** Those who ask too much without signing in, over HTTP; and what a user has under way. */
import { env } from 'cloudflare:workers'
import { afterEach, expect, it, vi } from 'vitest'
import { LIMITS, type LimitName, MAX_KEYS, MAX_UPLOADS_AT_ONCE } from '../../src/limits/limits'
import { callWith } from '../auth-helpers'
import { form, type Person, signUp } from '../client'
import { png } from '../fixtures/images'

afterEach(() => vi.useRealTimers())

const alice = await signUp('alice')
for (let i = 0; i < 20; i++) await alice.post('/posts/', { title: `Post ${i}` })

it('an address that the platform does not let through gets 429 before anything is done, in lists where errors are lists', async () => {
  const asked: string[] = []
  const FLOOD = {
    limit: async ({ key }: { key: string }) => {
      asked.push(key)
      return { success: key !== '2001:db8:0:0::/64' }
    },
  }
  const get = (address: string, path: string, method = 'GET') =>
    callWith({ FLOOD }, method, path, { headers: { ...alice.headers, 'cf-connecting-ip': address } })
  const refused = await get('2001:db8::7', '/posts/')
  expect(refused).toMatchObject({
    status: 429,
    body: { detail: 'Request was throttled. Expected available in 60 seconds.' },
  })
  expect(refused.headers.get('retry-after')).toBe('60')
  expect(refused.headers.get('ratelimit-policy')).toBe('"requests";q=1200;w=60')
  expect(refused.headers.get('server-timing')).toBeNull()
  expect((await get('2001:db8::7', '/messages/7/send/', 'POST')).body).toEqual({
    detail: ['Request was throttled. Expected available in 60 seconds.'],
  })
  expect((await get('2001:db8:0:1::7', '/posts/')).status).toBe(200)
  expect(asked).toEqual(['2001:db8:0:0::/64', '2001:db8:0:0::/64', '2001:db8:0:1::/64'])
})

it('whoever is not signed in has so many rows read, and may go on when they are due again', async () => {
  const start = Date.now()
  vi.useFakeTimers({ toFake: ['Date'], now: start })
  const get = (address: string, headers: Record<string, string> = {}) =>
    callWith({ LIMITS: 'rows_read=100/100/60' }, 'GET', '/posts/', {
      headers: { 'cf-connecting-ip': address, ...headers },
    })
  const statuses: number[] = []
  let last = await get('203.0.113.50')
  for (; last.status === 200 && statuses.length < 100; last = await get('203.0.113.50'))
    statuses.push(last.status)
  // A page of 20 posts reads between 20 and 100 rows.
  expect(statuses.length).toBeGreaterThanOrEqual(1)
  expect(statuses.length).toBeLessThanOrEqual(6)
  expect(last.status).toBe(429)
  expect(last.body).toEqual({
    detail: `Request was throttled. Expected available in ${last.headers.get('retry-after')} seconds.`,
  })
  expect(last.headers.get('ratelimit-policy')).toBe('"rows_read";q=100;w=60')
  // Neither others nor whoever is signed in at the same address.
  expect((await get('203.0.113.51')).status).toBe(200)
  expect((await get('203.0.113.50', alice.headers)).status).toBe(200)
  vi.setSystemTime(start + Number(last.headers.get('retry-after')) * 1000)
  expect((await get('203.0.113.50')).status).toBe(200)
})

it('a user has so many uploads under way; the others are told to come back, and it is nobody else’s limit', async () => {
  const bob = await signUp('bob')
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const MEDIA = new Proxy(env.MEDIA, {
    get(bucket, name) {
      if (name !== 'put') return Reflect.get(bucket, name).bind(bucket)
      return async (...args: Parameters<R2Bucket['put']>) => {
        await released
        return bucket.put(...args)
      }
    },
  })
  let width = 1_000
  const upload = (person: Person) =>
    callWith({ MEDIA }, 'POST', '/posts/', {
      headers: person.headers,
      body: form({ title: 'x', image: new File([png(width++, 2)], 'x.png') }),
    })
  const all = Array.from({ length: MAX_UPLOADS_AT_ONCE + 5 }, () => upload(alice))
  const refused: Awaited<ReturnType<typeof upload>>[] = []
  for (const one of all) void one.then((answer) => refused.push(answer))
  await expect.poll(() => refused.length).toBe(5)
  for (const { status, headers } of refused) expect([status, headers.get('retry-after')]).toEqual([429, '1'])
  const others = upload(bob)
  release()
  const statuses = (await Promise.all(all)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 201)).toHaveLength(MAX_UPLOADS_AT_ONCE)
  expect((await others).status).toBe(201)
  expect((await upload(alice)).status).toBe(201)
})

it('a user’s keys are no more than what they may create in the day that one is kept', () => {
  const created: LimitName[] = [
    'posts',
    'comments',
    'likes',
    'follows',
    'blocks',
    'messages',
    'stranger_messages',
  ]
  const inADay = created.reduce((sum, name) => {
    const { burst, count, seconds } = LIMITS[name]
    return sum + burst + (count * 86_400) / seconds
  }, 0)
  expect(inADay).toBeLessThanOrEqual(MAX_KEYS)
})
