import { describe, expect, it } from 'vitest'
import { anyone, ORIGIN, stored } from './client'
import {
  FORBIDDEN,
  ISO,
  idsOf,
  NOT_A_CHOICE,
  NOT_FOUND,
  NOT_SIGNED_IN,
  REQUIRED,
  UNKNOWN,
  WRONG_PKS,
} from './fixtures/answers'
import { createComment, createPost, signUpCast } from './fixtures/factories'

const { alice, bob, carol } = await signUpCast()

/** Two posts of Alice's. */
const { id: sunrise } = await createPost(alice, { title: 'Sunrise' })
const { id: sunset } = await createPost(alice, { title: 'Sunset' })
const exists = async (table: string, id: number) =>
  (await stored(`select id from ${table} where id = ?`, id)).length === 1

describe('/comments/', () => {
  it('nobody comments without signing in', async () => {
    const before = await stored('select count(*) as n from comments')
    const answer = await anyone.post('/comments/', { post: sunrise, content: 'Nice' })
    expect([answer.status, answer.body]).toEqual([401, NOT_SIGNED_IN])
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api"')
    expect(await stored('select count(*) as n from comments')).toEqual(before)
  })

  it.each(WRONG_PKS)('a comment on %j is refused', async (value, message) => {
    const before = await stored('select count(*) as n from comments')
    const answer = await bob.post('/comments/', { post: value, content: 'Nice' })
    expect([answer.status, answer.body]).toEqual([400, { post: [message] }])
    expect(await stored('select count(*) as n from comments')).toEqual(before)
  })

  it.each([
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

  it('every bad field is told at once', async () => {
    expect((await bob.post('/comments/', {})).body).toEqual({ post: REQUIRED, content: REQUIRED })
    expect((await bob.post('/comments/', { post: UNKNOWN, content: '' })).body).toEqual({
      post: [`Invalid pk "${UNKNOWN}" - object does not exist.`],
      content: ['This field may not be blank.'],
    })
    expect((await bob.post('/comments/', new URLSearchParams({ post: '', content: 'x' }))).body).toEqual({
      post: ['This field may not be null.'],
    })
  })

  it('a comment is stored, shown and counted', async () => {
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
      mentions: [],
    })
    expect(await stored('select owner_id, post_id, content from comments where id = ?', body.id)).toEqual([
      { owner_id: bob.id, post_id: sunrise, content: 'First!' },
    ])
    expect((await anyone.get(`/posts/${sunrise}/`)).body.comments_count).toBe(1)
    expect((await anyone.get(`/comments/${body.id}/`)).body).toMatchObject({
      is_owner: false,
      content: 'First!',
      mentions: [],
    })
    expect((await bob.get(`/api/comments/${body.id}`)).body.is_owner).toBe(true)
  })

  it('numbers are text, digits are ids, and forms do as well as JSON', async () => {
    const number = await carol.post('/comments/', { post: `${sunrise}`, content: 5 })
    expect([number.status, number.body.content]).toEqual([201, '5'])
    const form = await carol.post('/comments/', new URLSearchParams({ post: `${sunrise}`, content: 'form' }))
    expect([form.status, form.body.content]).toEqual([201, 'form'])
    const html = await carol.post('/comments/', { post: sunrise, content: '<script>alert(1)</script>' })
    expect(html.body.content).toBe('<script>alert(1)</script>')
    expect((await carol.post('/comments/', { post: sunrise, content: '👍'.repeat(10_000) })).status).toBe(201)
  })

  it('the list is newest first, and filtered by post', async () => {
    const [first, second] = [
      (await createComment(alice, sunset, { content: 'one' })).id,
      (await createComment(bob, sunset, { content: 'two' })).id,
    ]
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
    expect(
      (await anyone.get(`/comments/?post=${(await createPost(alice, { title: 'Quiet' })).id}`)).body,
    ).toMatchObject({
      count: 0,
      results: [],
    })
  })

  it.each([UNKNOWN, 'abc', '1.5', '-1'])('a list of comments on %s is refused', async (value) => {
    const answer = await anyone.get(`/comments/?post=${value}`)
    expect([answer.status, answer.body]).toEqual([400, { post: [NOT_A_CHOICE] }])
  })

  it('only the owner changes a comment, and is told so before what is wrong with the body', async () => {
    const { id } = await createComment(bob, sunrise, { content: 'mine' })
    for (const change of ['put', 'patch'] as const) {
      const nobody = await anyone[change](`/comments/${id}/`, { content: 'x' })
      expect([nobody.status, nobody.body]).toEqual([401, NOT_SIGNED_IN])
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

  it('the owner changes what it says, and nothing else', async () => {
    const { id } = await createComment(bob, sunrise, { content: 'mine' })
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

  it('nobody deletes a comment but its owner, and the owner of the post', async () => {
    const before = (await anyone.get(`/posts/${sunrise}/`)).body.comments_count
    const { id } = await createComment(bob, sunrise)
    const nobody = await anyone.delete(`/comments/${id}/`)
    expect([nobody.status, nobody.body]).toEqual([401, NOT_SIGNED_IN])
    const other = await carol.delete(`/comments/${id}/`)
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
  it.each([
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
    const { id } = await createComment(bob, sunrise)
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
