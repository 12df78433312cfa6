import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { anyone, client, type Person, signUp, stored } from '../client'
import { idsOf, NOT_A_CHOICE, UNKNOWN } from '../fixtures/answers'
import { createComment, createPost, follow, like } from '../fixtures/factories'

const countPosts = async () => (await stored<{ n: number }>('select count(*) as n from posts'))[0]?.n

describe('GET /posts/, its parameters', () => {
  const names = [
    'owner__profile',
    'owner__followed__owner__profile',
    'likes__owner__profile',
    'owner',
    'followed',
    'liked',
  ]
  it.each(names)('%s: somebody unknown or no number is no choice; blank is ignored', async (name) => {
    for (const value of ['abc', '999999', '0', '-1', '1.5', '9'.repeat(20), '%', "1'", 'null', '%00']) {
      const answer = await anyone.get(`/posts/?${name}=${value}`)
      expect(answer, value).toMatchObject({ status: 400, body: { [name]: [NOT_A_CHOICE] } })
    }
    const all = await countPosts()
    for (const value of ['', '%20']) {
      expect((await anyone.get(`/posts/?${name}=${value}`)).body.count).toBe(all)
    }
  })

  it('every bad one is told', async () => {
    expect(await anyone.get('/posts/?owner=x&liked=y&followed=')).toMatchObject({
      status: 400,
      body: { owner: [NOT_A_CHOICE], liked: [NOT_A_CHOICE] },
    })
    expect((await anyone.get('/posts/?owner=999999&liked=999998')).body).toEqual({
      owner: [NOT_A_CHOICE],
      liked: [NOT_A_CHOICE],
    })
  })

  it('unknown orderings and parameters are ignored', async () => {
    const plain = idsOf(await anyone.get('/posts/'))
    for (const query of [
      'ordering=nope',
      'ordering=title',
      'ordering=',
      'ordering=,,-',
      'ordering=__proto__',
      '__proto__=1',
      'constructor=x',
      'zzz=1',
    ]) {
      const answer = await anyone.get(`/posts/?${query}`)
      expect(answer.status, query).toBe(200)
      expect(idsOf(answer), query).toEqual(plain)
    }
  })

  it('a viewer whose account is gone: 401 also where anyone may read', async () => {
    const ghost = await signUp('ghost')
    await env.DB.prepare('delete from users where id = ?').bind(ghost.id).run()
    expect(await ghost.get('/posts/')).toMatchObject({ status: 401, body: { code: 'user_not_found' } })
    expect((await client().get('/posts/')).status).toBe(200)
  })
})

/** Five people and their posts, alone in their filters: lists of everything hold the others of this file too. */
describe('GET /posts/, by likes, comments and follows', () => {
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
    first = (await createPost(ann, { title: 'xyzzy one' })).id
    second = (await createPost(ann, { title: 'xyzzy two' })).id
    third = (await createPost(ann, { title: 'xyzzy three' })).id
    byBen = (await createPost(ben, { title: 'xyzzy of ben' })).id
    never = (await createPost(ann, { title: 'xyzzy that nobody likes' })).id
    // second: two likes, the newest of all; third and first: one; first's is newer.
    for (const [owner, id] of [
      [ben, third],
      [cid, second],
      [dora, first],
      [ben, second],
    ] as const)
      await like(owner, id)
    // first: three comments, byBen: one.
    for (const id of [first, byBen, first, first]) await createComment(cid, id)
    await follow(cid, ann)
    await follow(dora, ann)
    await follow(dora, ben)
  })

  const titles = async (query: string, viewer = anyone) => idsOf(await viewer.get(`/posts/?${query}`))

  describe('filtered (PostListViewFilterTests)', () => {
    it('filters by followed users: the feed', async () => {
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

    it('is empty for somebody who follows nobody', async () => {
      expect((await anyone.get(`/posts/?owner__followed__owner__profile=${ann.id}`)).body).toEqual({
        count: 0,
        next: null,
        previous: null,
        results: [],
      })
    })

    it('follows an unfollow, and a new post', async () => {
      const [eva, fay] = [await signUp('eva'), await signUp('fay')]
      const { id } = await follow(eva, fay)
      const news = (await createPost(fay, { title: 'News' })).id
      expect(await titles(`followed=${eva.id}`)).toEqual([news])
      await eva.delete(`/followers/${id}/`)
      expect(await titles(`followed=${eva.id}`)).toEqual([])
    })

    it('filters liked posts, newest post first', async () => {
      const answer = await ben.get(`/posts/?likes__owner__profile=${ben.id}`)
      expect(idsOf(answer)).toEqual([third, second])
      expect(answer.body.count).toBe(2)
      expect(answer.body.results[0].like_id).toEqual(expect.any(Number))
      expect(await titles(`liked=${ben.id}`)).toEqual([third, second])
      expect(await titles(`likes__owner__profile=${ann.id}`)).toEqual([])
    })

    it('orders liked posts by when they were liked, as existing front ends ask', async () => {
      expect(await titles(`likes__owner__profile=${ben.id}&ordering=-likes__created_at`)).toEqual([
        second,
        third,
      ])
      expect(await titles(`likes__owner__profile=${ben.id}&ordering=likes__created_at`)).toEqual([
        third,
        second,
      ])
    })

    it('filters by user', async () => {
      expect(await titles(`owner__profile=${ann.id}`)).toEqual([never, third, second, first])
      expect(await titles(`owner=${ben.id}`)).toEqual([byBen])
      expect((await anyone.get(`/posts/?owner__profile=${ann.id}`)).body.count).toBe(4)
    })

    it('combines', async () => {
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

    it.each([
      'owner__profile',
      'owner__followed__owner__profile',
      'likes__owner__profile',
      'owner',
      'followed',
      'liked',
    ])('%s refuses who is not there', async (name) => {
      for (const value of [UNKNOWN, 'abc', '1.0']) {
        const answer = await anyone.get(`/posts/?${name}=${value}`)
        expect([answer.status, answer.body]).toEqual([400, { [name]: [NOT_A_CHOICE] }])
      }
      const blank = await anyone.get(`/posts/?${name}=`)
      expect([blank.status, blank.body.count]).toEqual([200, (await anyone.get('/posts/')).body.count])
    })
  })

  describe('ordered (PostListViewOrderTests)', () => {
    it.each([
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

    it('an unlike moves a post back', async () => {
      const { id } = await like(dora, third)
      expect((await titles('search=xyzzy&ordering=likes__created_at'))[2]).toBe(third)
      await dora.delete(`/likes/${id}/`)
      expect((await titles('search=xyzzy&ordering=likes__created_at'))[0]).toBe(third)
    })
  })
})
