/** Comments, likes and follows, and what posts and profiles say of them. */
import { beforeAll, describe, expect, test } from 'vitest'
import { type Answer, anyone, client, ORIGIN, type Person, signUp, stored } from './client'

const CREDENTIALS = { detail: 'Authentication credentials were not provided.' }
const FORBIDDEN = { detail: 'You do not have permission to perform this action.' }
const NOT_FOUND = { detail: 'Not found.' }
const NO_CHOICE = 'Select a valid choice. That choice is not one of the available choices.'
const REQUIRED = ['This field is required.']
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const DAY = /^\d\d [A-Z][a-z]{2} \d{4}$/
const UNKNOWN = 999_999

let alice: Person
let bob: Person
let carol: Person
/** Two posts of alice's. */
let sunrise: number
let sunset: number

const post = async (owner: Person, title: string): Promise<number> =>
  (await owner.post('/posts/', { title })).body.id
const like = async (owner: Person, id: number): Promise<number> =>
  (await owner.post('/likes/', { post: id })).body.id
const follow = async (owner: Person, { id }: Person): Promise<number> =>
  (await owner.post('/followers/', { followed: id })).body.id
const comment = async (owner: Person, id: number, content = 'Nice'): Promise<number> =>
  (await owner.post('/comments/', { post: id, content })).body.id

const idsOf = ({ body }: Answer): number[] => body.results.map(({ id }: { id: number }) => id)
const exists = async (table: string, id: number) =>
  (await stored(`select id from ${table} where id = ?`, id)).length === 1

beforeAll(async () => {
  alice = await signUp('alice')
  bob = await signUp('bob')
  carol = await signUp('carol')
  sunrise = await post(alice, 'Sunrise')
  sunset = await post(alice, 'Sunset')
})

/** Wrong ids for the field that names another row, and what is said of each. */
const WRONG_PKS: [value: unknown, message: string][] = [
  [undefined, 'This field is required.'],
  [null, 'This field may not be null.'],
  [UNKNOWN, `Invalid pk "${UNKNOWN}" - object does not exist.`],
  [String(UNKNOWN), `Invalid pk "${UNKNOWN}" - object does not exist.`],
  [0, 'Invalid pk "0" - object does not exist.'],
  [-1, 'Invalid pk "-1" - object does not exist.'],
  ['abc', 'Incorrect type. Expected pk value, received str.'],
  [true, 'Incorrect type. Expected pk value, received bool.'],
  [[1], 'Incorrect type. Expected pk value, received list.'],
  [{ id: 1 }, 'Incorrect type. Expected pk value, received dict.'],
  [1.5, 'Incorrect type. Expected pk value, received float.'],
]

describe('comments', () => {
  test('nobody comments without signing in', async () => {
    const before = await stored('select count(*) as n from comments')
    const answer = await anyone.post('/comments/', { post: sunrise, content: 'Nice' })
    expect([answer.status, answer.body]).toEqual([401, CREDENTIALS])
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api"')
    expect(await stored('select count(*) as n from comments')).toEqual(before)
  })

  test.each(WRONG_PKS)('a comment on %j is refused', async (value, message) => {
    const before = await stored('select count(*) as n from comments')
    const answer = await bob.post('/comments/', { post: value, content: 'Nice' })
    expect([answer.status, answer.body]).toEqual([400, { post: [message] }])
    expect(await stored('select count(*) as n from comments')).toEqual(before)
  })

  test.each([
    [undefined, REQUIRED[0]],
    [null, 'This field may not be null.'],
    ['', 'This field may not be blank.'],
    [' \n ', 'This field may not be blank.'],
    [[], 'Not a valid string.'],
    [false, 'Not a valid string.'],
    ['a\0b', 'Null characters are not allowed.'],
    ['é'.repeat(10_001), 'Ensure this field has no more than 10000 characters.'],
  ])('a comment that says %j is refused', async (content, message) => {
    const answer = await bob.post('/comments/', { post: sunrise, content })
    expect([answer.status, answer.body]).toEqual([400, { content: [message] }])
    expect(await stored('select id from comments where owner_id = ?', bob.id)).toEqual([])
  })

  test('every bad field is told at once', async () => {
    expect((await bob.post('/comments/', {})).body).toEqual({ post: REQUIRED, content: REQUIRED })
    expect((await bob.post('/comments/', { post: UNKNOWN, content: '' })).body).toEqual({
      post: [`Invalid pk "${UNKNOWN}" - object does not exist.`],
      content: ['This field may not be blank.'],
    })
    expect((await bob.post('/comments/', new URLSearchParams({ post: '', content: 'x' }))).body).toEqual({
      post: ['This field may not be null.'],
    })
  })

  test('a comment is stored, shown and counted', async () => {
    const { status, body } = await bob.post('/comments/', { post: sunrise, content: '  First! ' })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      owner: 'bob',
      is_owner: true,
      profile_id: bob.id,
      profile_image: expect.stringContaining(ORIGIN),
      post: sunrise,
      created_at: 'now',
      updated_at: 'now',
      created: expect.stringMatching(ISO),
      updated: expect.stringMatching(ISO),
      content: 'First!',
    })
    expect(await stored('select owner_id, post_id, content from comments where id = ?', body.id)).toEqual([
      { owner_id: bob.id, post_id: sunrise, content: 'First!' },
    ])
    expect((await anyone.get(`/posts/${sunrise}/`)).body.comments_count).toBe(1)
    expect((await anyone.get(`/comments/${body.id}/`)).body).toMatchObject({
      is_owner: false,
      content: 'First!',
    })
    expect((await bob.get(`/api/comments/${body.id}`)).body.is_owner).toBe(true)
  })

  test('numbers are text, digits are ids, and forms do as well as JSON', async () => {
    const number = await carol.post('/comments/', { post: `${sunrise}`, content: 5 })
    expect([number.status, number.body.content]).toEqual([201, '5'])
    const form = await carol.post('/comments/', new URLSearchParams({ post: `${sunrise}`, content: 'form' }))
    expect([form.status, form.body.content]).toEqual([201, 'form'])
    const html = await carol.post('/comments/', { post: sunrise, content: '<script>alert(1)</script>' })
    expect(html.body.content).toBe('<script>alert(1)</script>')
    expect((await carol.post('/comments/', { post: sunrise, content: '👍'.repeat(10_000) })).status).toBe(201)
  })

  test('the list is newest first, and filtered by post', async () => {
    const [first, second] = [await comment(alice, sunset, 'one'), await comment(bob, sunset, 'two')]
    const all = await anyone.get('/comments/')
    expect(idsOf(all)).toEqual(idsOf(all).toSorted((a, b) => b - a))
    expect(idsOf(all).slice(0, 2)).toEqual([second, first])
    const ofPost = await bob.get(`/comments/?post=${sunset}`)
    expect(ofPost.body).toMatchObject({ count: 2, next: null, previous: null })
    expect(ofPost.body.results).toMatchObject([
      { id: second, owner: 'bob', is_owner: true, content: 'two' },
      { id: first, owner: 'alice', is_owner: false, content: 'one' },
    ])
    expect((await anyone.get('/comments/?post=')).body.count).toBe(all.body.count)
    expect((await anyone.get(`/comments/?post=${await post(alice, 'Quiet')}`)).body).toMatchObject({
      count: 0,
      results: [],
    })
  })

  test.each([UNKNOWN, 'abc', '1.5', '-1'])('a list of comments on %s is refused', async (value) => {
    const answer = await anyone.get(`/comments/?post=${value}`)
    expect([answer.status, answer.body]).toEqual([400, { post: [NO_CHOICE] }])
  })

  test('only the owner changes a comment, and is told so before what is wrong with the body', async () => {
    const id = await comment(bob, sunrise, 'mine')
    for (const change of ['put', 'patch'] as const) {
      const nobody = await anyone[change](`/comments/${id}/`, { content: 'x' })
      expect([nobody.status, nobody.body]).toEqual([401, CREDENTIALS])
      const unknown = await bob[change](`/comments/${UNKNOWN}/`, { content: '' })
      expect([unknown.status, unknown.body]).toEqual([404, NOT_FOUND])
      const other = await carol[change](`/comments/${id}/`, { content: '' })
      expect([other.status, other.body]).toEqual([403, FORBIDDEN])
      expect((await carol[change](`/comments/${id}/`, { content: 'hers' })).status).toBe(403)
      const blank = await bob[change](`/comments/${id}/`, { content: '' })
      expect([blank.status, blank.body]).toEqual([400, { content: ['This field may not be blank.'] }])
    }
    expect((await bob.put(`/comments/${id}/`, {})).body).toEqual({ content: REQUIRED })
    expect(await stored('select content from comments where id = ?', id)).toEqual([{ content: 'mine' }])
  })

  test('the owner changes what it says, and nothing else', async () => {
    const id = await comment(bob, sunrise, 'mine')
    await stored(
      'update comments set created_at = created_at - 120000, updated_at = created_at where id = ?',
      id,
    )
    const put = await bob.put(`/comments/${id}/`, { content: 'better', post: sunset, owner: 'carol', id: 1 })
    expect([put.status, put.body]).toMatchObject([
      200,
      {
        id,
        content: 'better',
        post: sunrise,
        owner: 'bob',
        created_at: '2\u00a0minutes ago',
        updated_at: 'now',
      },
    ])
    expect((await bob.patch(`/comments/${id}/`, { content: 'best' })).body.content).toBe('best')
    expect((await bob.patch(`/comments/${id}/`, {})).body.content).toBe('best')
    expect(await stored('select content, post_id from comments where id = ?', id)).toEqual([
      { content: 'best', post_id: sunrise },
    ])
  })

  test('only the owner deletes a comment', async () => {
    const before = (await anyone.get(`/posts/${sunrise}/`)).body.comments_count
    const id = await comment(bob, sunrise)
    const nobody = await anyone.delete(`/comments/${id}/`)
    expect([nobody.status, nobody.body]).toEqual([401, CREDENTIALS])
    const other = await alice.delete(`/comments/${id}/`)
    expect([other.status, other.body]).toEqual([403, FORBIDDEN])
    expect((await bob.delete(`/comments/${UNKNOWN}/`)).status).toBe(404)
    expect((await anyone.get(`/posts/${sunrise}/`)).body.comments_count).toBe(before + 1)
    const own = await bob.delete(`/comments/${id}/`)
    expect([own.status, own.body]).toEqual([204, ''])
    expect(await exists('comments', id)).toBe(false)
    expect((await anyone.get(`/posts/${sunrise}/`)).body.comments_count).toBe(before)
    expect((await bob.delete(`/comments/${id}/`)).body).toEqual(NOT_FOUND)
    expect((await anyone.get(`/comments/${id}/`)).status).toBe(404)
  })

  const MINUTE = 60
  const HOUR = 60 * MINUTE
  const DAYS = 24 * HOUR
  test.each([
    [0, 'now'],
    [30, '30 seconds ago'],
    [90, 'a minute ago'],
    [5 * MINUTE + 20, '5 minutes ago'],
    [61 * MINUTE, 'an hour ago'],
    [23 * HOUR + 30 * MINUTE, '23 hours ago'],
    [25 * HOUR + MINUTE, '1 day, 1 hour ago'],
    [3 * DAYS + 2 * HOUR + 5 * MINUTE, '3 days, 2 hours ago'],
    [5 * DAYS + 10 * MINUTE, '5 days ago'],
    [8 * DAYS + MINUTE, '1 week, 1 day ago'],
    [22 * DAYS + MINUTE, '3 weeks, 1 day ago'],
    [40 * DAYS + MINUTE, '1 month, 1 week ago'],
    [400 * DAYS + MINUTE, '1 year, 1 month ago'],
    [731 * DAYS, '2 years ago'],
  ])('%i seconds ago is said as "%s"', async (seconds, said) => {
    const id = await comment(bob, sunrise)
    // A row from the future, by what the test may take, is still new.
    const time = Date.now() - seconds * 1000 + (seconds === 0 ? 30_000 : 0)
    await stored('update comments set created_at = ?, updated_at = ? where id = ?', time, time, id)
    const shown = said.replace(/(\d+) /g, '$1\u00a0')
    expect((await anyone.get(`/comments/${id}/`)).body).toMatchObject({
      created_at: shown,
      updated_at: shown,
    })
  })
})

describe('likes', () => {
  test('nobody likes without signing in', async () => {
    const answer = await anyone.post('/likes/', { post: sunrise })
    expect([answer.status, answer.body]).toEqual([401, CREDENTIALS])
    expect(await stored('select id from likes')).toEqual([])
  })

  test.each(WRONG_PKS)('a like of %j is refused', async (value, message) => {
    const answer = await bob.post('/likes/', { post: value })
    expect([answer.status, answer.body]).toEqual([400, { post: [message] }])
    expect(await stored('select id from likes')).toEqual([])
  })

  test('a like is stored, counted and shown to who likes', async () => {
    const { status, body } = await bob.post('/likes/', { post: sunrise })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      created_at: expect.stringMatching(DAY),
      created: expect.stringMatching(ISO),
      updated: expect.stringMatching(ISO),
      owner: 'bob',
      post: sunrise,
    })
    expect(await stored('select owner_id, post_id from likes where id = ?', body.id)).toEqual([
      { owner_id: bob.id, post_id: sunrise },
    ])
    expect((await bob.get(`/posts/${sunrise}/`)).body).toMatchObject({ likes_count: 1, like_id: body.id })
    expect((await carol.get(`/posts/${sunrise}/`)).body).toMatchObject({ likes_count: 1, like_id: null })
    expect((await anyone.get(`/posts/${sunrise}/`)).body.like_id).toBeNull()
    expect((await anyone.get(`/likes/${body.id}/`)).body).toEqual(body)
    expect((await anyone.get('/likes/')).body.results[0]).toEqual(body)
  })

  test('the same like twice is refused', async () => {
    const id = await like(carol, sunset)
    const again = await carol.post('/likes/', { post: sunset })
    expect([again.status, again.body]).toEqual([400, { detail: 'possible duplicate' }])
    expect(await stored('select id from likes where owner_id = ? and post_id = ?', carol.id, sunset)).toEqual(
      [{ id }],
    )
    expect((await carol.get(`/posts/${sunset}/`)).body.likes_count).toBe(1)
  })

  test('only the owner takes a like back, and then may like again', async () => {
    const mine = await post(alice, 'Liked by its owner')
    const id = await like(alice, mine)
    expect((await anyone.delete(`/likes/${id}/`)).body).toEqual(CREDENTIALS)
    const other = await bob.delete(`/likes/${id}/`)
    expect([other.status, other.body]).toEqual([403, FORBIDDEN])
    expect((await bob.delete(`/likes/${UNKNOWN}/`)).status).toBe(404)
    expect(await exists('likes', id)).toBe(true)
    expect((await alice.delete(`/likes/${id}/`)).status).toBe(204)
    expect(await exists('likes', id)).toBe(false)
    expect((await alice.get(`/posts/${mine}/`)).body).toMatchObject({ likes_count: 0, like_id: null })
    expect((await alice.delete(`/likes/${id}/`)).body).toEqual(NOT_FOUND)
    expect(await like(alice, mine)).toBeGreaterThan(id)
  })

  test('a like has no update', async () => {
    const id = await like(bob, sunset)
    for (const change of ['put', 'patch'] as const) {
      const { status, body, headers } = await bob[change](`/likes/${id}/`, { post: sunrise })
      expect([status, body.detail]).toEqual([405, `Method "${change.toUpperCase()}" not allowed.`])
      expect(headers.get('allow')).toContain('DELETE')
    }
    expect(await stored('select post_id from likes where id = ?', id)).toEqual([{ post_id: sunset }])
    expect((await anyone.get(`/likes/${UNKNOWN}/`)).body).toEqual(NOT_FOUND)
    expect((await anyone.get('/likes/?page=99')).body).toEqual({ detail: 'Invalid page.' })
  })
})

describe('followers', () => {
  test('nobody follows without signing in', async () => {
    const answer = await anyone.post('/followers/', { followed: alice.id })
    expect([answer.status, answer.body]).toEqual([401, CREDENTIALS])
    expect(await stored('select id from followers')).toEqual([])
  })

  test.each(WRONG_PKS)('a follow of %j is refused', async (value, message) => {
    const answer = await bob.post('/followers/', { followed: value })
    expect([answer.status, answer.body]).toEqual([400, { followed: [message] }])
    expect(await stored('select id from followers')).toEqual([])
  })

  test('nobody follows themselves', async () => {
    const answer = await bob.post('/followers/', { followed: `${bob.id}` })
    expect([answer.status, answer.body]).toEqual([400, { followed: ["You can't follow yourself."] }])
    expect(await stored('select id from followers')).toEqual([])
  })

  test('a follow is stored, counted on both sides and shown to who follows', async () => {
    const { status, body } = await bob.post('/followers/', { followed: alice.id })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      owner: 'bob',
      created_at: expect.stringMatching(DAY),
      created: expect.stringMatching(ISO),
      updated: expect.stringMatching(ISO),
      followed: alice.id,
      followed_name: 'alice',
    })
    expect(await stored('select owner_id, followed_id from followers where id = ?', body.id)).toEqual([
      { owner_id: bob.id, followed_id: alice.id },
    ])
    expect((await anyone.get(`/followers/${body.id}/`)).body).toEqual(body)
    expect((await bob.get(`/profiles/${alice.id}/`)).body).toMatchObject({
      followers_count: 1,
      following_count: 0,
      following_id: body.id,
    })
    expect((await alice.get(`/profiles/${bob.id}/`)).body).toMatchObject({
      followers_count: 0,
      following_count: 1,
      following_id: null,
    })
    expect((await anyone.get(`/profiles/${alice.id}/`)).body.following_id).toBeNull()
  })

  test('the same follow twice is refused', async () => {
    const id = await follow(carol, alice)
    const again = await carol.post('/followers/', { followed: alice.id })
    expect([again.status, again.body]).toEqual([400, { followed: ['You are already following this user.'] }])
    expect(await stored('select id from followers where owner_id = ?', carol.id)).toEqual([{ id }])
    expect((await anyone.get(`/profiles/${alice.id}/`)).body.followers_count).toBe(2)
  })

  test('the list is newest first, and filtered by who follows and who is followed', async () => {
    const [dave, erin] = [await signUp('dave'), await signUp('erin')]
    const back = await follow(dave, erin)
    const forth = await follow(erin, dave)
    const on = await follow(dave, bob)
    const all = await anyone.get('/followers/')
    expect(idsOf(all).slice(0, 3)).toEqual([on, forth, back])
    expect(idsOf(all)).toHaveLength(all.body.count)
    expect((await anyone.get(`/followers/?owner=${dave.id}`)).body).toMatchObject({
      count: 2,
      results: [
        { id: on, followed_name: 'bob' },
        { id: back, followed_name: 'erin' },
      ],
    })
    expect((await anyone.get(`/followers/?followed=${dave.id}`)).body).toMatchObject({
      count: 1,
      results: [{ id: forth, owner: 'erin' }],
    })
    expect(idsOf(await anyone.get(`/followers/?owner=${dave.id}&followed=${bob.id}`))).toEqual([on])
    expect((await anyone.get(`/followers/?owner=${bob.id}&followed=${dave.id}`)).body).toMatchObject({
      count: 0,
    })
    expect((await anyone.get('/followers/?owner=&followed=')).body.count).toBe(all.body.count)
    const bad = await anyone.get(`/followers/?owner=${UNKNOWN}&followed=abc`)
    expect(bad.status).toBe(400)
    expect(bad.body.followed).toEqual([NO_CHOICE])
    expect((await anyone.get(`/followers/?owner=${UNKNOWN}`)).body).toEqual({ owner: [NO_CHOICE] })
  })

  test('only the owner unfollows, and then may follow again', async () => {
    const [frank, grace] = [await signUp('frank'), await signUp('grace')]
    const id = await follow(frank, grace)
    expect((await anyone.delete(`/followers/${id}/`)).body).toEqual(CREDENTIALS)
    const other = await grace.delete(`/followers/${id}/`)
    expect([other.status, other.body]).toEqual([403, FORBIDDEN])
    expect((await frank.delete(`/followers/${UNKNOWN}/`)).status).toBe(404)
    expect((await frank.patch(`/followers/${id}/`, {})).status).toBe(405)
    expect((await frank.get(`/profiles/${grace.id}/`)).body.following_id).toBe(id)
    expect((await frank.delete(`/followers/${id}/`)).status).toBe(204)
    expect(await exists('followers', id)).toBe(false)
    expect((await frank.get(`/profiles/${grace.id}/`)).body).toMatchObject({
      followers_count: 0,
      following_id: null,
    })
    expect((await frank.get(`/profiles/${frank.id}/`)).body.following_count).toBe(0)
    expect(await follow(frank, grace)).toBeGreaterThan(id)
  })
})

/** Five people and their posts, alone in their filters: lists of everything hold the others of this file too. */
describe('lists by likes, comments and follows', () => {
  let ann: Person
  let ben: Person
  let cid: Person
  let dora: Person
  let first: number
  let second: number
  let third: number
  let byBen: number
  let never: number

  beforeAll(async () => {
    ann = await signUp('ann')
    ben = await signUp('ben')
    cid = await signUp('cid')
    dora = await signUp('dora')
    first = await post(ann, 'xyzzy one')
    second = await post(ann, 'xyzzy two')
    third = await post(ann, 'xyzzy three')
    byBen = await post(ben, 'xyzzy of ben')
    never = await post(ann, 'xyzzy that nobody likes')
    // second: two likes, the newest of all; third and first: one; first's is newer.
    for (const [owner, id] of [
      [ben, third],
      [cid, second],
      [dora, first],
      [ben, second],
    ] as const)
      await like(owner, id)
    // first: three comments, byBen: one.
    for (const id of [first, byBen, first, first]) await comment(cid, id)
    await follow(cid, ann)
    await follow(dora, ann)
    await follow(dora, ben)
  })

  const titles = async (query: string, viewer = anyone) => idsOf(await viewer.get(`/posts/?${query}`))

  describe('PostListViewFilterTests', () => {
    test('filters by followed users: the feed', async () => {
      expect(await titles(`owner__followed__owner__profile=${dora.id}`)).toEqual([
        never,
        byBen,
        third,
        second,
        first,
      ])
      const ofCid = await anyone.get(`/posts/?owner__followed__owner__profile=${cid.id}`)
      expect(idsOf(ofCid)).toEqual([never, third, second, first])
      expect(ofCid.body.count).toBe(4)
      expect(await titles(`followed=${cid.id}`)).toEqual(idsOf(ofCid))
    })

    test('is empty for somebody who follows nobody', async () => {
      expect((await anyone.get(`/posts/?owner__followed__owner__profile=${ann.id}`)).body).toEqual({
        count: 0,
        next: null,
        previous: null,
        results: [],
      })
    })

    test('follows an unfollow, and a new post', async () => {
      const [eva, fay] = [await signUp('eva'), await signUp('fay')]
      const id = await follow(eva, fay)
      const news = await post(fay, 'News')
      expect(await titles(`followed=${eva.id}`)).toEqual([news])
      await eva.delete(`/followers/${id}/`)
      expect(await titles(`followed=${eva.id}`)).toEqual([])
    })

    test('filters liked posts, newest post first', async () => {
      const answer = await ben.get(`/posts/?likes__owner__profile=${ben.id}`)
      expect(idsOf(answer)).toEqual([third, second])
      expect(answer.body.count).toBe(2)
      expect(answer.body.results[0].like_id).toEqual(expect.any(Number))
      expect(await titles(`liked=${ben.id}`)).toEqual([third, second])
      expect(await titles(`likes__owner__profile=${ann.id}`)).toEqual([])
    })

    test('orders liked posts by when they were liked, as existing front ends ask', async () => {
      expect(await titles(`likes__owner__profile=${ben.id}&ordering=-likes__created_at`)).toEqual([
        second,
        third,
      ])
      expect(await titles(`likes__owner__profile=${ben.id}&ordering=likes__created_at`)).toEqual([
        third,
        second,
      ])
    })

    test('filters by user', async () => {
      expect(await titles(`owner__profile=${ann.id}`)).toEqual([never, third, second, first])
      expect(await titles(`owner=${ben.id}`)).toEqual([byBen])
      expect((await anyone.get(`/posts/?owner__profile=${ann.id}`)).body.count).toBe(4)
    })

    test('combines', async () => {
      expect(await titles(`owner__profile=${ann.id}&likes__owner__profile=${cid.id}`)).toEqual([second])
      expect(await titles(`followed=${dora.id}&liked=${cid.id}`)).toEqual([second])
      expect(await titles(`followed=${cid.id}&owner=${ben.id}`)).toEqual([])
      expect(await titles(`owner=${ann.id}&search=xyzzy t`)).toEqual([never, third, second])
      expect(await titles(`liked=${ben.id}&search=tw&ordering=likes_count`)).toEqual([second])
      expect(await titles(`followed=${dora.id}&search=xyzzy&ordering=-comments_count`)).toEqual([
        first,
        byBen,
        never,
        third,
        second,
      ])
    })

    test.each([
      'owner__profile',
      'owner__followed__owner__profile',
      'likes__owner__profile',
      'owner',
      'followed',
      'liked',
    ])('%s refuses who is not there', async (name) => {
      for (const value of [UNKNOWN, 'abc', '1.0']) {
        const answer = await anyone.get(`/posts/?${name}=${value}`)
        expect([answer.status, answer.body]).toEqual([400, { [name]: [NO_CHOICE] }])
      }
      const blank = await anyone.get(`/posts/?${name}=`)
      expect([blank.status, blank.body.count]).toEqual([200, (await anyone.get('/posts/')).body.count])
    })
  })

  describe('PostListViewOrderTests', () => {
    test.each([
      ['', ['never', 'byBen', 'third', 'second', 'first']],
      ['nope', ['never', 'byBen', 'third', 'second', 'first']],
      ['-created_at', ['never', 'byBen', 'third', 'second', 'first']],
      ['created_at', ['first', 'second', 'third', 'byBen', 'never']],
      ['-likes_count', ['second', 'third', 'first', 'never', 'byBen']],
      ['likes_count', ['never', 'byBen', 'third', 'first', 'second']],
      ['-comments_count', ['first', 'byBen', 'never', 'third', 'second']],
      ['comments_count', ['never', 'third', 'second', 'byBen', 'first']],
      // Never liked: last ascending, first descending, as in the database of the original.
      ['likes__created_at', ['third', 'first', 'second', 'never', 'byBen']],
      ['-likes__created_at', ['never', 'byBen', 'second', 'first', 'third']],
    ])('orders by "%s", each post once and ties newest first', async (ordering, expected) => {
      const named = { first, second, third, byBen, never }
      const ids = expected.map((name) => named[name as keyof typeof named])
      // With a search, with a filter, and among all posts: three ways to read the same order.
      expect(await titles(`search=xyzzy&ordering=${ordering}`)).toEqual(ids)
      expect(await titles(`followed=${dora.id}&ordering=${ordering}`)).toEqual(ids)
      const all = await titles(`page_size=100&ordering=${ordering}`)
      expect(new Set(all).size).toBe(all.length)
      expect(all.filter((id) => ids.includes(id))).toEqual(ids)
    })

    test('an unlike moves a post back', async () => {
      const id = await like(dora, third)
      expect((await titles('search=xyzzy&ordering=likes__created_at'))[2]).toBe(third)
      await dora.delete(`/likes/${id}/`)
      expect((await titles('search=xyzzy&ordering=likes__created_at'))[0]).toBe(third)
    })
  })

  describe('profiles', () => {
    const names = async (query: string, viewer = anyone) =>
      (await viewer.get(`/profiles/${query}`)).body.results.map(({ owner }: { owner: string }) => owner)
    const CAST = ['ann', 'ben', 'cid', 'dora']
    const cast = (list: string[]) => list.filter((name) => CAST.includes(name))

    test('say how many posts, followers and followed accounts there are, and whom the viewer follows', async () => {
      const { results } = (await dora.get('/profiles/')).body
      const of = (name: string) => results.find(({ owner }: { owner: string }) => owner === name)
      expect(of('ann')).toMatchObject({ posts_count: 4, followers_count: 2, following_count: 0 })
      expect(of('dora')).toMatchObject({
        posts_count: 0,
        following_count: 2,
        following_id: null,
        is_owner: true,
      })
      const [row] = await stored(
        'select id from followers where owner_id = ? and followed_id = ?',
        dora.id,
        ann.id,
      )
      expect(of('ann').following_id).toBe(row?.id)
      expect(of('cid').following_id).toBeNull()
    })

    test.each([
      ['', ['dora', 'cid', 'ben', 'ann']],
      ['nope', ['dora', 'cid', 'ben', 'ann']],
      ['posts_count', ['dora', 'cid', 'ben', 'ann']],
      ['-posts_count', ['ann', 'ben', 'dora', 'cid']],
      ['followers_count', ['dora', 'cid', 'ben', 'ann']],
      ['-followers_count', ['ann', 'ben', 'dora', 'cid']],
      ['following_count', ['ben', 'ann', 'cid', 'dora']],
      ['-following_count', ['dora', 'cid', 'ben', 'ann']],
      ['owner__following__created_at', ['cid', 'dora', 'ben', 'ann']],
      ['-owner__following__created_at', ['ben', 'ann', 'dora', 'cid']],
      ['owner__followed__created_at', ['ann', 'ben', 'dora', 'cid']],
      ['-owner__followed__created_at', ['dora', 'cid', 'ben', 'ann']],
      ['-followers_count,following_count', ['ann', 'ben', 'cid', 'dora']],
      ['followers_count,nope,-posts_count,-following_count', ['dora', 'cid', 'ben', 'ann']],
    ])('are ordered by "%s", each once and ties newest first', async (ordering, expected) => {
      const all = await names(`?ordering=${ordering}`)
      expect(new Set(all).size).toBe(all.length)
      expect(cast(all)).toEqual(expected)
    })

    test('are filtered by whom they follow and who follows them', async () => {
      expect(await names(`?owner__following__followed__profile=${ann.id}`)).toEqual(['dora', 'cid'])
      expect(await names(`?owner__followed__owner__profile=${dora.id}`)).toEqual(['ben', 'ann'])
      expect(await names(`?owner__followed__owner__profile=${dora.id}&ordering=-posts_count`)).toEqual([
        'ann',
        'ben',
      ])
      expect(
        await names(
          `?owner__followed__owner__profile=${dora.id}&owner__following__followed__profile=${ann.id}`,
        ),
      ).toEqual([])
      expect((await anyone.get(`/profiles/?owner__following__followed__profile=${ann.id}`)).body.count).toBe(
        2,
      )
      expect(await names('?owner__following__followed__profile=')).toContain('dora')
    })

    test.each(['owner__following__followed__profile', 'owner__followed__owner__profile'])(
      '%s refuses who is not there',
      async (name) => {
        for (const value of [UNKNOWN, 'abc']) {
          const answer = await anyone.get(`/profiles/?${name}=${value}`)
          expect([answer.status, answer.body]).toEqual([400, { [name]: [NO_CHOICE] }])
        }
      },
    )

    test('most followed come by followers, whatever ordering is asked for', async () => {
      expect(cast(await names('most_followed/'))).toEqual(['ann', 'ben', 'dora', 'cid'])
      expect(await names('most_followed/?ordering=followers_count')).toEqual(await names('most_followed/'))
      expect((await anyone.get('/api/profiles/most_followed')).status).toBe(200)
      expect((await anyone.get('/profiles/most_followed/?page=2')).body).toEqual({ detail: 'Invalid page.' })
    })

    test('show the six newest pictures of their owner', async () => {
      expect((await anyone.get(`/profiles/${ann.id}/`)).body.posts).toHaveLength(4)
      for (let i = 0; i < 3; i++) await post(ann, `More ${i}`)
      expect((await anyone.get(`/profiles/${ann.id}/`)).body).toMatchObject({ posts_count: 7 })
      expect((await anyone.get(`/profiles/${ann.id}/`)).body.posts).toHaveLength(6)
    })
  })
})

describe('what goes with what', () => {
  test('a deleted post takes its likes and comments, and its count from the owner', async () => {
    const [hana, ivo] = [await signUp('hana'), await signUp('ivo')]
    const id = await post(hana, 'Short-lived')
    const [liked, said] = [await like(ivo, id), await comment(ivo, id)]
    expect((await hana.delete(`/posts/${id}/`)).status).toBe(204)
    expect((await anyone.get(`/likes/${liked}/`)).body).toEqual(NOT_FOUND)
    expect((await anyone.get(`/comments/${said}/`)).body).toEqual(NOT_FOUND)
    expect((await anyone.get(`/comments/?post=${id}`)).body).toEqual({ post: [NO_CHOICE] })
    expect((await anyone.get(`/posts/?liked=${ivo.id}`)).body.count).toBe(0)
    expect((await anyone.get(`/profiles/${hana.id}/`)).body.posts_count).toBe(0)
  })

  test('a deleted user takes everything, and every count of others is right afterwards', async () => {
    const [jana, kim] = [await signUp('jana'), await signUp('kim')]
    const [hers, his] = [await post(jana, 'Hers'), await post(kim, 'His')]
    for (const [owner, id] of [
      [jana, his],
      [kim, hers],
      [kim, his],
    ] as const) {
      await like(owner, id)
      await comment(owner, id)
    }
    await follow(jana, kim)
    await follow(kim, jana)
    await stored('delete from users where id = ?', jana.id)
    expect((await kim.get(`/posts/${his}/`)).body).toMatchObject({ likes_count: 1, comments_count: 1 })
    expect((await kim.get(`/profiles/${kim.id}/`)).body).toMatchObject({
      followers_count: 0,
      following_count: 0,
    })
    expect((await kim.get(`/posts/?liked=${kim.id}`)).body.count).toBe(1)
    const gone = await jana.post('/likes/', { post: his })
    expect([gone.status, gone.body.code]).toEqual([401, 'user_not_found'])
  })
})

describe('fifty at once', () => {
  const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort((a, b) => a - b)
  const ONE_OF_FIFTY = [201, ...Array<number>(49).fill(400)]

  test('the same like: one row, one 201, 49 times the 400, and the right count', async () => {
    const id = await post(alice, 'Popular')
    const answers = await Promise.all(Array.from({ length: 50 }, () => bob.post('/likes/', { post: id })))
    expect(statuses(answers)).toEqual(ONE_OF_FIFTY)
    const refused = answers.filter(({ status }) => status === 400)
    expect(new Set(refused.map(({ body }) => JSON.stringify(body)))).toEqual(
      new Set([JSON.stringify({ detail: 'possible duplicate' })]),
    )
    expect(await stored('select owner_id from likes where post_id = ?', id)).toEqual([{ owner_id: bob.id }])
    expect((await bob.get(`/posts/${id}/`)).body.likes_count).toBe(1)
  })

  test('the same follow: one row, one 201, 49 times the 400, and the right counts', async () => {
    const [lea, max] = [await signUp('lea'), await signUp('max')]
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => lea.post('/followers/', { followed: max.id })),
    )
    expect(statuses(answers)).toEqual(ONE_OF_FIFTY)
    const refused = answers.filter(({ status }) => status === 400)
    expect(new Set(refused.map(({ body }) => JSON.stringify(body)))).toEqual(
      new Set([JSON.stringify({ followed: ['You are already following this user.'] })]),
    )
    expect(await stored('select followed_id from followers where owner_id = ?', lea.id)).toHaveLength(1)
    expect((await anyone.get(`/profiles/${max.id}/`)).body.followers_count).toBe(1)
    expect((await anyone.get(`/profiles/${lea.id}/`)).body.following_count).toBe(1)
  })

  test('likes of fifty people are all counted, and so are fifty unlikes', async () => {
    const id = await post(alice, 'Liked by all')
    // Tokens of people made by SQL would need the secret: five people and ten posts make fifty likes as well.
    const people = [alice, bob, carol, await signUp('nina'), await signUp('omar')]
    const posts = [id, ...(await Promise.all(Array.from({ length: 9 }, (_, i) => post(bob, `Liked ${i}`))))]
    const pairs = people.flatMap((person) => posts.map((liked) => [person, liked] as const))
    const likes = await Promise.all(pairs.map(([person, liked]) => person.post('/likes/', { post: liked })))
    expect(statuses(likes)).toEqual(Array<number>(50).fill(201))
    expect((await anyone.get(`/posts/${id}/`)).body.likes_count).toBe(5)
    const unlikes = await Promise.all(
      likes.map(({ body }, i) => (pairs[i]?.[0] ?? client()).delete(`/likes/${body.id}/`)),
    )
    expect(statuses(unlikes)).toEqual(Array<number>(50).fill(204))
    const kept = await stored(
      'select 1 from posts where id in (select value from json_each(?)) and likes_count > 0',
      JSON.stringify(posts),
    )
    expect(kept).toEqual([])
  })
})
