import { describe, expect, it } from 'vitest'
import { type Answer, anyone, client, signUp, stored } from './client'
import { DAY, FORBIDDEN, ISO, NOT_FOUND, NOT_SIGNED_IN, UNKNOWN, WRONG_PKS } from './fixtures/answers'
import { createPost, like, signUpCast } from './fixtures/factories'

const { alice, bob, carol } = await signUpCast()

/** Two posts of Alice's. */
const { id: sunrise } = await createPost(alice, { title: 'Sunrise' })
const { id: sunset } = await createPost(alice, { title: 'Sunset' })
const exists = async (table: string, id: number) =>
  (await stored(`select id from ${table} where id = ?`, id)).length === 1

describe('/likes/', () => {
  it('nobody likes without signing in', async () => {
    const answer = await anyone.post('/likes/', { post: sunrise })
    expect([answer.status, answer.body]).toEqual([401, NOT_SIGNED_IN])
    expect(await stored('select id from likes')).toEqual([])
  })

  it.each(WRONG_PKS)('a like of %j is refused', async (value, message) => {
    const answer = await bob.post('/likes/', { post: value })
    expect([answer.status, answer.body]).toEqual([400, { post: [message] }])
    expect(await stored('select id from likes')).toEqual([])
  })

  it('a like is stored, counted and shown to who likes', async () => {
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

  it('the same like twice is refused', async () => {
    const { id } = await like(carol, sunset)
    const again = await carol.post('/likes/', { post: sunset })
    expect([again.status, again.body]).toEqual([400, { detail: 'possible duplicate' }])
    expect(await stored('select id from likes where owner_id = ? and post_id = ?', carol.id, sunset)).toEqual(
      [{ id }],
    )
    expect((await carol.get(`/posts/${sunset}/`)).body.likes_count).toBe(1)
  })

  it('only the owner takes a like back, and then may like again', async () => {
    const mine = (await createPost(alice, { title: 'Liked by its owner' })).id
    const { id } = await like(alice, mine)
    expect((await anyone.delete(`/likes/${id}/`)).body).toEqual(NOT_SIGNED_IN)
    const other = await bob.delete(`/likes/${id}/`)
    expect([other.status, other.body]).toEqual([403, FORBIDDEN])
    expect((await bob.delete(`/likes/${UNKNOWN}/`)).status).toBe(404)
    expect(await exists('likes', id)).toBe(true)
    expect((await alice.delete(`/likes/${id}/`)).status).toBe(204)
    expect(await exists('likes', id)).toBe(false)
    expect((await alice.get(`/posts/${mine}/`)).body).toMatchObject({ likes_count: 0, like_id: null })
    expect((await alice.delete(`/likes/${id}/`)).body).toEqual(NOT_FOUND)
    expect((await like(alice, mine)).id).toBeGreaterThan(id)
  })

  it('a like has no update', async () => {
    const { id } = await like(bob, sunset)
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

describe('POST /likes/, fifty at once', () => {
  const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort((a, b) => a - b)
  const ONE_OF_FIFTY = [201, ...Array<number>(49).fill(400)]

  it('the same like: one row, one 201, 49 times the 400, and the right count', async () => {
    const id = (await createPost(alice, { title: 'Popular' })).id
    const answers = await Promise.all(Array.from({ length: 50 }, () => bob.post('/likes/', { post: id })))
    expect(statuses(answers)).toEqual(ONE_OF_FIFTY)
    const refused = answers.filter(({ status }) => status === 400)
    expect(new Set(refused.map(({ body }) => JSON.stringify(body)))).toEqual(
      new Set([JSON.stringify({ detail: 'possible duplicate' })]),
    )
    expect(await stored('select owner_id from likes where post_id = ?', id)).toEqual([{ owner_id: bob.id }])
    expect((await bob.get(`/posts/${id}/`)).body.likes_count).toBe(1)
  })

  it('likes of fifty people are all counted, and so are fifty unlikes', async () => {
    const id = (await createPost(alice, { title: 'Liked by all' })).id
    // Tokens of people made by SQL would need the secret: five people and ten posts make fifty likes as well.
    const people = [alice, bob, carol, await signUp('nina'), await signUp('omar')]
    const others = await Promise.all(
      Array.from({ length: 9 }, (_, i) => createPost(bob, { title: `Liked ${i}` })),
    )
    const posts = [id, ...others.map((post) => post.id)]
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
