import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import worker from '../src/index'
import { call, deleteByHand, form, objectKeys, type Person, signUp, stored } from './client'
import { png } from './fixtures/images'
import { listen } from './sockets'

/** Calls that send a message answer lists. */
const detail = (path: string, text: string) => ({ detail: path.startsWith('/messages/') ? [text] : text })
const REUSED = 'This Idempotency-Key was used with a different request.'
const [alice, bob, carol] = await Promise.all([signUp('alice'), signUp('bob'), signUp('carol')])
const keyed = (key: string) => ({ 'idempotency-key': key })

let unique = 0
/** A post, a user that are new: what a like or a follow needs. */
const newPost = async () => (await carol.post('/posts/', { title: 'to be liked' })).body.id as number
const newUser = async () => (await signUp(`user${unique++}`)).id
/** An image that no other test has. */
let width = 600
const file = (size: number) => new File([png(size, 2)], 'x.png')

interface Creation {
  name: string
  table: 'posts' | 'comments' | 'likes' | 'followers' | 'messages'
  /** Builds the request anew each time, the same as before or another. */
  prepare: () => Promise<{ path: string; body: () => unknown; other: () => unknown }>
}

const CREATIONS: Creation[] = [
  {
    name: 'a post',
    table: 'posts',
    prepare: async () => ({
      path: '/posts/',
      body: () => ({ title: 'A post', content: 'Text' }),
      other: () => ({ title: 'A post', content: 'Other text' }),
    }),
  },
  {
    name: 'a post with an image, as a form',
    table: 'posts',
    prepare: async () => {
      const size = width++
      return {
        path: '/posts/',
        body: () => form({ title: 'An image', image: file(size) }),
        other: () => form({ title: 'An image', image: file(width++) }),
      }
    },
  },
  {
    name: 'a comment',
    table: 'comments',
    prepare: async () => {
      const post = await newPost()
      return {
        path: '/comments/',
        body: () => ({ post, content: 'hello' }),
        other: () => ({ post, content: 'hello!' }),
      }
    },
  },
  {
    name: 'a like',
    table: 'likes',
    prepare: async () => {
      const [post, other] = [await newPost(), await newPost()]
      return { path: '/likes/', body: () => ({ post }), other: () => ({ post: other }) }
    },
  },
  {
    name: 'a follow',
    table: 'followers',
    prepare: async () => {
      const [followed, other] = [await newUser(), await newUser()]
      return { path: '/followers/', body: () => ({ followed }), other: () => ({ followed: other }) }
    },
  },
  ...(['send', 'start'] as const).map(
    (verb): Creation => ({
      name: `a message, by ${verb}`,
      table: 'messages',
      prepare: async () => ({
        path: `/messages/${await newUser()}/${verb}/`,
        body: () => ({ content: 'hello' }),
        other: () => ({ content: 'hello!' }),
      }),
    }),
  ),
  {
    name: 'a message with an image, as a form',
    table: 'messages',
    prepare: async () => {
      const size = width++
      return {
        path: `/messages/${await newUser()}/send/`,
        body: () => form({ content: 'look', image: file(size) }),
        other: () => form({ content: 'look', image: file(width++) }),
      }
    },
  },
]

const count = async (table: string) =>
  (await stored<{ n: number }>(`select count(*) as n from ${table}`))[0]?.n ?? 0

/** Every object in the bucket is shown by some row, once uploads have come to their end. */
const expectNoOrphans = () =>
  expect
    .poll(async () => {
      const shown = await stored<{ hash: string }>('select hash from images where refs > 0 and leases = 0')
      const all = await stored<{ hash: string }>('select hash from images')
      return [await objectKeys(), all.map(({ hash }) => hash).sort()].map(
        (keys) => JSON.stringify(keys) === JSON.stringify(shown.map(({ hash }) => hash).sort()),
      )
    })
    .toEqual([true, true])

describe.each(CREATIONS)('$name', ({ name, table, prepare }) => {
  const key = `the key of ${name}`

  it('with a key is made once: the same answer, one row', async () => {
    const { path, body } = await prepare()
    const before = await count(table)
    const first = await alice.post(path, body(), keyed(key))
    expect(first.status, JSON.stringify(first.body)).toBe(201)
    for (let i = 0; i < 2; i++) {
      const again = await alice.post(path, body(), keyed(key))
      expect([again.status, again.body]).toEqual([201, first.body])
    }
    // However the path is written, and however the key’s header is.
    const elsewhere = await alice.post(`/api${path.slice(0, -1)}`, body(), { 'Idempotency-Key': key })
    expect([elsewhere.status, elsewhere.body.id]).toEqual([201, first.body.id])
    expect(await count(table)).toBe(before + 1)
    await expectNoOrphans()
  })

  it('is another thing for a key that was used: 422, nothing made', async () => {
    const { path, body, other } = await prepare()
    expect((await alice.post(path, body(), keyed(`${key} 2`))).status).toBe(201)
    const before = await count(table)
    const answer = await alice.post(path, other(), keyed(`${key} 2`))
    expect([answer.status, answer.body]).toEqual([422, detail(path, REUSED)])
    expect(await count(table)).toBe(before)
    await expectNoOrphans()
    // The key is not spoilt.
    expect((await alice.post(path, body(), keyed(`${key} 2`))).status).toBe(201)
    expect(await count(table)).toBe(before)
  })

  it('of another user, or without a key, is another', async () => {
    const { path, body } = await prepare()
    const mine = await alice.post(path, body(), keyed(`${key} 3`))
    const theirs = await bob.post(path, body(), keyed(`${key} 3`))
    expect([mine.status, theirs.status]).toEqual([201, 201])
    expect(theirs.body.id).not.toBe(mine.body.id)
  })

  it('50 at once: one row, 50 equal answers', async () => {
    const { path, body } = await prepare()
    const before = await count(table)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => alice.post(path, body(), keyed(`${key} 4`))),
    )
    for (const { status, body } of answers) expect([status, body]).toEqual([201, answers[0]?.body])
    expect(await count(table)).toBe(before + 1)
    await expectNoOrphans()
  })

  it('needs a key of 1 to 255 characters', async () => {
    const { path, body } = await prepare()
    const before = await count(table)
    for (const bad of ['k'.repeat(256), '']) {
      const answer = await alice.post(path, body(), keyed(bad))
      expect(answer).toMatchObject({
        status: 400,
        body: detail(path, 'An Idempotency-Key has 1 to 255 characters.'),
      })
    }
    expect(await count(table)).toBe(before)
    expect((await alice.post(path, body(), keyed('k'.repeat(255 - table.length) + table))).status).not.toBe(
      400,
    )
    await expectNoOrphans()
  })
})

describe('a key', () => {
  it('belongs to its route: the same on send, start and to somebody else are three', async () => {
    const [one, other] = [await newUser(), await newUser()]
    const answers = []
    for (const path of [`/messages/${one}/send/`, `/messages/${one}/start/`, `/messages/${other}/send/`])
      answers.push(await alice.post(path, { content: 'hello' }, keyed('three ways')))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(3)
  })

  it('is worth nothing where the first attempt failed', async () => {
    const bad = await alice.post('/posts/', { title: '' }, keyed('second try'))
    expect(bad.status).toBe(400)
    const good = await alice.post('/posts/', { title: 'better' }, keyed('second try'))
    expect([good.status, good.body.title]).toEqual([201, 'better'])
    const twice = await newPost()
    await alice.post('/likes/', { post: twice })
    const refused = await alice.post('/likes/', { post: twice }, keyed('liked before'))
    expect([refused.status, refused.body]).toEqual([400, { detail: 'possible duplicate' }])
    expect(await stored("select 1 from idempotency_keys where key = 'liked before'")).toEqual([])
  })

  it('gives the first answer also when what was made, or what it was made for, is gone', async () => {
    const post = await newPost()
    const like = await alice.post('/likes/', { post }, keyed('gone'))
    const comment = await alice.post('/comments/', { post, content: 'x' }, keyed('gone'))
    expect((await alice.delete(`/likes/${like.body.id}/`)).status).toBe(204)
    expect((await alice.post('/likes/', { post }, keyed('gone'))).body).toEqual(like.body)
    expect(await stored('select 1 from likes where post_id = ?', post)).toEqual([])
    await carol.delete(`/posts/${post}/`)
    const again = await alice.post('/comments/', { post, content: 'x' }, keyed('gone'))
    expect([again.status, again.body]).toEqual([201, comment.body])

    const friend = await newUser()
    const path = `/messages/${friend}/send/`
    const message = await alice.post(path, { content: 'hello' }, keyed('gone'))
    await deleteByHand(friend)
    const resent = await alice.post(path, { content: 'hello' }, keyed('gone'))
    expect([resent.status, resent.body]).toEqual([201, message.body])
    expect((await alice.post(path, { content: 'hello' })).status).toBe(400)
  })

  it('does not replace the credentials: 401 before all', async () => {
    const answer = await call('POST', '/posts/', { body: { title: 'x' }, headers: keyed('a key of nobody') })
    expect(answer.status).toBe(401)
  })

  it('50 sends at once are one event', async () => {
    const friend = await signUp('friend')
    const socket = await listen(friend, alice)
    await socket.until('ready')
    const path = `/messages/${friend.id}/send/`
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => alice.post(path, { content: 'once' }, keyed('50 events?'))),
    )
    for (const { status, body } of answers) expect([status, body]).toEqual([201, answers[0]?.body])
    const last = await alice.post(path, { content: 'last' })
    await socket.until('message', 2)
    expect(socket.changes()).toMatchObject([
      { type: 'message', seq: 1, prev: 0, message: { content: 'once' } },
      { type: 'message', seq: 2, prev: 1, message: { id: last.body.id } },
    ])
    expect(await count('changes where conversation_id = (select max(id) from conversations)')).toBe(2)
  })

  it('is forgotten after 24 hours, by the scheduled handler', async () => {
    const sweep = () => worker.scheduled(createScheduledController(), env)
    const send = (person: Person) => person.post('/posts/', { title: 'daily' }, keyed('day'))
    const [first, other] = [await send(alice), await send(bob)]
    const age = (person: Person, hours: number) =>
      stored(
        "update idempotency_keys set created_at = ? where key = 'day' and user_id = ?",
        Date.now() - hours * 3_600_000,
        person.id,
      )
    await age(alice, 24.1)
    await age(bob, 23.9)
    await sweep()
    const [again, still] = [await send(alice), await send(bob)]
    expect([again.status, still.status]).toEqual([201, 201])
    expect(again.body.id).not.toBe(first.body.id)
    expect(still.body).toEqual(other.body)
  })

  it('goes with its user', async () => {
    const gone = await signUp('gone')
    await gone.post('/posts/', { title: 'x' }, keyed('of one who leaves'))
    await deleteByHand(gone.id)
    expect(await stored("select 1 from idempotency_keys where key = 'of one who leaves'")).toEqual([])
  })
})
