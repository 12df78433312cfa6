/** What a signed-in user may write, over HTTP and over sockets, with a clock that stands still. */
import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src/index'
import { latestStamp } from '../../src/limits/gcra'
import { LIMITS, type LimitName } from '../../src/limits/limits'
import { MAX_REPLAYED_BYTES } from '../../src/messaging/object/sockets'
import { callWith } from '../auth-helpers'
import { form, type Person, signUp, stored } from '../client'
import { png } from '../fixtures/images'
import { conversationOf, listen, upgrade } from '../sockets'

const [alice, bob] = [await signUp('alice'), await signUp('bob')]
const count = async (table: string) =>
  (await stored<{ n: number }>(`select count(*) as n from ${table}`))[0]?.n ?? 0

/** A time stamp with which nothing is left for half an hour. */
const usedUp = (limit: LimitName) => latestStamp(LIMITS[limit], Date.now()) - 30 * 60_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
})
afterEach(() => vi.useRealTimers())

const as = (
  person: Person,
  changes: Record<string, string>,
  method: string,
  path: string,
  body?: object,
  key?: string,
) =>
  callWith(changes, method, path, {
    headers: { ...person.headers, ...(key && { 'idempotency-key': key }) },
    ...(body && { body }),
  })

describe('creating', () => {
  const posts: number[] = []
  const KINDS: [limit: string, table: string, path: string, body: (i: number) => Promise<object>][] = [
    ['posts', 'posts', '/posts/', async () => ({ title: 'x' })],
    ['comments', 'comments', '/comments/', async () => ({ post: await newPost(), content: 'x' })],
    ['likes', 'likes', '/likes/', async () => ({ post: await newPost() })],
    ['follows', 'followers', '/followers/', async (i) => ({ followed: (await signUp(`followed${i}`)).id })],
    ['blocks', 'blocks', '/blocks/', async (i) => ({ blocked: (await signUp(`blocked${i}`)).id })],
    ['blocks', 'mutes', '/mutes/', async (i) => ({ muted: (await signUp(`muted${i}`)).id })],
  ]
  const newPost = async () => {
    posts.push((await bob.post('/posts/', { title: 'y' })).body.id)
    return posts.at(-1)
  }

  it.each(KINDS)(
    '%s beyond the limit: 429 and when to come back, and nothing is written',
    async (limit, table, path, body) => {
      const changes = { LIMITS: `${limit}=2/1/60` }
      await stored('delete from rate_limits where key = ?', `${limit}:${alice.id}`)
      const write = async (i: number, key?: string) => as(alice, changes, 'POST', path, await body(i), key)
      const first = await write(1)
      expect(first.status).toBe(201)
      expect(first.headers.get('ratelimit')).toBe(`"${limit}";r=1;t=60`)
      expect(first.headers.get('ratelimit-policy')).toBe(`"${limit}";q=2;w=120`)
      expect((await write(2)).status).toBe(201)
      const body3 = await body(3)
      const before = await count(table)
      const stamps = await stored('select * from rate_limits order by key')
      const refused = await as(alice, changes, 'POST', path, body3, `key of ${table}`)
      expect(refused).toMatchObject({
        status: 429,
        body: { detail: 'Request was throttled. Expected available in 60 seconds.' },
      })
      expect(refused.headers.get('retry-after')).toBe('60')
      expect(await count(table)).toBe(before)
      expect(await stored('select * from rate_limits order by key')).toEqual(stamps)
      expect(await stored('select 1 from idempotency_keys where key = ?', `key of ${table}`)).toEqual([])
      vi.setSystemTime(Date.now() + 59_000)
      expect((await as(alice, changes, 'POST', path, body3)).status).toBe(429)
      vi.setSystemTime(Date.now() + 1_000)
      expect((await as(alice, changes, 'POST', path, body3, `key of ${table}`)).status).toBe(201)
      // Sent again it is the same, and counts for nothing.
      expect((await as(alice, changes, 'POST', path, body3, `key of ${table}`)).status).toBe(201)
      expect(await count(table)).toBe(before + 1)
    },
  )

  it('counts each user by themselves, and renames', async () => {
    const changes = { LIMITS: 'posts=1/1/60, renames=1/1/60' }
    const [one, other] = [await signUp('one'), await signUp('other')]
    for (const person of [one, other])
      expect((await as(person, changes, 'POST', '/posts/', { title: 'x' })).status).toBe(201)
    const rename = (username: string) => as(one, changes, 'PATCH', '/dj-rest-auth/user/', { username })
    expect((await rename('one1')).status).toBe(200)
    // What is no rename is not counted.
    expect((await rename('one1')).status).toBe(200)
    expect((await rename('one2')).status).toBe(429)
    expect(await stored('select username from users where id = ?', one.id)).toEqual([{ username: 'one1' }])
  })

  it('counts changes of everything, refused before anything is changed', async () => {
    const [una, vic] = [await signUp('una'), await signUp('vic')]
    const { id: post } = (await una.post('/posts/', { title: 'x' })).body
    const { id: comment } = (await una.post('/comments/', { post, content: 'x' })).body
    const { id: message } = (await una.post(`/messages/${vic.id}/send/`, { content: 'x' })).body
    const edits: [method: string, path: string, body?: object][] = [
      ['PATCH', `/posts/${post}/`, { title: 'y' }],
      ['PUT', `/comments/${comment}/`, { content: 'y' }],
      ['PATCH', `/profiles/${una.id}/`, { name: 'y' }],
      ['PATCH', `/messages/${message}/update/`, { content: 'y' }],
      ['DELETE', `/messages/${message}/delete/`],
    ]
    for (const [method, path, body] of edits) {
      await stored('delete from rate_limits where key = ?', `edits:${una.id}`)
      await stored('insert into rate_limits (key, at) values (?, ?)', `edits:${una.id}`, usedUp('edits'))
      const refused = await as(una, {}, method, path, body)
      expect([path, refused.status]).toEqual([path, 429])
    }
    expect(await stored('select title from posts where id = ?', post)).toEqual([{ title: 'x' }])
    expect(await stored('select content from messages where id = ?', message)).toEqual([{ content: 'x' }])
    await stored('delete from rate_limits where key = ?', `edits:${una.id}`)
    for (const [method, path, body] of edits)
      expect([path, (await as(una, {}, method, path, body)).status < 300]).toEqual([path, true])
    expect(await stored('select 1 from rate_limits where key = ?', `edits:${una.id}`)).toHaveLength(1)
  })

  it('counts the bytes of images, small ones as 64 KB', async () => {
    const eve = await signUp('eve')
    const upload = async (width: number) => {
      const body = form({ title: 'x', image: new File([png(width, 2)], 'x.png') })
      const request = new Request('http://api.test/posts/', { method: 'POST', headers: eve.headers, body })
      const changes = { ...env, LIMITS: 'upload_bytes=131072/1/1' }
      return (
        await worker.fetch(request, changes, {
          waitUntil: () => {},
          passThroughOnException: () => {},
        } as never)
      ).status
    }
    expect([await upload(901), await upload(902), await upload(903)]).toEqual([201, 201, 429])
    expect(await count('images where leases > 0')).toBe(0)
  })
})

describe('messages', () => {
  it('to somebody who has never written back are fewer; once they have, the usual limit holds', async () => {
    const [ann, ben] = [await signUp('ann'), await signUp('ben')]
    const stamp = (limit: string, person: Person) =>
      stored('select 1 from rate_limits where key = ?', `${limit}:${person.id}`)
    await ann.post(`/messages/${ben.id}/send/`, { content: 'hello?' })
    expect(await stamp('stranger_messages', ann)).toHaveLength(1)
    expect(await stamp('messages', ann)).toHaveLength(0)
    await stored(
      'update rate_limits set at = ? where key = ?',
      usedUp('stranger_messages'),
      `stranger_messages:${ann.id}`,
    )
    const refused = await ann.post(`/messages/${ben.id}/send/`, { content: 'hello??' })
    expect(refused.status).toBe(429)
    expect(refused.headers.get('ratelimit-policy')).toMatch(/^"stranger_messages";/)
    expect((await ben.post(`/messages/${ann.id}/send/`, { content: 'hello!' })).status).toBe(201)
    expect((await ann.post(`/messages/${ben.id}/send/`, { content: 'at last' })).status).toBe(201)
    expect(await stamp('messages', ann)).toHaveLength(1)
    expect(await stored('select count(*) as n from messages where sender_id = ?', ann.id)).toEqual([{ n: 2 }])
  })

  it('over a socket are refused with when to come back, and without a call to D1', async () => {
    const [cat, dan] = [await signUp('cat'), await signUp('dan')]
    await stored(
      'insert into rate_limits (key, at) values (?, ?)',
      `stranger_messages:${cat.id}`,
      usedUp('stranger_messages'),
    )
    const socket = await listen(cat, dan)
    await socket.until('ready')
    for (let i = 1; i <= 3; i++) {
      socket.send({ type: 'send', content: 'hello', key: `key ${i}` })
      const { code, retry_after: seconds, errors } = await socket.until('error', i)
      expect(code).toBe('throttled')
      expect(errors.detail).toEqual([`Request was throttled. Expected available in ${seconds} seconds.`])
    }
    expect(await stored('select 1 from messages where sender_id = ?', cat.id)).toEqual([])
    socket.close()
  })
})

describe('sockets', () => {
  it('of a user are counted in all, over the life of a token', async () => {
    const zoe = await signUp('zoe')
    await stored('insert into rate_limits (key, at) values (?, ?)', `sockets:${zoe.id}`, usedUp('sockets'))
    const refused = await upgrade(`/messages/${bob.id}/live/`, zoe.headers)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('make no conversation', async () => {
    const [ida, joe] = [await signUp('ida'), await signUp('joe')]
    const before = await count('conversations')
    const socket = await listen(ida, joe)
    await socket.until('ready')
    expect(await count('conversations')).toBe(before)
    await joe.post(`/messages/${ida.id}/send/`, { content: 'hi' })
    expect((await socket.until('message')).seq).toBe(1)
    socket.close()
  })

  it('share the limit of frames, however many there are', async () => {
    const [kay, lee] = [await signUp('kay'), await signUp('lee')]
    const sockets = await Promise.all(Array.from({ length: 5 }, () => listen(kay, lee)))
    for (const socket of sockets) await socket.until('ready')
    for (const socket of sockets) for (let i = 0; i < 5; i++) socket.send({ type: 'typing' })
    await expect.poll(() => sockets.some((socket) => socket.isClosed())).toBe(true)
  })

  it('that are more than 1,000 changes behind are told to read pages', async () => {
    const [max, nell] = [await signUp('max'), await signUp('nell')]
    await max.post(`/messages/${nell.id}/send/`, { content: 'first' })
    const [row] = await stored<{ id: number }>('select max(id) as id from conversations')
    await stored(
      `with recursive n(i) as (select 2 union all select i + 1 from n where i < 1500)
       insert into changes (conversation_id, seq, kind, user_id) select ?, i, 'cleared', ? from n`,
      row?.id,
      max.id,
    )
    await stored('update conversations set seq = 1500 where id = ?', row?.id)
    const far = await listen(nell, max, { since: 0 })
    await far.until('resync')
    expect(far.changes()).toEqual([])
    const near = await listen(nell, max, { since: 600 })
    await expect.poll(() => near.changes().length).toBe(900)
    expect(near.all('resync')).toEqual([])
    far.close()
    near.close()
  })

  it('that are more than 1 MB behind are told so, and go on from there', async () => {
    const [olga, pete] = [await signUp('olga'), await signUp('pete')]
    const content = 'x'.repeat(10_000)
    for (let i = 0; i < 130; i++) await olga.post(`/messages/${pete.id}/send/`, { content })
    const socket = await listen(pete, olga, { since: 0 })
    await socket.until('resync')
    const bytes = socket.frames.reduce((sum, frame) => sum + JSON.stringify(frame).length, 0)
    expect(bytes).toBeLessThanOrEqual(MAX_REPLAYED_BYTES + 20_000)
    await pete.post(`/messages/${olga.id}/send/`, { content: 'after' })
    await expect.poll(() => socket.changes().at(-1)).toMatchObject({ seq: 131, prev: 130 })
    socket.close()
  })

  it('of a client that is not heard of are closed with 1013 before they hold too much; one that pings stays', async () => {
    const [quin, rosa] = [await signUp('quin'), await signUp('rosa')]
    const [silent, pinging] = [await listen(rosa, quin), await listen(rosa, quin)]
    for (const socket of [silent, pinging]) await socket.until('ready')
    const content = 'x'.repeat(10_000)
    for (let i = 0; i < 140; i++) {
      await quin.post(`/messages/${rosa.id}/send/`, { content })
      if (i % 50 === 0) pinging.send({ type: 'typing' })
    }
    expect((await silent.closed).code).toBe(1013)
    expect(pinging.isClosed()).toBe(false)
    pinging.close()
    expect(conversationOf(quin, rosa)).toBeDefined()
  })
})

describe('what is stored', () => {
  it('under a key is small, without the text, and gives the first answer all the same', async () => {
    const content = 'secret '.repeat(14_000).trim()
    const first = await as(alice, {}, 'POST', '/posts/', { title: 'long', content }, 'a long one')
    const [key] = await stored<{ answer: string }>(
      "select answer from idempotency_keys where key = 'a long one'",
    )
    expect(key?.answer.length).toBeLessThan(3_000)
    expect(key?.answer).not.toContain('secret')
    const again = await as(alice, {}, 'POST', '/posts/', { title: 'long', content }, 'a long one')
    expect([again.status, again.body]).toEqual([201, first.body])
  })

  it('of a message that is deleted is nothing, under keys neither', async () => {
    const path = `/messages/${bob.id}/send/`
    const sent = await as(alice, {}, 'POST', path, { content: 'a secret word' }, 'told once')
    await alice.delete(`/messages/${sent.body.id}/delete/`)
    for (const table of ['messages', 'changes', 'idempotency_keys', 'conversations'])
      expect(JSON.stringify(await stored(`select * from ${table}`))).not.toContain('a secret word')
    const again = await as(alice, {}, 'POST', path, { content: 'a secret word' }, 'told once')
    expect([again.status, again.body]).toEqual([201, sent.body])
  })
})

describe('what is swept', () => {
  it('100,000 images that no row shows cost a stranger’s deletion little, and go in pieces', async () => {
    await stored(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000)
      insert into images (hash) select printf('%064x', i) from n`)
    const post = await bob.post('/posts/', { title: 'x' })
    const gone = await bob.delete(`/posts/${post.body.id}/`)
    expect(gone.status).toBe(204)
    expect(gone.cost.read).toBeLessThanOrEqual(1_000)
    expect(gone.cost.written).toBeLessThanOrEqual(120)
    await worker.scheduled(createScheduledController(), env)
    const left = await count('images')
    expect(left).toBeLessThanOrEqual(100_000 - 40 * 500)
    expect(left).toBeGreaterThan(0)
  }, 300_000)
})
