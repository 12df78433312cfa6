/** Notifications: written with what they tell of, gone with it, grouped when read. */
import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import worker from '../../src'
import { KINDS, NOTIFICATION_DAYS } from '../../src/db/notification-kinds'
import { WINDOW } from '../../src/notifications/queries'
import { anyone, deleteByHand, PASSWORD, type Person, signUp, stored } from '../client'
import { DEFAULT_PROFILE, ISO, NOT_SIGNED_IN } from '../fixtures/answers'
import { createComment, createPost, follow, like, sendMessage, signUpCast } from '../fixtures/factories'

const MINUTE = 60_000
const DAY = 86_400_000

const { alice, bob, carol } = await signUpCast()
const cast = [alice, bob, carol]

const list = async (person: Person, query = '') => (await person.get(`/notifications/${query}`)).body.results
const unread = async (person: Person) => (await person.get('/notifications/unread/')).body
const see = (person: Person, upTo: unknown) => person.post('/notifications/seen/', { up_to: upTo })
const kinds = async (person: Person) => (await list(person)).map(({ kind }: { kind: string }) => kind)
const rowsOf = (person: Person) =>
  stored('select kind, cause_id, actor_id from notifications where recipient_id = ? order by seq', person.id)
/** As if all of it had happened so much earlier. */
async function pass(ms: number) {
  await stored('update notifications set seq = seq - ?', ms)
  await stored(
    'update users set notifications_seen_to = notifications_seen_to - ?1, likes_seen_to = likes_seen_to - ?1',
    ms,
  )
}
/** Notifications of likes by nobody's hand. */
const fill = (recipient: Person, count: number, posts: number) =>
  stored(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?2)
     insert into notifications (recipient_id, seq, kind, cause_id, actor_id, post_id)
     select ?1, 1e12 + i, 'like', 1e6 + i, ?3, p.id from n
     join (select id, row_number() over (order by id) - 1 as number from posts where owner_id = ?1) p on p.number = i % ?4`,
    recipient.id,
    count,
    bob.id,
    posts,
  )

beforeEach(async () => {
  for (const table of ['notifications', 'notification_settings', 'likes', 'followers', 'posts'])
    await stored(`delete from ${table}`)
  await stored('update users set notifications_seen_to = 0, likes_seen_to = 0')
})

describe('what is told', () => {
  it('nobody is told without signing in', async () => {
    for (const path of ['/notifications/', '/notifications/unread/', '/notification-settings/']) {
      const { status, body } = await anyone.get(path)
      expect([status, body]).toEqual([401, NOT_SIGNED_IN])
    }
    expect((await anyone.post('/notifications/seen/', { up_to: 1 })).status).toBe(401)
    expect((await anyone.patch('/notification-settings/', { like: 'off' })).status).toBe(401)
  })

  it('a like is told to the owner of the post, after a minute', async () => {
    const { id: post } = await createPost(alice)
    const { id } = await like(bob, post)
    expect(await rowsOf(alice)).toEqual([{ kind: 'like', cause_id: id, actor_id: bob.id }])
    expect(await list(alice)).toEqual([])
    expect(await unread(alice)).toEqual({ notifications: 0, messages: 0, requests: 0 })
    await pass(MINUTE)
    expect(await list(alice)).toEqual([
      {
        id: expect.any(Number),
        kind: 'like',
        post,
        comment: null,
        actors: [{ id: bob.id, username: 'bob', image: DEFAULT_PROFILE }],
        count: 1,
        created: expect.stringMatching(ISO),
        is_seen: false,
      },
    ])
    expect(await unread(alice)).toEqual({ notifications: 1, messages: 0, requests: 0 })
    expect(await list(bob)).toEqual([])
  })

  it('a comment and a follow are told at once', async () => {
    const { id: post } = await createPost(alice)
    const comment = await createComment(bob, post)
    await follow(carol, alice)
    expect(await list(alice)).toMatchObject([
      { kind: 'follow', post: null, comment: null, actors: [{ id: carol.id }] },
      { kind: 'comment', post, comment: comment.id, actors: [{ id: bob.id }] },
    ])
  })

  it('what one does oneself is not told', async () => {
    const { id: post } = await createPost(alice)
    await like(alice, post)
    await createComment(alice, post)
    expect(await stored('select * from notifications')).toEqual([])
  })

  it('a comment is told to the five others who commented last, among the newest twenty', async () => {
    const { id: post } = await createPost(alice)
    const people: Person[] = []
    for (let i = 0; i < 6; i++) people.push(await signUp(`talker${i}`))
    for (const person of people) await createComment(person, post)
    const [oldest, ...others] = people
    await stored('delete from notifications')
    const { id } = await createComment(bob, post)
    expect(await stored('select recipient_id from notifications where kind = ? order by 1', 'reply')).toEqual(
      others.map((person) => ({ recipient_id: person.id })),
    )
    expect(oldest && (await list(oldest))).toEqual([])
    expect(await kinds(alice)).toEqual(['comment'])
    expect(await list(others[0] ?? bob)).toMatchObject([
      { kind: 'reply', post, comment: id, actors: [{ id: bob.id }] },
    ])
    for (let i = 0; i < 20; i++) await createComment(carol, post)
    await stored('delete from notifications')
    await createComment(carol, post)
    expect(await stored('select kind from notifications')).toEqual([{ kind: 'comment' }])
  })

  it('once for one cause, also where a request comes twice', async () => {
    const { id: post } = await createPost(alice)
    const key = { 'idempotency-key': 'once' }
    for (let i = 0; i < 2; i++) {
      expect((await bob.post('/comments/', { post, content: 'Nice' }, key)).status).toBe(201)
      await bob.post('/likes/', { post })
      await bob.post('/followers/', { followed: alice.id })
    }
    expect((await rowsOf(alice)).map(({ kind }) => kind)).toEqual(['comment', 'like', 'follow'])
  })

  it('what an import brings is not told where it is older than notifications are kept', async () => {
    const { id: post } = await createPost(alice)
    await stored(
      'insert into likes (id, owner_id, post_id, created_at) values (9e6, ?, ?, ?)',
      bob.id,
      post,
      Date.now() - NOTIFICATION_DAYS * DAY - MINUTE,
    )
    expect(await rowsOf(alice)).toEqual([])
  })
})

describe('what is gone', () => {
  it('a notification goes with the like, the comment, the follow', async () => {
    const { id: post } = await createPost(alice)
    const [liked, comment, followed] = [
      await like(bob, post),
      await createComment(bob, post),
      await follow(bob, alice),
    ]
    await createComment(carol, post)
    expect(await rowsOf(bob)).toHaveLength(1)
    await bob.delete(`/likes/${liked.id}/`)
    await bob.delete(`/comments/${comment.id}/`)
    await bob.delete(`/followers/${followed.id}/`)
    expect(await rowsOf(alice)).toEqual([
      { kind: 'comment', cause_id: expect.any(Number), actor_id: carol.id },
    ])
  })

  it('all of them go with the post', async () => {
    const { id: post } = await createPost(alice)
    await like(bob, post)
    await createComment(bob, post)
    await createComment(carol, post)
    await alice.delete(`/posts/${post}/`)
    expect(await stored('select * from notifications')).toEqual([])
  })

  it('one whose account is deleted is not told of, and told of again once it is back', async () => {
    const dave = await signUp('dave')
    const { id: post } = await createPost(dave)
    await createComment(bob, post)
    await createComment(dave, post)
    await follow(dave, bob)
    expect(await kinds(bob)).toEqual(['follow', 'reply'])
    await stored('insert into deleted_accounts (user_id, deleted_at) values (?, 0)', dave.id)
    expect([await kinds(bob), await unread(bob)]).toEqual([
      [],
      { notifications: 0, messages: 0, requests: 0 },
    ])
    await stored('delete from deleted_accounts')
    expect(await kinds(bob)).toEqual(['follow', 'reply'])
    await deleteByHand(dave.id)
    expect(await rowsOf(bob)).toEqual([])
  })

  it('they are kept for 90 days', async () => {
    const { id: post } = await createPost(alice)
    await createComment(bob, post)
    await pass(NOTIFICATION_DAYS * DAY - MINUTE)
    await worker.scheduled(createScheduledController(), env)
    expect(await kinds(alice)).toEqual(['comment'])
    await follow(bob, alice)
    await pass(2 * MINUTE)
    await worker.scheduled(createScheduledController(), env)
    expect(await kinds(alice)).toEqual(['follow'])
  })
})

describe('the list', () => {
  it('those of a kind about a post are one, with the newest three who did it', async () => {
    const { id: post } = await createPost(alice)
    const { id: other } = await createPost(alice)
    const people = [bob, carol, await signUp('erin'), await signUp('frank')]
    for (const person of people) await like(person, post)
    await like(bob, other)
    for (let i = 0; i < 2; i++) await createComment(bob, post)
    await pass(MINUTE)
    const groups = await list(alice)
    expect(
      groups.map(({ kind, post, count, actors }: Record<string, unknown> & { actors: { id: number }[] }) => [
        kind,
        post,
        count,
        actors.map(({ id }) => id),
      ]),
    ).toEqual([
      ['comment', post, 2, [bob.id]],
      ['like', other, 1, [bob.id]],
      [
        'like',
        post,
        4,
        people
          .slice(1)
          .reverse()
          .map(({ id }) => id),
      ],
    ])
  })

  it('pages show each notification once, whatever arrives meanwhile', async () => {
    await Promise.all(Array.from({ length: 7 }, () => createPost(alice)))
    await fill(alice, 2 * WINDOW + 50, 7)
    const counts: number[] = []
    for (let url: string | null = '/notifications/?page_size=5'; url; ) {
      const { status, body, cost }: Awaited<ReturnType<Person['get']>> = await alice.get(url)
      expect(status).toBe(200)
      expect([cost.calls, cost.read <= 3 * (WINDOW + 1) + 5]).toEqual([1, true])
      expect(body.previous).toBeNull()
      expect(body.results.length).toBeLessThanOrEqual(5)
      counts.push(...body.results.map(({ count }: { count: number }) => count))
      url = body.next
      await follow(cast[1 + (counts.length % 2)] ?? bob, alice).catch(() => undefined)
    }
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2 * WINDOW + 50)
  })

  it('a page may have nothing to show, and goes on', async () => {
    const { id: post } = await createPost(alice)
    await fill(alice, WINDOW + 1, 1)
    await stored('update notifications set actor_id = ?', carol.id)
    await stored('insert into deleted_accounts (user_id, deleted_at) values (?, 0)', carol.id)
    await stored('update notifications set actor_id = ? where seq = 1e12 + 1', bob.id)
    const first = (await alice.get('/notifications/')).body
    expect([first.results, typeof first.next]).toEqual([[], 'string'])
    const second = (await alice.get(first.next)).body
    expect([second.results.length, second.results[0].post, second.next]).toEqual([1, post, null])
    await stored('delete from deleted_accounts')
  })

  it('a cursor of another list is refused', async () => {
    await createPost(alice)
    const { next } = (await alice.get('/users/?page_size=1')).body
    const { status, body } = await alice.get(`/notifications/${new URL(next).search}`)
    expect([status, body]).toEqual([400, { cursor: ['Invalid cursor.'] }])
  })
})

describe('seen', () => {
  it.each([
    [undefined, 'This field is required.'],
    [null, 'This field may not be null.'],
    ['x', 'A valid integer is required.'],
    [-1, 'A valid integer is required.'],
    [1.5, 'A valid integer is required.'],
  ])('up to %j is refused', async (value, message) => {
    const { status, body } = await see(alice, value)
    expect([status, body]).toEqual([400, { up_to: [message] }])
  })

  it('what was seen is no longer unread, and apart from what is new', async () => {
    const { id: post } = await createPost(alice)
    await createComment(bob, post)
    const [first] = await list(alice)
    await createComment(carol, post)
    expect(await unread(alice)).toMatchObject({ notifications: 2 })
    const { status, body } = await see(alice, first.id)
    expect([status, body]).toEqual([200, { notifications: 1, messages: 0, requests: 0 }])
    expect(await list(alice)).toMatchObject([
      { count: 1, is_seen: false, actors: [{ id: carol.id }] },
      { count: 1, is_seen: true, actors: [{ id: bob.id }] },
    ])
    expect((await list(bob))[0].is_seen).toBe(false)
    expect((await see(alice, 1)).body).toEqual({ notifications: 1, messages: 0, requests: 0 })
    expect((await see(alice, Number.MAX_SAFE_INTEGER)).body).toEqual({
      notifications: 0,
      messages: 0,
      requests: 0,
    })
    await createComment(bob, post)
    expect(await unread(alice)).toEqual({ notifications: 1, messages: 0, requests: 0 })
  })

  it('a like that had not appeared yet is not seen', async () => {
    const { id: post } = await createPost(alice)
    await like(bob, post)
    await follow(bob, alice)
    const [{ id }] = await list(alice)
    expect((await see(alice, id)).body).toEqual({ notifications: 0, messages: 0, requests: 0 })
    await pass(MINUTE)
    expect(await unread(alice)).toEqual({ notifications: 1, messages: 0, requests: 0 })
    expect((await see(alice, id)).body).toEqual({ notifications: 0, messages: 0, requests: 0 })
  })

  it('a new one is never behind what was seen, though the newest is gone and the clock went back', async () => {
    const ahead = Date.now() + DAY
    await stored('update users set notifications_seen_to = ? where id = ?', ahead, alice.id)
    await follow(bob, alice)
    expect(await unread(alice)).toEqual({ notifications: 1, messages: 0, requests: 0 })
    expect((await list(alice))[0].id).toBe(ahead + 1)
  })

  it('messages are all that was not read, and counting costs the same for one and for thousands', async () => {
    const [one, other] = [await signUp('one'), await signUp('other')]
    for (let i = 0; i < 3; i++) await sendMessage(one, other)
    await sendMessage(carol, other)
    expect(await unread(other)).toEqual({ notifications: 0, messages: 4, requests: 0 })
    const { seq } = (await one.get('/messages/')).body[0]
    await other.post(`/messages/${one.id}/read/`, { up_to: seq - 1 })
    expect(await unread(other)).toEqual({ notifications: 0, messages: 2, requests: 0 })
    await other.delete(`/chats/${one.id}/delete/`)
    expect(await unread(other)).toEqual({ notifications: 0, messages: 1, requests: 0 })
    await createPost(other)
    await fill(other, 150, 1)
    const { body, cost } = await other.get('/notifications/unread/')
    expect(body).toEqual({ notifications: 100, messages: 1, requests: 0 })
    expect([cost.calls, cost.read <= 2 * 100 + 6, cost.written]).toEqual([1, true, 0])
  })
})

describe('settings', () => {
  const SETTINGS = Object.fromEntries(KINDS.map((kind) => [kind, 'live']))

  it('are `live` until changed, kind by kind', async () => {
    expect((await alice.get('/notification-settings/')).body).toEqual(SETTINGS)
    const { status, body } = await alice.patch('/notification-settings/', { like: 'loud', follow: 'off' })
    expect([status, body]).toEqual([400, { like: ['"loud" is not a valid choice.'] }])
    expect(await stored('select * from notification_settings')).toEqual([])
    const changed = { ...SETTINGS, follow: 'off' }
    expect((await alice.patch('/notification-settings/', { follow: 'off' })).body).toEqual(changed)
    const again = await alice.patch('/notification-settings/', { follow: 'off' })
    expect([again.body, again.cost.written]).toEqual([changed, 0])
    expect((await alice.get('/notification-settings/')).body).toEqual(changed)
    expect((await bob.get('/notification-settings/')).body).toEqual(SETTINGS)
  })

  it('what is off is not told from then on', async () => {
    const { id: post } = await createPost(alice)
    await createComment(bob, post)
    await alice.patch('/notification-settings/', { comment: 'off', follow: 'off' })
    await createComment(carol, post)
    await follow(carol, alice)
    expect((await rowsOf(alice)).map(({ kind, actor_id }) => [kind, actor_id])).toEqual([['comment', bob.id]])
    expect(await kinds(bob)).toEqual(['reply'])
    await alice.patch('/notification-settings/', { follow: 'list' })
    await follow(bob, alice)
    expect(await kinds(alice)).toEqual(['follow', 'comment'])
  })
})

describe('prices', () => {
  /** How many rows more are written where somebody is told. */
  const further = async (write: () => Promise<number>) => {
    await alice.patch('/notification-settings/', { like: 'off', comment: 'off', follow: 'off' })
    const without = await write()
    await alice.patch('/notification-settings/', { like: 'list', comment: 'list', follow: 'list' })
    return (await write()) - without
  }

  it('a notification is two rows more, and one where it goes', async () => {
    const { id: post } = await createPost(alice)
    const posting = (path: string, body: object) => async () => (await bob.post(path, body)).cost.written
    expect(await further(posting('/comments/', { post, content: 'Nice' }))).toBe(2)
    const pair = (path: string, body: object) => async () => {
      const made = await bob.post(path, body)
      const gone = await bob.delete(`${path}${made.body.id}/`)
      expect([made.status, gone.status]).toEqual([201, 204])
      return made.cost.written + gone.cost.written
    }
    expect(await further(pair('/likes/', { post }))).toBe(3)
    expect(await further(pair('/followers/', { followed: alice.id }))).toBe(3)
  })

  it('a comment that six are told of is 12 rows more, whoever else has commented', async () => {
    const { id: post } = await createPost(alice)
    const { id: quiet } = await createPost(bob)
    const people = await Promise.all(Array.from({ length: 7 }, (_, i) => signUp(`guest${i}`)))
    for (const person of people) await createComment(person, post)
    const loud = await bob.post('/comments/', { post, content: 'Nice' })
    const silent = await bob.post('/comments/', { post: quiet, content: 'Nice' })
    expect(loud.cost.written - silent.cost.written).toBe(12)
    expect(loud.cost.read - silent.cost.read).toBeLessThanOrEqual(100)
  })
})

describe('a request to follow', () => {
  it('is told, counted, and gone once it is accepted, which is told in turn', async () => {
    const [quiet, fan] = [await signUp('quiet'), await signUp('fan')]
    await quiet.patch(`/profiles/${quiet.id}/`, { is_private: true })
    await fan.post('/followers/', { followed: quiet.id })
    const [request] = (await quiet.get('/follow-requests/')).body.results
    expect(await rowsOf(quiet)).toEqual([{ kind: 'request', cause_id: request.id, actor_id: fan.id }])
    expect(await unread(quiet)).toEqual({ notifications: 1, messages: 0, requests: 1 })
    expect((await quiet.post(`/follow-requests/${request.id}/accept/`)).status).toBe(200)
    expect([await kinds(quiet), await unread(quiet)]).toEqual([
      [],
      { notifications: 0, messages: 0, requests: 0 },
    ])
    expect(await list(fan)).toMatchObject([{ kind: 'accepted', actors: [{ id: quiet.id }] }])
    const [{ id }] = (await fan.get(`/followers/?owner=${fan.id}`)).body.results
    await fan.delete(`/followers/${id}/`)
    expect(await rowsOf(fan)).toEqual([])
  })

  it('is taken back with its notification, and all are accepted where the account becomes public', async () => {
    const [quiet, one, other] = [await signUp('quiet2'), await signUp('one2'), await signUp('other2')]
    await quiet.patch(`/profiles/${quiet.id}/`, { is_private: true })
    for (const person of [one, other]) await person.post('/followers/', { followed: quiet.id })
    const [newest] = (await quiet.get('/follow-requests/')).body.results
    await other.delete(`/follow-requests/${newest.id}/`)
    expect((await rowsOf(quiet)).map(({ actor_id }) => actor_id)).toEqual([one.id])
    await quiet.patch(`/profiles/${quiet.id}/`, { is_private: false })
    expect([await kinds(quiet), await kinds(one), await kinds(other)]).toEqual([[], ['accepted'], []])
    await other.post('/followers/', { followed: quiet.id })
    expect(await kinds(quiet)).toEqual(['follow'])
  })
})

describe('a login on a device', () => {
  const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0'
  const login = (person: Person, userAgent: string) =>
    anyone.post(
      '/dj-rest-auth/login/',
      { username: person.username, password: PASSWORD },
      { 'user-agent': userAgent },
    )

  it('is told where they are not signed in on such a one, and not after the session is gone', async () => {
    const kim = await signUp('kim')
    expect(await rowsOf(kim)).toEqual([])
    expect((await login(kim, '')).status).toBe(200)
    expect(await rowsOf(kim)).toEqual([])
    expect((await login(kim, FIREFOX)).status).toBe(200)
    expect(await list(kim)).toMatchObject([
      { kind: 'device', post: null, comment: null, actors: [], count: 1 },
    ])
    expect((await login(kim, FIREFOX.replaceAll('130', '131'))).status).toBe(200)
    expect(await list(kim)).toMatchObject([{ kind: 'device', count: 1 }])
    await stored("delete from sessions where user_id = ? and device = 'Firefox on Linux'", kim.id)
    expect(await rowsOf(kim)).toEqual([])
  })

  it('says nothing beside sessions of which no device is known', async () => {
    const lee = await signUp('lee')
    await stored("update sessions set device = '' where user_id = ?", lee.id)
    await login(lee, FIREFOX)
    expect(await rowsOf(lee)).toEqual([])
  })

  it('goes with its own session alone', async () => {
    const [max, nia] = [await signUp('max'), await signUp('nia')]
    for (const person of [max, nia]) await login(person, FIREFOX)
    await stored("update sessions set created_at = 4e12 where device = 'Firefox on Linux'")
    await stored("update notifications set cause_id = 4e12 where kind = 'device'")
    await stored('delete from sessions where user_id = ?', max.id)
    expect([await rowsOf(max), await kinds(nia)]).toEqual([[], ['device']])
  })
})
