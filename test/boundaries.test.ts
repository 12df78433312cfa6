/** Blocks and mutes: the lists themselves. What they hide is in visibility.test.ts. */
import { describe, expect, it } from 'vitest'
import { MAX_LISTED } from '../src/boundaries/list-queries'
import { MAX_REQUESTS } from '../src/followers/request-queries'
import { anyone, call, type Person, signUp, stored } from './client'
import { DAY, ISO, NOT_FOUND, NOT_SIGNED_IN, WRONG_PKS } from './fixtures/answers'
import { createComment, createPost, follow, signUpCast } from './fixtures/factories'
import { say, send, start, thread } from './fixtures/messages'
import { file, freshPng } from './fixtures/uploads'
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

describe('a private account', () => {
  const makePrivate = (person: Person, is_private = true) =>
    person.patch(`/profiles/${person.id}/`, { is_private })
  const follows = (owner: Person, followed: Person) =>
    stored('select id from followers where owner_id = ? and followed_id = ?', owner.id, followed.id)
  const kept = async (person: Person) =>
    (await stored('select follow_requests_count as n from users where id = ?', person.id))[0]?.n

  it('is followed once it has accepted; until then its posts are not there, and its profile is', async () => {
    const [host, guest] = [await signUp('host'), await signUp('guest')]
    const { id: post } = await createPost(host, { image: file(freshPng()) })
    expect((await makePrivate(host)).body).toMatchObject({ is_private: true, posts: [expect.any(String)] })

    const asked = await guest.post('/followers/', { followed: host.id })
    expect(asked.status).toBe(201)
    expect(asked.body).toMatchObject({ id: 0, owner: 'guest', followed: host.id, followed_name: 'host' })
    const { request_id: id } = asked.body
    expect(await follows(guest, host)).toEqual([])
    expect((await guest.get(`/profiles/${host.id}/`)).body).toMatchObject({
      is_private: true,
      follow_request_id: id,
      following_id: null,
      followers_count: 0,
      posts_count: 1,
      posts: [],
    })
    expect((await guest.get(`/posts/${post}/`)).status).toBe(404)
    const again = await guest.post('/followers/', { followed: host.id })
    expect([again.status, again.body]).toEqual([
      400,
      { followed: ['You have already asked to follow this user.'] },
    ])

    expect((await host.get('/follow-requests/')).body).toMatchObject({
      count: 1,
      results: [{ id, owner: 'guest', profile_id: guest.id, followed: host.id }],
    })
    for (const other of [guest, carol]) {
      const refused = await other.post(`/follow-requests/${id}/accept/`)
      expect([refused.status, refused.body]).toEqual([404, NOT_FOUND])
    }
    expect(await follows(guest, host)).toEqual([])
    const accepted = await host.post(`/follow-requests/${id}/accept/`)
    expect(accepted.status).toBe(200)
    expect(accepted.body).toMatchObject({ owner: 'guest', followed: host.id, request_id: null })
    expect(await follows(guest, host)).toEqual([{ id: accepted.body.id }])
    expect(await kept(host)).toBe(0)
    expect((await guest.get(`/profiles/${host.id}/`)).body).toMatchObject({
      follow_request_id: null,
      following_id: accepted.body.id,
      followers_count: 1,
      posts: [expect.any(String)],
    })
    expect((await guest.get(`/posts/${post}/`)).status).toBe(200)
    expect((await guest.get(`/posts/?followed=${guest.id}`)).body.count).toBe(1)

    // And taken out again.
    expect((await host.delete(`/followers/${accepted.body.id}/`)).status).toBe(204)
    expect((await guest.get(`/posts/${post}/`)).status).toBe(404)
  })

  it('accepts also who is blocked by others, and whose acceptor is', async () => {
    const [host, guest, third] = [await signUp('host6'), await signUp('guest8'), await signUp('third6')]
    await makePrivate(host)
    const id = (await guest.post('/followers/', { followed: host.id })).body.request_id
    await third.post('/blocks/', { blocked: host.id })
    await third.post('/blocks/', { blocked: guest.id })
    expect((await host.post(`/follow-requests/${id}/accept/`)).status).toBe(200)
    expect(await follows(guest, host)).toHaveLength(1)
  })

  it('refuses, and who has asked takes back; nobody else does', async () => {
    const [host, guest] = [await signUp('host2'), await signUp('guest2')]
    await makePrivate(host)
    for (const by of [host, guest]) {
      const id = (await guest.post('/followers/', { followed: host.id })).body.request_id
      expect((await anyone.delete(`/follow-requests/${id}/`)).status).toBe(401)
      expect((await carol.delete(`/follow-requests/${id}/`)).status).toBe(404)
      expect(await kept(host)).toBe(1)
      expect((await by.delete(`/follow-requests/${id}/`)).status).toBe(204)
      expect((await by.delete(`/follow-requests/${id}/`)).status).toBe(404)
      expect(await kept(host)).toBe(0)
    }
    expect(await follows(guest, host)).toEqual([])
  })

  it('that becomes public accepts all that wait, in their order', async () => {
    const host = await signUp('host3')
    await makePrivate(host)
    const guests = [await signUp('guest3'), await signUp('guest4'), await signUp('guest5')]
    for (const guest of guests) await guest.post('/followers/', { followed: host.id })
    await makePrivate(host, false)
    const rows = await stored('select owner_id from followers where followed_id = ? order by id', host.id)
    expect(rows).toEqual(guests.map(({ id }) => ({ owner_id: id })))
    expect(await stored('select id from follow_requests where followed_id = ?', host.id)).toEqual([])
    expect((await host.get(`/profiles/${host.id}/`)).body).toMatchObject({
      is_private: false,
      followers_count: 3,
    })
    // Whoever follows meanwhile gets the next id.
    await follow(carol, host)
  })

  it('keeps its followers, and what others asked before a block is gone with it', async () => {
    const [host, friend, guest] = [await signUp('host4'), await signUp('friend4'), await signUp('guest6')]
    const { id } = await follow(friend, host)
    await makePrivate(host)
    expect(await follows(friend, host)).toEqual([{ id }])
    await guest.post('/followers/', { followed: host.id })
    await host.post('/blocks/', { blocked: guest.id })
    expect(await kept(host)).toBe(0)
  })

  it('lets no more than so many wait', async () => {
    const [host, guest] = [await signUp('host5'), await signUp('guest7')]
    await makePrivate(host)
    await stored('update users set follow_requests_count = ? where id = ?', MAX_REQUESTS, host.id)
    const answer = await guest.post('/followers/', { followed: host.id })
    expect([answer.status, answer.body]).toEqual([
      400,
      { followed: ['Too many requests wait for this user.'] },
    ])
    await stored('update users set follow_requests_count = 0 where id = ?', host.id)
  })

  it('says yes or no', async () => {
    const answer = await carol.patch(`/profiles/${carol.id}/`, { is_private: 'perhaps' })
    expect([answer.status, answer.body]).toEqual([400, { is_private: ['Must be a valid boolean.'] }])
  })
})

describe('who may write to somebody', () => {
  const setPolicy = (person: Person, message_policy: string) =>
    person.patch(`/profiles/${person.id}/`, { message_policy })
  const NOBODY = { detail: ['Recipient not found: User matching query does not exist.'] }

  it('is everybody, those whom they follow, or nobody; only they are told', async () => {
    const [one, other] = [await signUp('choosy'), await signUp('writer')]
    expect((await one.get(`/profiles/${one.id}/`)).body.message_policy).toBe('everyone')
    expect((await setPolicy(one, 'following')).body.message_policy).toBe('following')
    expect((await other.get(`/profiles/${one.id}/`)).body.message_policy).toBeNull()
    const refused = await send(other, one, { content: 'hello' })
    const unknown = await send(other, { id: 999_999 }, { content: 'hello' })
    expect([refused.status, refused.body]).toEqual([unknown.status, unknown.body])
    expect(refused.body).toEqual(NOBODY)
    expect((await start(other, one, { content: 'hello' })).body).toEqual(['Recipient does not exist.'])
    expect(await stored('select id from conversations where ? in (user_a, user_b)', one.id)).toEqual([])
    await follow(one, other)
    expect((await send(other, one, { content: 'hello' })).status).toBe(201)
  })

  it('does not end what there is, nor keep anybody from writing themselves', async () => {
    const [one, other, third] = [await signUp('closed'), await signUp('open'), await signUp('late')]
    await say(other, one, 'before')
    await setPolicy(one, 'nobody')
    expect((await send(other, one, { content: 'still' })).status).toBe(201)
    expect((await send(third, one, { content: 'hello' })).body).toEqual(NOBODY)
    await say(one, third, 'hello')
    expect((await send(third, one, { content: 'hi' })).status).toBe(201)
    await setPolicy(one, 'everyone')
    expect((await send(carol, one, { content: 'hello' })).status).toBe(201)
  })
})

describe('comments', () => {
  it('are closed by whose post it is: nobody adds one, and those that there are stay', async () => {
    const { id: post } = await createPost(alice, { title: 'Quiet' })
    const { id } = await createComment(bob, post, { content: 'first' })
    expect((await bob.patch(`/posts/${post}/`, { comments_closed: true })).status).toBe(403)
    expect((await alice.patch(`/posts/${post}/`, { comments_closed: true })).body).toMatchObject({
      comments_closed: true,
      title: 'Quiet',
    })
    for (const person of [bob, alice]) {
      const answer = await person.post('/comments/', { post, content: 'second' })
      expect([answer.status, answer.body]).toEqual([400, { post: ['Comments on this post are closed.'] }])
    }
    expect(await stored('select id from comments where post_id = ?', post)).toEqual([{ id }])
    expect((await bob.patch(`/comments/${id}/`, { content: 'changed' })).status).toBe(200)
    await alice.patch(`/posts/${post}/`, { comments_closed: false })
    await createComment(bob, post)
  })

  it('are deleted by who wrote them or whose post it is, and by nobody else', async () => {
    const { id: post } = await createPost(alice)
    const { id } = await createComment(bob, post)
    expect((await carol.delete(`/comments/${id}/`)).status).toBe(403)
    expect((await alice.patch(`/comments/${id}/`, { content: 'yours' })).status).toBe(403)
    expect((await alice.delete(`/comments/${id}/`)).status).toBe(204)
    expect(await stored('select id from comments where id = ?', id)).toEqual([])
    expect((await alice.get(`/posts/${post}/`)).body.comments_count).toBe(0)
  })
})
