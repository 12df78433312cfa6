/** Deleting an account: hidden at once, had back by signing in, and erased in pieces. */
import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { eraseAccounts, type Others } from '../../src/account/erase'
import { PIECE_ROWS } from '../../src/account/erase-queries'
import { TURNED_AT_ONCE, turnHiddenAccounts } from '../../src/db/account-hidings'
import { openDb } from '../../src/db/client'
import { KEPT_VALUES } from '../../src/db/kept'
import worker from '../../src/index'
import { closeSockets } from '../../src/messaging/worker/close-sockets'
import { eraseSentPiece } from '../../src/messaging/worker/erase-sent'
import { ACCESS, AUTH, browser, jwt, logIn, REFRESH } from '../auth-helpers'
import { anyone, client, objectKeys, PASSWORD, type Person, signUp, stored } from '../client'
import { createComment, createPost, follow, like } from '../fixtures/factories'
import { say, send, show, start, thread } from '../fixtures/messages'
import { file, freshPng } from '../fixtures/uploads'
import { listen } from '../sockets'

const DAY_MS = 86_400_000
const remove = (person: Person, password = PASSWORD) => person.delete(`${AUTH}/user/`, { password })
const login = (username: string, password = PASSWORD) => anyone.post(`${AUTH}/login/`, { username, password })

/** What the scheduled job has others do. */
const OTHERS: Others = {
  closeSockets: (userId) => closeSockets(env, { userId, except: undefined }),
  eraseSentPiece: (piece, onMarked) => eraseSentPiece(env, piece, onMarked),
}
const erase = (pieces?: number, others = OTHERS) =>
  eraseAccounts(openDb(env.DB, { primary: true }), env, Date.now(), others, pieces)

/** Lets the days of grace pass. */
const letPass = ({ id }: Person) => stored('update deleted_accounts set erase_at = 1 where user_id = ?', id)

const differences = async () => {
  const all = await Promise.all(KEPT_VALUES.map(({ differences }) => stored(differences)))
  return KEPT_VALUES.flatMap(({ name }, i) => (all[i]?.length ? [name, all[i]] : []))
}

let casts = 0
/** Alice, who is about to go, with all that somebody can have; Bob and Carol, who stay. */
async function world() {
  casts += 1
  const [alice, bob, carol] = await Promise.all([
    signUp(`alice${casts}`, { email: `alice${casts}@example.com` }),
    signUp(`bob${casts}`),
    signUp(`carol${casts}`),
  ])
  const hers = await createPost(alice, { title: `hers${casts}`, image: file(freshPng()) })
  const his = await createPost(bob, { title: `his${casts}` })
  const herComment = await createComment(alice, his.id, { content: 'by her' })
  const hisComment = await createComment(bob, hers.id, { content: 'on hers' })
  await createComment(carol, his.id)
  const herLike = await like(alice, his.id)
  const hisLike = await like(bob, hers.id)
  await like(carol, hers.id)
  await like(carol, his.id)
  const herFollow = await follow(alice, bob)
  const hisFollow = await follow(bob, alice)
  await follow(carol, alice)
  await follow(carol, bob)
  const said = await say(alice, bob, 'said by her')
  const shown = await show(alice, bob, 'shown by her')
  const answer = await say(bob, alice, 'said by him')
  await say(alice, carol, 'to carol')
  await alice.patch(`/profiles/${alice.id}/`, { name: 'Alice' })
  return {
    alice,
    bob,
    carol,
    hers,
    his,
    herComment,
    hisComment,
    herLike,
    hisLike,
    herFollow,
    hisFollow,
    said,
    shown,
    answer,
  }
}
type World = Awaited<ReturnType<typeof world>>

/** Every list that could show something of Alice. */
const lists = ({ bob, his }: World) => [
  '/posts/',
  '/posts/?page=1',
  '/posts/?ordering=-likes_count',
  '/posts/?ordering=likes_count',
  '/posts/?ordering=title',
  '/posts/?ordering=-owner',
  '/posts/?search=hers',
  '/posts/?search=alice',
  '/posts/?search=he',
  `/posts/?followed=${bob.id}`,
  `/posts/?followed=${bob.id}&ordering=-likes_count`,
  `/posts/?liked=${bob.id}`,
  `/posts/?liked=${bob.id}&search=hers`,
  '/comments/',
  `/comments/?post=${his.id}`,
  '/likes/',
  `/likes/?post=${his.id}`,
  `/likes/?owner=${bob.id}`,
  '/followers/',
  `/followers/?owner=${bob.id}`,
  `/followers/?followed=${bob.id}`,
  '/profiles/',
  '/profiles/?ordering=-followers_count',
  '/profiles/?ordering=followers_count',
  '/profiles/?ordering=owner',
  '/profiles/?ordering=title',
  '/profiles/most_followed/',
  `/profiles/?owner__following__followed__profile=${bob.id}`,
  `/profiles/?owner__followed__owner__profile=${bob.id}`,
  `/profiles/?owner__following__followed__profile=${bob.id}&owner__followed__owner__profile=${bob.id}`,
  '/users/',
  '/users/?ordering=-username',
]
/** Alice, or what is hers, or on what is hers. */
const ofHers = ({ alice, hers }: World, row: Record<string, unknown>) =>
  [row.owner, row.username, row.followed_name].includes(alice.username) || row.post === hers.id

const details = ({ alice, hers, herComment, hisComment, herLike, hisLike, herFollow, hisFollow }: World) => [
  `/posts/${hers.id}/`,
  `/profiles/${alice.id}/`,
  `/users/${alice.id}/`,
  `/comments/${herComment.id}/`,
  `/comments/${hisComment.id}/`,
  `/likes/${herLike.id}/`,
  `/likes/${hisLike.id}/`,
  `/followers/${herFollow.id}/`,
  `/followers/${hisFollow.id}/`,
]

let w: World
beforeEach(async () => {
  w = await world()
})

describe('DELETE /dj-rest-auth/user/', () => {
  it('wants a live session and the password, and does nothing without', async () => {
    const { alice } = w
    const nobody = await anyone.delete(`${AUTH}/user/`, { password: PASSWORD })
    const none = await alice.delete(`${AUTH}/user/`)
    const blank = await remove(alice, '')
    const wrong = await remove(alice, 'Wrong-1234')
    expect([nobody.status, none.status, blank.status, wrong.status]).toEqual([401, 400, 400, 400])
    expect(none.body).toEqual({ password: ['This field is required.'] })
    expect(wrong.body).toEqual({
      password: ['Your password was entered incorrectly. Please enter it again.'],
    })
    expect(await stored('select * from deleted_accounts where user_id = ?', alice.id)).toEqual([])
    expect((await alice.get(`${AUTH}/user/`)).status).toBe(200)
  })

  it('signs out everywhere at once: tokens, cookies, sockets', async () => {
    const { alice, bob } = w
    const other = await logIn(alice)
    const page = browser({ [ACCESS]: other.access, [REFRESH]: other.refresh })
    const unnamed = client({ authorization: `Bearer ${await jwt({ user_id: alice.id })}` })
    const hers = await listen(alice, bob)
    const his = await listen(bob, alice)
    await his.until('ready')
    const answer = await page.delete(
      `${AUTH}/user/`,
      { password: PASSWORD },
      { origin: 'http://localhost:3000' },
    )
    expect([answer.status, answer.body, page.cookies.size]).toEqual([204, '', 0])
    for (const one of [alice, unnamed, client({ authorization: `Bearer ${other.access}` })]) {
      const { status, body } = await one.get('/posts/')
      expect([status, body.code]).toEqual([401, 'user_not_found'])
    }
    for (const refresh of [alice.refresh, other.refresh])
      expect((await anyone.post(`${AUTH}/token/refresh/`, { refresh })).status).toBe(401)
    expect((await hers.closed).code).toBe(4401)
    expect(his.isClosed()).toBe(false)
  })

  it('hides all that is theirs, and all that is on it, from every list', async () => {
    const { alice, bob } = w
    const shown = new Map<string, number>()
    for (const path of lists(w)) {
      const { status, body } = await bob.get(path)
      expect(status, path).toBe(200)
      const found = body.results.filter((row: Record<string, unknown>) => ofHers(w, row))
      shown.set(path, found.length)
    }
    // Each of these lists would show her.
    expect([...shown].filter(([, count]) => count === 0)).toEqual([])
    await remove(alice)
    for (const path of lists(w)) {
      for (const viewer of path.startsWith('/users') ? [bob] : [bob, anyone]) {
        const { status, body, cost } = await viewer.get(path)
        expect([status, cost.calls], path).toEqual([200, 1])
        expect(
          body.results.filter((row: Record<string, unknown>) => ofHers(w, row)),
          path,
        ).toEqual([])
      }
    }
    expect((await bob.get(`/users/?username=${alice.username}`)).body.results).toEqual([])
  })

  it('counts people exactly at once', async () => {
    const { alice, bob } = w
    const before = (await bob.get('/users/')).body.count
    const profiles = (await bob.get('/profiles/')).body.count
    await remove(alice)
    expect((await bob.get('/users/')).body.count).toBe(before - 1)
    expect((await bob.get('/profiles/')).body.count).toBe(profiles - 1)
    expect(await differences()).toEqual([])
    await login(alice.username)
    expect((await bob.get('/users/')).body.count).toBe(before)
  })

  it('takes what they did out of what is counted for others at once, and gives it back', async () => {
    const { alice, bob, carol, his } = w
    const likedBoth = await createPost(carol, { title: `both${casts}` })
    await createComment(alice, likedBoth.id)
    await createComment(alice, likedBoth.id)
    const counts = async () => {
      const post = (await bob.get(`/posts/${his.id}/`)).body
      const both = (await bob.get(`/posts/${likedBoth.id}/`)).body
      const people = await Promise.all(
        [bob, carol].map(async ({ id }) => (await bob.get(`/profiles/${id}/`)).body),
      )
      return [
        ...[post.likes_count, post.comments_count, both.comments_count],
        ...people.flatMap(({ followers_count, following_count }) => [followers_count, following_count]),
      ]
    }
    const before = await counts()
    expect(before).toEqual([2, 2, 2, 2, 1, 0, 2])
    await remove(alice)
    const gone = [1, 1, 0, 1, 0, 0, 1]
    expect(await counts()).toEqual(gone)
    expect(await stored('select 1 from account_hidings')).toEqual([])
    expect(await differences()).toEqual([])
    // What others do meanwhile counts, and a comment that is hidden otherwise as well counts neither once nor twice.
    const [hidden] = await stored<{ id: number }>(
      'select min(id) as id from comments where post_id = ?',
      likedBoth.id,
    )
    await stored(
      'insert into hidden_comments (comment_id, post_id, hidden_at) values (?, ?, 1)',
      hidden?.id,
      likedBoth.id,
    )
    await createComment(bob, likedBoth.id)
    expect(await counts()).toEqual([1, 1, 1, ...gone.slice(3)])
    expect(await differences()).toEqual([])
    await login(alice.username)
    expect(await counts()).toEqual([2, 2, 2, ...before.slice(3)])
    expect(await differences()).toEqual([])
    await stored('delete from hidden_comments where comment_id = ?', hidden?.id)
    expect((await counts())[2]).toBe(3)
    // A suspension does the same; what is erased while it counts for nothing is not taken off again.
    await stored(
      'insert into suspended_accounts (user_id, until) values (?, ?)',
      alice.id,
      Date.now() + DAY_MS,
    )
    await worker.scheduled(createScheduledController(), env)
    expect(await counts()).toEqual([1, 1, 1, ...gone.slice(3)])
    await stored(
      'insert into hidden_comments (comment_id, post_id, hidden_at) values (?, ?, 1)',
      hidden?.id,
      likedBoth.id,
    )
    await stored('delete from comments where id = ?', hidden?.id)
    await stored('delete from likes where owner_id = ?', alice.id)
    await stored('delete from suspended_accounts where user_id = ?', alice.id)
    await worker.scheduled(createScheduledController(), env)
    expect(await counts()).toEqual([1, 2, 2, ...before.slice(3)])
    expect(await differences()).toEqual([])
  })

  it('does so in pieces, which may stop anywhere and turn back', async () => {
    const { alice, bob } = w
    const [newest] = await stored<{ id: number }>('select max(id) as id from posts')
    const many = TURNED_AT_ONCE * 2 + 60
    const numbers = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${many})`
    await stored(
      `${numbers} insert into posts (id, owner_id, title, title_key, created_at, updated_at) select ?1 + i, ?2, 'x', 'x', 1, 1 from n`,
      newest?.id,
      bob.id,
    )
    await stored(
      `${numbers} insert into likes (id, owner_id, post_id, created_at) select (select max(id) from likes) + i, ?2, ?1 + i, 1 from n`,
      newest?.id,
      alice.id,
    )
    const liked = async () =>
      (await stored<{ n: number }>('select sum(likes_count) as n from posts where id > ?', newest?.id))[0]?.n
    const db = openDb(env.DB, { primary: true })
    // The first of each kind is the like that she had.
    const { cost } = await remove(alice)
    expect(cost.written).toBeLessThan(2_000)
    expect(await liked()).toBe(many - TURNED_AT_ONCE + 1)
    expect(await differences()).toEqual([])
    await turnHiddenAccounts(db, 1)
    expect(await liked()).toBe(many - 2 * TURNED_AT_ONCE + 1)
    const back = client({ authorization: `Bearer ${(await login(alice.username)).body.access_token}` })
    expect(await liked()).toBe(many - TURNED_AT_ONCE)
    await turnHiddenAccounts(db)
    expect(await liked()).toBe(many)
    expect(await stored('select 1 from account_hidings')).toEqual([])
    expect((await back.delete(`${AUTH}/user/`, { password: PASSWORD })).status).toBe(204)
    await letPass(alice)
    // Erased before all was turned.
    await erase()
    await turnHiddenAccounts(db)
    expect(await liked()).toBe(0)
    expect(await differences()).toEqual([])
  })

  it('is as if it had never been, for whoever asks for it, filters by it or adds to it', async () => {
    const { alice, bob, hers } = w
    await remove(alice)
    for (const path of details(w)) expect((await bob.get(path)).status, path).toBe(404)
    for (const path of [
      `/posts/?owner=${alice.id}`,
      `/posts/?followed=${alice.id}`,
      `/posts/?liked=${alice.id}`,
      `/comments/?post=${hers.id}`,
      `/likes/?post=${hers.id}`,
      `/likes/?owner=${alice.id}`,
      `/followers/?owner=${alice.id}`,
      `/followers/?followed=${alice.id}`,
      `/profiles/?owner__following__followed__profile=${alice.id}`,
    ])
      expect((await bob.get(path)).status, path).toBe(400)
    const noSuchPk = (id: number) => [`Invalid pk "${id}" - object does not exist.`]
    const { carol } = w
    expect((await bob.post('/comments/', { post: hers.id, content: 'x' })).body).toEqual({
      post: noSuchPk(hers.id),
    })
    expect((await bob.post('/comments/', { post: hers.id })).body.post).toEqual(noSuchPk(hers.id))
    const unliked = await bob.post('/likes/', { post: hers.id })
    expect([unliked.status, unliked.body]).toEqual([400, { post: noSuchPk(hers.id) }])
    const unfollowed = await (await signUp(`new${casts}`)).post('/followers/', { followed: alice.id })
    expect([unfollowed.status, unfollowed.body]).toEqual([400, { followed: noSuchPk(alice.id) }])
    for (const who of [bob, carol]) {
      const sent = await send(who, alice, { content: 'hello?' })
      expect([sent.status, sent.body]).toEqual([
        400,
        { detail: ['Recipient not found: User matching query does not exist.'] },
      ])
      expect((await start(who, alice, { content: 'hello?' })).body).toEqual(['Recipient does not exist.'])
    }
    expect(await stored("select 1 from messages where content = 'hello?'")).toEqual([])
  })

  it('leaves conversations to the others, with a deleted person', async () => {
    const { alice, bob, said, answer } = w
    await alice.patch(`/profiles/${alice.id}/`, {})
    await remove(alice)
    const [conversation] = (await bob.get('/messages/')).body
    expect([conversation.id, conversation.username]).toEqual([alice.id, 'deleted user'])
    expect((await bob.get(`/messages/?search=${alice.username}`)).body).toEqual([])
    const { results } = await thread(bob, alice)
    expect(results.map(({ id }: { id: number }) => id)).toEqual([said.id, w.shown.id, answer.id])
    expect((await bob.delete(`/messages/${answer.id}/delete/`)).status).toBe(204)
  })

  it('can be undone for 14 days by signing in, and all is as it was', async () => {
    const { alice, bob } = w
    const read = async () => {
      const answers = await Promise.all([...lists(w), ...details(w)].map((path) => bob.get(path)))
      // Comments say how long ago they were made.
      return JSON.stringify(answers.map(({ body }) => body)).replaceAll(/"(created|updated)_at":"[^"]*"/g, '')
    }
    const before = await read()
    const now = Date.now()
    await remove(alice)
    const [row] = await stored<{ erase_at: number }>(
      'select erase_at from deleted_accounts where user_id = ?',
      alice.id,
    )
    expect(Math.round(((row?.erase_at ?? 0) - now) / DAY_MS)).toBe(14)
    expect((await login(alice.username, 'Wrong-1234')).status).toBe(400)
    await worker.scheduled(createScheduledController(), env)
    const { status, body } = await login(alice.username)
    expect([status, body.user.username]).toEqual([200, alice.username])
    expect(await read()).toEqual(before)
    expect(await differences()).toEqual([])
    const back = client({ authorization: `Bearer ${body.access_token}` })
    expect((await back.get(`${AUTH}/user/`)).status).toBe(200)
    expect((await back.post(`/messages/${bob.id}/send/`, { content: 'I am back' })).status).toBe(201)
  })

  it('cannot be undone once the operator has ended the days of grace', async () => {
    const { alice } = w
    await remove(alice)
    await stored('update deleted_accounts set erase_at = ? where user_id = ?', Date.now(), alice.id)
    expect((await login(alice.username)).status).toBe(400)
    expect(await stored('select 1 from deleted_accounts where user_id = ?', alice.id)).toHaveLength(1)
    expect(await erase()).toBeGreaterThan(0)
  })
})

describe('a token that names no session', () => {
  it('does not change the password without the old one', async () => {
    const { alice } = w
    const unnamed = client({ authorization: `Bearer ${await jwt({ user_id: alice.id })}` })
    const fresh = { new_password1: 'Qw8#mmztRust', new_password2: 'Qw8#mmztRust' }
    const refused = await unnamed.post(`${AUTH}/password/change/`, fresh)
    expect([refused.status, refused.body]).toEqual([400, { old_password: ['This field is required.'] }])
    expect((await login(alice.username)).status).toBe(200)
    expect(
      (await unnamed.post(`${AUTH}/password/change/`, { ...fresh, old_password: PASSWORD })).status,
    ).toBe(200)
  })
})

describe('erasing', () => {
  /** What is left of somebody. */
  const left = async (id: number) => {
    const counts = await stored<{ name: string; n: number }>(
      `select 'posts' as name, count(*) as n from posts where owner_id = ?1
       union all select 'comments', count(*) from comments where owner_id = ?1 union all select 'likes', count(*) from likes where owner_id = ?1
       union all select 'follows', count(*) from followers where ?1 in (owner_id, followed_id)
       union all select 'sessions', count(*) from sessions where user_id = ?1`,
      id,
    )
    const more = await stored<{ name: string; n: number }>(
      `select 'messages' as name, count(*) as n from messages where sender_id = ?1
       union all select 'keys', count(*) from idempotency_keys where user_id = ?1
       union all select 'resets', count(*) from password_resets where user_id = ?1`,
      id,
    )
    return [...counts, ...more].filter(({ n }) => n > 0).map(({ name }) => name)
  }

  it('piece by piece, each of which leaves all that is kept true, and may be the last for a while', async () => {
    const { alice, bob, said, shown, answer, hers, his } = w
    await alice.post('/posts/', { title: 'keyed' }, { 'idempotency-key': 'one' })
    await remove(alice)
    // Who comes back learns of what goes.
    const his_ = await listen(bob, alice)
    const { seq } = await his_.until('ready')
    expect(seq).toBeGreaterThan(0)
    await signUp(`stranger${casts}`).then((stranger) => expect(listen(stranger, alice)).rejects.toThrow())
    expect(await erase()).toBe(0)
    await letPass(alice)
    let runs = 0
    while (
      (await stored('select 1 from deleted_accounts where user_id = ? and erase_at is not null', alice.id))
        .length > 0
    ) {
      expect(await erase(1)).toBeLessThanOrEqual(1)
      expect(await differences()).toEqual([])
      // Once it has begun nothing brings it back.
      expect((await login(alice.username)).status).toBe(400)
      for (const path of details(w)) expect((await bob.get(path)).status).toBe(404)
      if (++runs > 40) throw new Error('does not end')
      // Each run begins anew, so that one of a piece never comes to the end: more pieces each time.
      await erase(runs)
    }
    expect(await left(alice.id)).toEqual([])
    const hash = (url: string) => url.split('/').at(-1)
    const keys = await objectKeys()
    expect(keys).not.toContain(hash(hers.image))
    expect(keys).not.toContain(hash(shown.image))
    expect(
      await stored(
        'select username, email, search_key, password_hash, image from users where id = ?',
        alice.id,
      ),
    ).toEqual([{ username: '', email: '', search_key: '', password_hash: '', image: null }])
    const { results, count } = await thread(bob, alice)
    expect([count, results.map(({ id }: { id: number }) => id)]).toEqual([1, [answer.id]])
    await his_.until('deleted', 2)
    expect(his_.all('deleted').map(({ id }) => id)).toEqual([said.id, shown.id])
    const { body } = await bob.get(`/posts/${his.id}/`)
    expect([body.likes_count, body.comments_count]).toEqual([1, 1])
    expect((await bob.get(`/profiles/${bob.id}/`)).body.followers_count).toBe(1)
  })

  it('is done by the scheduled job', async () => {
    await remove(w.alice)
    await letPass(w.alice)
    await worker.scheduled(createScheduledController(), env)
    expect(await left(w.alice.id)).toEqual([])
    expect(await stored('select erase_at from deleted_accounts where user_id = ?', w.alice.id)).toEqual([
      { erase_at: null },
    ])
  })

  it('takes along what is between people, in both directions, and what they had set', async () => {
    const { alice, bob } = w
    await alice.patch(`/profiles/${alice.id}/`, { is_private: true, message_policy: 'nobody' })
    const [one, other] = [await signUp(`blocks${alice.id}`), await signUp(`asks${alice.id}`)]
    await one.post('/mutes/', { muted: alice.id })
    await one.post('/blocks/', { blocked: alice.id })
    await other.post('/followers/', { followed: alice.id })
    await alice.post('/mutes/', { muted: bob.id })
    await alice.post('/blocks/', { blocked: bob.id })
    const between = async () =>
      (
        await stored<{ n: number }>(
          `select count(*) as n from blocks where ?1 in (owner_id, blocked_id)
           union all select count(*) from mutes where ?1 in (owner_id, muted_id)
           union all select count(*) from follow_requests where ?1 in (owner_id, followed_id)
           union all select count(*) from private_accounts where user_id = ?1
           union all select count(*) from message_policies where user_id = ?1`,
          alice.id,
        )
      ).map(({ n }) => n)
    expect(await between()).toEqual([2, 2, 1, 1, 1])
    await remove(alice)
    await letPass(alice)
    await erase()
    expect(await between()).toEqual([0, 0, 0, 0, 0])
    expect(await differences()).toEqual([])
    expect((await one.get('/blocks/')).body).toMatchObject({ count: 0, results: [] })
  })

  it('takes along what they have reported and why they appealed; the case stays', async () => {
    const { alice, bob } = w
    const post = await createPost(bob)
    for (const who of [alice, bob])
      await who.post('/reports/', { post: post.id, category: 'spam', text: `By ${who.username}` })
    const [notice] = await stored<{ id: number }>(
      `insert into moderation_actions (id, action, user_id, is_notice, created_at)
       values ((select coalesce(max(id), 0) + 1 from moderation_actions), 'warn', ?, 1, 1) returning id`,
      alice.id,
    )
    expect((await alice.post(`/moderation/notices/${notice?.id}/appeal/`, { text: 'No!' })).status).toBe(201)
    await remove(alice)
    await letPass(alice)
    await erase()
    expect(
      await stored(
        'select text from reports where case_id in (select id from cases where subject_id = ?)',
        post.id,
      ),
    ).toEqual([{ text: `By ${bob.username}` }])
    expect(await stored('select * from appeals where action_id = ?', notice?.id)).toEqual([])
    expect(
      await stored("select reports_count from cases where kind = 'post' and subject_id = ?", post.id),
    ).toEqual([{ reports_count: 1 }])
    expect(await differences()).toEqual([])
  })

  it('goes on where an object or the bucket failed, and others are not kept waiting', async () => {
    const { alice, bob } = w
    await remove(alice)
    await letPass(alice)
    await remove(bob)
    await letPass(bob)
    const broken: Others = { ...OTHERS, eraseSentPiece: () => Promise.reject(new Error('out of reach')) }
    await erase(undefined, broken)
    expect(await left(alice.id)).toEqual(['messages'])
    expect(await left(bob.id)).toEqual(['messages'])
    expect(await differences()).toEqual([])
    await erase()
    expect([await left(alice.id), await left(bob.id)]).toEqual([[], []])
    expect(await differences()).toEqual([])
  })

  it('the name is held for a year, in any case, and the address is free at once', async () => {
    const { alice } = w
    await remove(alice)
    await letPass(alice)
    await erase()
    const email = `${alice.username}@example.com`
    const again = { username: alice.username.toUpperCase(), password1: PASSWORD, password2: PASSWORD, email }
    const refused = await anyone.post(`${AUTH}/registration/`, again)
    expect([refused.status, refused.body]).toEqual([
      400,
      { username: ['A user with that username already exists.'] },
    ])
    const [row] = await stored<{ name_free_at: number }>(
      'select name_free_at from deleted_accounts where user_id = ?',
      alice.id,
    )
    expect(Math.round(((row?.name_free_at ?? 0) - Date.now()) / DAY_MS)).toBe(365)
    await stored('update deleted_accounts set name_free_at = 1 where user_id = ?', alice.id)
    await erase()
    const { status, body } = await anyone.post(`${AUTH}/registration/`, again)
    expect(status, JSON.stringify(body)).toBe(201)
    expect(body.user.pk).not.toBe(alice.id)
  })

  it('no piece deletes more rows than it may, whatever others have put on a post', async () => {
    const { alice, hers } = w
    const [newest] = await stored<{ id: number }>('select max(id) as id from users')
    const numbers = 'with recursive n(i) as (select 1 union all select i + 1 from n where i < 700)'
    await stored(
      `${numbers} insert into users (id, username, username_key, password_hash, created_at, profile_updated_at)
       select ?1 + i, 'fan' || (?1 + i), 'fan' || (?1 + i), '', 1, 1 from n`,
      newest?.id,
    )
    for (const table of ['likes', 'followers'])
      await stored(
        `${numbers} insert into ${table} (id, owner_id, ${table === 'likes' ? 'post_id' : 'followed_id'}, created_at)
         select (select max(id) from ${table}) + i, ?1 + i, ?2, 1 from n`,
        newest?.id,
        table === 'likes' ? hers.id : alice.id,
      )
    const rows = async () => {
      const [row] = await stored<{ n: number }>(
        'select (select count(*) from posts) + (select count(*) from likes) + (select count(*) from comments) + (select count(*) from followers) as n',
      )
      return row?.n ?? 0
    }
    await remove(alice)
    await letPass(alice)
    const before = await rows()
    for (let pieces = 1, last = before; pieces < 40; pieces++) {
      await erase(1)
      const now = await rows()
      expect(last - now).toBeLessThanOrEqual(PIECE_ROWS)
      last = now
      if (pieces === 3) expect(now).toBeLessThan(before)
    }
    await erase()
    expect(await left(alice.id)).toEqual([])
    expect(await differences()).toEqual([])
  })

  it('no statement deletes a user who has anything', async () => {
    const { alice, bob } = w
    await expect(stored('delete from users where id = ?', alice.id)).rejects.toThrow('erased in pieces')
    await expect(stored('delete from users')).rejects.toThrow('erased in pieces')
    expect(await stored('select count(*) as n from users where id in (?, ?)', alice.id, bob.id)).toEqual([
      { n: 2 },
    ])
  })
})
