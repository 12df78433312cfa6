/** Blocks and mutes: the lists themselves. What they hide is in visibility.test.ts. */
import { describe, expect, it } from 'vitest'
import { MAX_LISTED } from '../src/boundaries/list-queries'
import { anyone, call, type Person, signUp, stored } from './client'
import { DAY, ISO, NOT_FOUND, NOT_SIGNED_IN, WRONG_PKS } from './fixtures/answers'
import { createComment, createPost, follow, signUpCast } from './fixtures/factories'
import { say, thread } from './fixtures/messages'
import { listen, upgrade } from './sockets'

const { alice, bob, carol } = await signUpCast()

const LISTS = [
  { path: '/blocks/', table: 'blocks', field: 'blocked', verb: 'block' },
  { path: '/mutes/', table: 'mutes', field: 'muted', verb: 'mut' },
] as const

describe.each(LISTS)('$path', ({ path, table, field, verb }) => {
  const rowsOf = (owner: Person) =>
    stored(`select ${field}_id as other from ${table} where owner_id = ? order by id`, owner.id)
  const kept = async (owner: Person) =>
    (await stored(`select ${table}_count as n from users where id = ?`, owner.id))[0]?.n

  it('is nobody’s who is not signed in', async () => {
    for (const answer of [
      await anyone.get(path),
      await anyone.post(path, { [field]: bob.id }),
      await anyone.delete(`${path}1/`),
    ])
      expect([answer.status, answer.body]).toEqual([401, NOT_SIGNED_IN])
    expect(await stored(`select id from ${table}`)).toEqual([])
  })

  it.each(WRONG_PKS)('does not take %j', async (value, message) => {
    const answer = await alice.post(path, { [field]: value })
    expect([answer.status, answer.body]).toEqual([400, { [field]: [message] }])
    expect(await rowsOf(alice)).toEqual([])
  })

  it('does not take oneself', async () => {
    const answer = await alice.post(path, { [field]: alice.id })
    const words = verb === 'block' ? "You can't block yourself." : "You can't mute yourself."
    expect([answer.status, answer.body]).toEqual([400, { [field]: [words] }])
    expect(await rowsOf(alice)).toEqual([])
  })

  it('takes somebody once, counts them, and shows them to its owner alone', async () => {
    const { status, body } = await alice.post(path, { [field]: bob.id })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      owner: 'alice',
      created_at: expect.stringMatching(DAY),
      created: expect.stringMatching(ISO),
      updated: expect.stringMatching(ISO),
      [field]: bob.id,
      [`${field}_name`]: 'bob',
    })
    const again = await alice.post(path, { [field]: bob.id })
    expect([again.status, again.body]).toEqual([400, { [field]: [`You are already ${verb}ing this user.`] }])
    expect(await rowsOf(alice)).toEqual([{ other: bob.id }])
    expect(await kept(alice)).toBe(1)
    expect((await alice.get(path)).body).toEqual({ count: 1, next: null, previous: null, results: [body] })
    expect((await bob.get(path)).body).toMatchObject({ count: 0, results: [] })
    expect((await carol.get(path)).body).toMatchObject({ count: 0, results: [] })
  })

  it('is nobody else’s to delete from, as if there were no such row', async () => {
    const { id } = (await alice.get(path)).body.results[0]
    for (const other of [bob, carol]) {
      const answer = await other.delete(`${path}${id}/`)
      expect([answer.status, answer.body]).toEqual([404, NOT_FOUND])
    }
    expect(await rowsOf(alice)).toEqual([{ other: bob.id }])
    expect((await alice.delete(`${path}${id}/`)).status).toBe(204)
    expect((await alice.delete(`${path}${id}/`)).status).toBe(404)
    expect(await rowsOf(alice)).toEqual([])
    expect(await kept(alice)).toBe(0)
  })

  it('is read in pages, newest first', async () => {
    const others = [await signUp(`${field}1`), await signUp(`${field}2`), await signUp(`${field}3`)]
    for (const other of others) await carol.post(path, { [field]: other.id })
    const first = (await carol.get(`${path}?page_size=2`)).body
    expect(first.count).toBe(3)
    expect(first.results.map((row: Record<string, unknown>) => row[field])).toEqual([
      others[2]?.id,
      others[1]?.id,
    ])
    const second = (await carol.get(first.next)).body
    expect(second.results.map((row: Record<string, unknown>) => row[field])).toEqual([others[0]?.id])
    expect(second.next).toBeNull()
  })

  it('takes no more than it has room for', async () => {
    const full = await signUp(`full${field}`)
    await stored(`update users set ${table}_count = ? where id = ?`, MAX_LISTED, full.id)
    const answer = await full.post(path, { [field]: bob.id })
    expect([answer.status, answer.body]).toEqual([
      400,
      { [field]: [`You are ${verb}ing as many users as you may.`] },
    ])
    expect(await rowsOf(full)).toEqual([])
    await stored(`update users set ${table}_count = ? where id = ?`, 0, full.id)
  })

  it('gives the first answer again under its key', async () => {
    const [one, other] = [await signUp(`keyed${field}`), await signUp(`other${field}`)]
    const post = () =>
      call('POST', path, {
        body: { [field]: other.id },
        headers: { ...one.headers, 'idempotency-key': 'once' },
      })
    const [first, second] = [await post(), await post()]
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.body).toEqual(first.body)
    expect(await rowsOf(one)).toEqual([{ other: other.id }])
  })
})

describe('what is unread', () => {
  it.each(LISTS)('does not count those in $path', async ({ path, field }) => {
    const [one, other] = [await signUp(`unread${field}`), await signUp(`writes${field}`)]
    await say(other, one, 'hello')
    await say(other, one, 'hello?')
    await say(carol, one, 'hi')
    await createComment(other, (await createPost(one)).id)
    const unread = async (viewer: Person) => (await viewer.get('/notifications/unread/')).body
    expect(await unread(one)).toEqual({ notifications: 1, messages: 3 })
    const { id } = (await one.post(path, { [field]: other.id })).body
    expect(await unread(one)).toEqual({ notifications: 0, messages: 1 })
    await one.delete(`${path}${id}/`)
    expect(await unread(one)).toEqual({ notifications: 1, messages: 3 })
    if (field === 'muted') return
    // The same for the one who is blocked.
    await other.post(path, { [field]: one.id })
    expect(await unread(one)).toEqual({ notifications: 0, messages: 1 })
  })
})

describe('a block', () => {
  it('ends the follows of both, and no others; unblocking does not bring them back', async () => {
    const [one, other] = [await signUp('ender'), await signUp('ended')]
    for (const [owner, followed] of [
      [one, other],
      [other, one],
      [carol, other],
      [one, carol],
    ] as const)
      await follow(owner, followed)
    const { id } = (await one.post('/blocks/', { blocked: other.id })).body
    const follows = () =>
      stored(
        'select owner_id, followed_id from followers where owner_id in (?1, ?2, ?3) and followed_id in (?1, ?2, ?3) order by id',
        one.id,
        other.id,
        carol.id,
      )
    const left = [
      { owner_id: carol.id, followed_id: other.id },
      { owner_id: one.id, followed_id: carol.id },
    ]
    expect(await follows()).toEqual(left)
    expect((await carol.get(`/profiles/${other.id}/`)).body).toMatchObject({
      followers_count: 1,
      following_count: 0,
    })
    await one.delete(`/blocks/${id}/`)
    expect(await follows()).toEqual(left)
    expect((await other.get(`/profiles/${one.id}/`)).body).toMatchObject({ following_id: null })
  })

  it('is not undone by a mute’s id, nor answered by one', async () => {
    const [one, other, another] = [await signUp('mixed'), await signUp('mixed1'), await signUp('mixed2')]
    await one.post('/mutes/', { muted: other.id })
    const block = (await one.post('/blocks/', { blocked: another.id })).body
    await one.delete(`/mutes/${block.id}/`)
    expect((await other.get(`/users/${one.id}/`)).status).toBe(200)
    expect((await another.get(`/users/${one.id}/`)).status).toBe(404)
  })

  it('closes the sockets of their conversation, which neither can open again; no others', async () => {
    const [one, other] = [await signUp('talker'), await signUp('talked')]
    await say(one, other, 'hello')
    const mine = await listen(one, other)
    const theirs = await listen(other, one)
    const elsewhere = await listen(other, carol)
    for (const socket of [mine, theirs, elsewhere]) await socket.until('ready')
    const { id } = (await one.post('/blocks/', { blocked: other.id })).body
    expect(await mine.closed).toEqual(await theirs.closed)
    for (const [viewer, with_] of [
      [one, other],
      [other, one],
    ] as const) {
      const answer = await upgrade(`/messages/${with_.id}/live/`, viewer.headers)
      expect(answer.status).toBe(404)
      expect((await thread(viewer, with_)).results).toEqual([])
    }
    expect(elsewhere.isClosed()).toBe(false)
    await one.delete(`/blocks/${id}/`)
    expect((await thread(other, one)).results).toHaveLength(1)
    await (await listen(other, one)).until('ready')
  })

  it('stops what a socket asks for that nothing has closed', async () => {
    const [one, other] = [await signUp('talker2'), await signUp('talked2')]
    const mine = await listen(one, other)
    await mine.until('ready')
    await say(other, one, 'hello')
    await mine.until('message')
    const [a, b] = [Math.min(one.id, other.id), Math.max(one.id, other.id)]
    await stored(
      'insert into blocks (id, owner_id, blocked_id, created_at) values (?, ?, ?, 1)',
      9_999,
      other.id,
      one.id,
    )
    mine.send({ type: 'send', content: 'still there?', key: 'x' })
    expect(await mine.until('error')).toMatchObject({
      key: 'x',
      errors: { detail: ['Recipient not found: User matching query does not exist.'] },
    })
    mine.send({ type: 'read', up_to: 9 })
    await mine.until('error', 2)
    expect(
      await stored(
        'select unread_a + unread_b as unread, messages_count from conversations where user_a = ? and user_b = ?',
        a,
        b,
      ),
    ).toEqual([{ unread: 1, messages_count: 1 }])
  })

  it('of somebody who blocks already is refused as if they did not exist', async () => {
    const [one, other] = [await signUp('first'), await signUp('second')]
    await one.post('/blocks/', { blocked: other.id })
    for (const [path, field] of [
      ['/blocks/', 'blocked'],
      ['/mutes/', 'muted'],
    ] as const) {
      const answer = await other.post(path, { [field]: one.id })
      expect([answer.status, answer.body]).toEqual([
        400,
        { [field]: [`Invalid pk "${one.id}" - object does not exist.`] },
      ])
    }
  })
})
