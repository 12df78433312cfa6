import { expect, it } from 'vitest'
import { anyone, stored } from '../client'
import { ISO, NOT_FOUND, NOT_SIGNED_IN, UNKNOWN } from '../fixtures/answers'
import { createPost, signUpCast } from '../fixtures/factories'
import { act, signUpStaff } from './staff'

const { alice, bob, carol } = await signUpCast()
const mona = await signUpStaff('mona', 'moderator')
const notices = async () => (await alice.get('/moderation/notices/')).body.results

it('report, hide, notice, appeal, restore, notice', async () => {
  const { id: post } = await createPost(alice)
  await bob.post('/reports/', { post, category: 'spam' })
  const { id, entry } = await act(mona, { post }, 'hide', {
    reason: 'spam',
    text: 'This is an advertisement.',
  })
  await mona.patch(`/moderation/cases/${id}/`, { state: 'closed' })

  const [notice] = await notices()
  expect(notice).toEqual({
    id: entry.id,
    action: 'hide',
    reason: 'spam',
    text: 'This is an advertisement.',
    kind: 'post',
    subject: post,
    until: null,
    created: expect.stringMatching(ISO),
    appeal: null,
  })
  expect((await bob.get('/moderation/notices/')).body.results).toEqual([])
  expect((await anyone.get('/moderation/notices/')).body).toEqual(NOT_SIGNED_IN)

  const path = `/moderation/notices/${notice.id}/appeal/`
  expect((await anyone.post(path, { text: 'x' })).body).toEqual(NOT_SIGNED_IN)
  for (const one of [
    await bob.post(path, { text: 'x' }),
    await alice.post(`/moderation/notices/${UNKNOWN}/appeal/`, { text: 'x' }),
  ])
    expect([one.status, one.body]).toEqual([404, NOT_FOUND])
  expect((await alice.post(path, {})).body).toEqual({ text: ['This field is required.'] })
  expect(await stored('select state, is_appealed from cases where id = ?', id)).toEqual([
    { state: 'closed', is_appealed: 0 },
  ])

  const appealed = await alice.post(path, { text: 'It is my holiday.' })
  expect(appealed.status).toBe(201)
  expect(appealed.body.appeal).toEqual({
    text: 'It is my holiday.',
    created: expect.stringMatching(ISO),
    answered: null,
  })
  const again = await alice.post(path, { text: 'Please!' })
  expect([again.status, again.body]).toEqual([400, { detail: 'possible duplicate' }])

  const { body: open } = await mona.get(`/moderation/cases/${id}/`)
  expect(open).toMatchObject({
    state: 'open',
    is_appealed: true,
    appeals: [{ action: entry.id, text: 'It is my holiday.' }],
  })
  await mona.post(`/moderation/cases/${id}/actions/`, {
    action: 'restore',
    reason: 'appeal_granted',
    text: 'You are right.',
  })
  const { body: closed } = await mona.patch(`/moderation/cases/${id}/`, { state: 'closed' })
  expect([closed.state, closed.is_appealed]).toEqual(['closed', false])
  expect((await anyone.get(`/posts/${post}/`)).status).toBe(200)

  const [restored, hidden] = await notices()
  expect(restored).toMatchObject({
    action: 'restore',
    reason: 'appeal_granted',
    text: 'You are right.',
    appeal: null,
  })
  expect(hidden.appeal.answered).toMatch(ISO)
})

it('what moderators do among themselves is no notice, and cannot be appealed', async () => {
  const { id } = await act(mona, { profile: bob.id }, 'warn')
  await mona.patch(`/moderation/cases/${id}/`, { state: 'claimed' })
  const { body } = await bob.get('/moderation/notices/')
  expect([body.count, body.results.map(({ action }: { action: string }) => action)]).toEqual([1, ['warn']])
  const [claim] = await stored(
    "select id from moderation_actions where action = 'claim' and user_id = ?",
    bob.id,
  )
  expect((await bob.post(`/moderation/notices/${claim?.id}/appeal/`, { text: 'x' })).status).toBe(404)
})

it('a notice is a notification too, of nobody, which can be turned off', async () => {
  const told = async () => (await carol.get('/notifications/')).body.results
  const { id: post } = await createPost(carol)
  const { id } = await act(mona, { post }, 'hide')
  expect(await told()).toMatchObject([
    { kind: 'moderation', post: null, comment: null, actors: [], count: 1, is_seen: false },
  ])
  expect((await carol.get('/notifications/unread/')).body.notifications).toBe(1)
  await mona.patch(`/moderation/cases/${id}/`, { state: 'closed' })
  await act(mona, { profile: carol.id }, 'warn')
  expect(await told()).toMatchObject([{ kind: 'moderation', count: 2 }])
  expect((await mona.get('/notifications/')).body.results).toEqual([])
  await carol.patch('/notification-settings/', { moderation: 'off' })
  await act(mona, { profile: carol.id }, 'warn')
  expect(await told()).toMatchObject([{ kind: 'moderation', count: 2 }])
})

it('an action writes 15 rows at most, with its notice and notification', async () => {
  const { id: post } = await createPost(alice)
  const { body } = await mona.post('/moderation/cases/', { post })
  const done = await mona.post(`/moderation/cases/${body.id}/actions/`, {
    action: 'warn',
    reason: 'other',
    text: 'Mind your words.',
  })
  expect([done.status, done.cost.calls]).toEqual([201, 2])
  expect(done.cost.written).toBeLessThanOrEqual(15)
})
