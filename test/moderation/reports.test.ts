import { expect, it } from 'vitest'
import { anyone, download, form, stored } from '../client'
import { ISO, NOT_SIGNED_IN, UNKNOWN, WRONG_PKS } from '../fixtures/answers'
import { createComment, createPost, sendMessage, signUpCast } from '../fixtures/factories'
import { file, freshPng } from '../fixtures/uploads'
import { act, signUpStaff } from './staff'

const { alice, bob, carol } = await signUpCast()
const mona = await signUpStaff('mona', 'moderator')
const { id: post } = await createPost(alice)
const { id: comment } = await createComment(alice, post)
const { id: message } = await sendMessage(alice, bob, { content: 'Something mean', image: file(freshPng()) })

const reports = () => stored('select * from reports order by id')

it('nobody reports without signing in', async () => {
  const { status, body } = await anyone.post('/reports/', { post, category: 'spam' })
  expect([status, body]).toEqual([401, NOT_SIGNED_IN])
})

it.each(WRONG_PKS.slice(1))('a report of %j is refused', async (value, message) => {
  const { status, body } = await bob.post('/reports/', { post: value, category: 'spam' })
  expect([status, body]).toEqual([400, { post: [message] }])
})

it('a report names one thing and a category', async () => {
  const one = { non_field_errors: ['Exactly one thing has to be named.'] }
  expect((await bob.post('/reports/', { category: 'spam' })).body).toEqual(one)
  expect((await bob.post('/reports/', { post, comment, category: 'spam' })).body).toEqual(one)
  expect((await bob.post('/reports/', { post })).body).toEqual({ category: ['This field is required.'] })
  expect((await bob.post('/reports/', { post, category: 'dull' })).body).toEqual({
    category: ['"dull" is not a valid choice.'],
  })
  expect((await bob.post('/reports/', { post, category: 'spam', text: 'x'.repeat(2_001) })).body).toEqual({
    text: ['Ensure this field has no more than 2000 characters.'],
  })
  for (const kind of ['profile', 'conversation'])
    expect((await bob.post('/reports/', { [kind]: bob.id, category: 'spam' })).body).toEqual({
      [kind]: ["You can't report yourself."],
    })
  expect(await stored('select id from cases')).toEqual([])
})

it('what somebody may not see they cannot report, even where others have', async () => {
  const { status } = await bob.post('/reports/', { message, category: 'harassment', text: 'It hurts.' })
  expect(status).toBe(201)
  const refused = await carol.post('/reports/', { message, category: 'harassment' })
  expect([refused.status, refused.body]).toEqual([
    400,
    { message: [`Invalid pk "${message}" - object does not exist.`] },
  ])
  const conversation = await carol.post('/reports/', { conversation: alice.id, category: 'spam' })
  expect(conversation.body).toEqual({ conversation: [`Invalid pk "${alice.id}" - object does not exist.`] })
  expect(await reports()).toHaveLength(1)
})

it('a reported message is kept as it was, whatever its sender makes of it', async () => {
  const [{ image }] = (await stored<{ image: string }>(
    'select image from messages where id = ?',
    message,
  )) as [{ image: string }]
  await alice.patch(`/messages/${message}/update/`, form({ content: 'Something nice', image: '' }))
  await alice.delete(`/messages/${message}/delete/`)
  expect(await reports()).toMatchObject([
    { evidence: 'Something mean', evidence_image: image, text: 'It hurts.' },
  ])
  const [found] = await stored<{ id: number }>("select id from cases where kind = 'message'")
  const { body } = await mona.get(`/moderation/cases/${found?.id}/`)
  const url = new URL(body.reports[0].evidence_image)
  expect(url.pathname).toBe(`/moderation/cases/${found?.id}/images/${image}/`)
  for (const [viewer, status] of [
    [anyone, 401],
    [alice, 403],
    [bob, 403],
  ] as const)
    expect((await viewer.get(url.pathname)).status).toBe(status)
  const shown = await download(url.href, mona.headers)
  expect([shown.status, shown.headers.get('cache-control')]).toEqual([200, 'private, no-store'])
  // Not any image that there is, nor in another case.
  const other = (await createPost(alice, { image: file(freshPng()) })).image.split('/').at(-1)
  expect((await mona.get(`/moderation/cases/${found?.id}/images/${other}/`)).status).toBe(404)
  expect((await mona.get(`/moderation/cases/${UNKNOWN}/images/${image}/`)).status).toBe(404)
})

it('many reports of one thing are one case, and one of a person is one', async () => {
  for (const [person, category] of [
    [bob, 'spam'],
    [carol, 'hate'],
  ] as const) {
    const { status, body } = await person.post('/reports/', { post, category, text: 'Look.' })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      kind: 'post',
      category,
      text: 'Look.',
      created: expect.stringMatching(ISO),
    })
  }
  const again = await bob.post('/reports/', { post, category: 'other' })
  expect([again.status, again.body]).toEqual([400, { detail: 'possible duplicate' }])
  expect(await stored("select reports_count, state, author_id from cases where kind = 'post'")).toEqual([
    { reports_count: 2, state: 'open', author_id: alice.id },
  ])
})

it('a closed case opens again with the next report, and not with one that is refused', async () => {
  const { id } = await act(mona, { comment }, 'warn')
  const state = async () => (await stored('select state from cases where id = ?', id))[0]?.state
  expect((await bob.post('/reports/', { comment, category: 'spam' })).status).toBe(201)
  await mona.patch(`/moderation/cases/${id}/`, { state: 'closed' })
  expect((await bob.post('/reports/', { comment, category: 'spam' })).status).toBe(400)
  expect(await state()).toBe('closed')
  expect((await carol.post('/reports/', { comment, category: 'spam' })).status).toBe(201)
  expect(await state()).toBe('open')
})

it('with a key a report is answered again, and with another body it is refused', async () => {
  const key = { 'idempotency-key': 'a report' }
  const body = { profile: alice.id, category: 'impersonation', text: 'It is not her.' }
  const [first, second] = [await carol.post('/reports/', body, key), await carol.post('/reports/', body, key)]
  expect([second.status, second.body]).toEqual([201, first.body])
  expect((await carol.post('/reports/', { ...body, text: 'x' }, key)).status).toBe(422)
  expect(UNKNOWN).toBeGreaterThan(first.body.id)
})
