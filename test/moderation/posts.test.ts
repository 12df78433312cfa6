import { expect, it } from 'vitest'
import { anyone, stored } from '../client'
import { FORBIDDEN, idsOf, NOT_SIGNED_IN } from '../fixtures/answers'
import { createComment, createPost, signUpCast } from '../fixtures/factories'
import { act, signUpStaff } from './staff'

const { alice, bob, carol } = await signUpCast()
const mona = await signUpStaff('mona', 'moderator')
const PATH = '/moderation/posts/'
const opened = (kind: string, id: number) =>
  stored(
    `select action, actor_id, text from moderation_actions where kind = ? and subject_id = ? and action in ('open', 'read')`,
    kind,
    id,
  )

it('the list of posts is for staff, however it is asked for', async () => {
  for (const query of ['', '?search=zz', '?owner=x', '?state=lost', '?state=hidden']) {
    expect((await anyone.get(PATH + query)).body).toEqual(NOT_SIGNED_IN)
    expect((await alice.get(PATH + query)).body).toEqual(FORBIDDEN)
  }
  expect((await mona.get(`${PATH}?search=zz`)).body).toEqual({
    search: ['Ensure each word has at least 3 characters.'],
  })
  for (const query of ['owner=x', 'state=lost']) expect((await mona.get(`${PATH}?${query}`)).status).toBe(400)
})

it('it has what is hidden and what is of suspended people, by words, by owner and by state', async () => {
  const one = await createPost(alice, { title: 'Cheap pills', content: 'x'.repeat(400) })
  const two = await createPost(bob, { title: 'Cheap shoes' })
  const three = await createPost(alice, { title: 'A holiday' })
  await act(mona, { post: one.id }, 'hide')
  await act(mona, { post: three.id }, 'mark_sensitive')
  await act(mona, { profile: bob.id }, 'ban')
  const all = await mona.get(PATH)
  expect(all.cost.calls).toBe(1)
  expect(idsOf(all)).toEqual([three.id, two.id, one.id])
  expect(all.body.results[2]).toMatchObject({
    id: one.id,
    owner: { id: alice.id, username: 'alice' },
    title: 'Cheap pills',
    excerpt: 'x'.repeat(300),
    is_hidden: true,
    is_sensitive: false,
    erased_at: null,
  })
  expect(all.body.results[0].is_sensitive).toBe(true)
  expect(idsOf(await mona.get(`${PATH}?search=cheap`))).toEqual([two.id, one.id])
  expect(idsOf(await mona.get(`${PATH}?search=cheap&owner=${alice.id}`))).toEqual([one.id])
  expect(idsOf(await mona.get(`${PATH}?owner=${alice.id}`))).toEqual([three.id, one.id])
  expect(idsOf(await mona.get(`${PATH}?state=hidden`))).toEqual([one.id])
  const paged = await mona.get(`${PATH}?page_size=2&cursor=`)
  expect([paged.body.count, idsOf(await mona.get(paged.body.next))]).toEqual([3, [one.id]])
  await act(mona, { profile: bob.id }, 'unban')
})

it('what is of a private account is not in it: its case is opened and read, and both are noted', async () => {
  const post = await createPost(carol, { title: 'Among friends' })
  await carol.patch(`/profiles/${carol.id}/`, { is_private: true })
  const { id: comment } = await createComment(carol, post.id)
  for (const query of ['', '?search=friends', `?owner=${carol.id}`, '?state=hidden'])
    expect(idsOf(await mona.get(PATH + query))).not.toContain(post.id)
  expect((await mona.get(`/posts/${post.id}/`)).status).toBe(404)
  for (const [kind, id] of [
    ['post', post.id],
    ['comment', comment],
  ] as const) {
    expect(await opened(kind, id)).toEqual([])
    const first = await mona.post('/moderation/cases/', { [kind]: id })
    const again = await mona.post('/moderation/cases/', { [kind]: id })
    expect([first.status, again.body]).toEqual([200, first.body])
    const { body } = await mona.get(`/moderation/cases/${first.body.id}/`)
    expect(body.thing).not.toBeNull()
    expect(await opened(kind, id)).toEqual([
      { action: 'open', actor_id: mona.id, text: '' },
      { action: 'read', actor_id: mona.id, text: '' },
    ])
  }
  // Hidden, it is found in its case alone.
  await act(mona, { post: post.id }, 'hide')
  expect(idsOf(await mona.get(`${PATH}?state=hidden`))).not.toContain(post.id)
})

it('reading what is for everybody is not noted', async () => {
  const { id } = await createPost(alice)
  const { body } = await mona.post('/moderation/cases/', { post: id })
  await mona.get(`/moderation/cases/${body.id}/`)
  expect(await opened('post', id)).toMatchObject([{ action: 'open' }])
})
