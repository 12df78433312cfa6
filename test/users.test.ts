import { beforeAll, describe, expect, it } from 'vitest'
import { anyone, deleteByHand, ORIGIN, type Person, signUp, stored } from './client'
import { createComment, createPost, follow, like } from './fixtures/factories'

let alice: Person
let bob: Person

beforeAll(async () => {
  alice = await signUp('alice', { email: 'Alice@example.com' })
  bob = await signUp('bob')
  for (const username of ['Жанна', 'a.b+c-d_e@f', 'carol', 'dave', 'erin', 'frank']) await signUp(username)
})

describe('GET /users/ and /users/:id/', () => {
  it('is for people signed in', async () => {
    for (const path of ['/users/', `/users/${alice.id}/`]) {
      const { status, headers } = await anyone.get(path)
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="api"'])
    }
  })

  it('pages by id', async () => {
    const everybody = await stored<{ id: number; username: string }>(
      'select id, username from users order by id',
    )
    const { status, body, cost } = await alice.get('/users/?page_size=3')
    expect([status, cost.calls]).toEqual([200, 1])
    expect(body).toEqual({
      count: everybody.length,
      next: expect.stringContaining(`${ORIGIN}/users/?page_size=3&cursor=`),
      previous: null,
      results: everybody.slice(0, 3),
    })
    const second = await alice.get(body.next)
    expect(second.body.results).toEqual(everybody.slice(3, 6))
    expect((await alice.get(second.body.previous)).body.results).toEqual(everybody.slice(0, 3))
    const numbered = (await alice.get('/users/?page_size=3&page=2')).body
    expect(numbered.results).toEqual(second.body.results)
    expect(numbered.previous).toBe(`${ORIGIN}/users/?page_size=3`)
    const last = (await alice.get('/users/?page_size=3&page=last')).body
    expect([last.next, last.results.at(-1)]).toEqual([null, everybody.at(-1)])
  })

  it('walks by cursor, past no one and nobody twice', async () => {
    const everybody = await stored('select id, username from users order by id')
    const seen: unknown[] = []
    for (let next = '/users/?page_size=4&cursor='; next; ) {
      const { body } = await alice.get(next)
      seen.push(...body.results)
      next = body.next
    }
    expect(seen).toEqual(everybody)
  })

  it.each(['0', '-1', 'x', '1.5', '9999'])('has no page %s', async (page) => {
    const { status, body } = await alice.get(`/users/?page=${page}`)
    expect({ status, body }).toEqual({ status: 404, body: { detail: 'Invalid page.' } })
  })

  it('refuses a cursor that it did not give', async () => {
    for (const cursor of ['x', '%25', 'WyJ4IiwxLDFd']) {
      const { status, body } = await alice.get(`/users/?cursor=${cursor}`)
      expect({ status, body }).toEqual({ status: 400, body: { cursor: ['Invalid cursor.'] } })
    }
  })

  it.each([
    ['alice', 'alice'],
    ['ALICE', 'alice'],
    ['жанна', 'Жанна'],
    ['a.b+c-d_e@f', 'a.b+c-d_e@f'],
    ['a.b%2Bc-d_e@f', 'a.b+c-d_e@f'],
    ['alic', undefined],
    ['%', undefined],
  ])('finds by exact name without case: %s', async (query, username) => {
    const { status, body } = await alice.get(`/users/?username=${query}`)
    expect(status).toBe(200)
    expect(body.results.map((user: { username: string }) => user.username)).toEqual(
      username ? [username] : [],
    )
    expect(body.count).toBe(username ? 1 : 0)
  })

  it('shows one', async () => {
    expect(await alice.get(`/users/${bob.id}/`)).toMatchObject({
      status: 200,
      body: { id: bob.id, username: 'bob' },
      cost: { calls: 1 },
    })
    for (const id of ['0', '999999', '99999999999999999999999']) {
      const { status, body } = await alice.get(`/users/${id}/`)
      expect({ status, body }).toEqual({ status: 404, body: { detail: 'User not found' } })
    }
    expect(await alice.get('/users/bob/')).toMatchObject({ status: 404, body: { detail: 'Not found.' } })
  })
})

describe('the deletion of a user', () => {
  it('a deleted user takes everything, and every count of others is right afterwards', async () => {
    const [jana, kim] = [await signUp('jana'), await signUp('kim')]
    const [hers, his] = [
      (await createPost(jana, { title: 'Hers' })).id,
      (await createPost(kim, { title: 'His' })).id,
    ]
    for (const [owner, id] of [
      [jana, his],
      [kim, hers],
      [kim, his],
    ] as const) {
      await like(owner, id)
      await createComment(owner, id)
    }
    await follow(jana, kim)
    await follow(kim, jana)
    await deleteByHand(jana.id)
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
