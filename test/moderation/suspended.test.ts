/** Whoever is suspended reads why, and may appeal; nothing else opens. */
import { expect, it, vi } from 'vitest'
import { describedRoutes } from '../../scripts/openapi/routes'
import { app } from '../../src/app'
import { AUTH } from '../auth-helpers'
import { anyone, client, PASSWORD, type Person, signUp, stored } from '../client'
import { act, signUpStaff } from './staff'

const alice = await signUp('alice')
const bob = await signUp('bob')
const mona = await signUpStaff('mona', 'moderator')
const login = (person: Person, password = PASSWORD) =>
  anyone.post(`${AUTH}/login/`, { username: person.username, password })
const WRONG = { non_field_errors: ['Unable to log in with provided credentials.'] }
const holding = (token: string) => client({ authorization: `Bearer ${token}` })

async function banned(person: Person) {
  const { id, entry } = await act(mona, { profile: person.id }, 'ban', { reason: 'spam', text: 'No more.' })
  const { body } = await login(person)
  return { id, entry, suspended: holding(body.notices_token[0]) }
}

it('only whoever knows the password is told', async () => {
  const { id } = await banned(alice)
  expect((await login(alice, `${PASSWORD}!`)).body).toEqual(WRONG)
  const { status, body, headers } = await login(alice)
  expect([status, headers.get('set-cookie')]).toEqual([400, null])
  expect(body).toEqual({
    non_field_errors: ['This account is banned.'],
    notices_token: [expect.any(String)],
  })
  expect(
    await stored('select jti_hash from sessions where user_id = ? and revoked_at is null', alice.id),
  ).toEqual([])
  await stored('update users set is_active = 0 where id = ?', alice.id)
  expect((await login(alice)).body).toEqual(WRONG)
  await stored('update users set is_active = 1 where id = ?', alice.id)
  await mona.post(`/moderation/cases/${id}/actions/`, { action: 'unban', reason: 'mistake', text: 'Sorry.' })
  expect((await login(alice)).status).toBe(200)
})

it('with that they read their notices and appeal, once, until they are deleted', async () => {
  const { id, entry, suspended } = await banned(alice)
  const { status, body, cost } = await suspended.get('/moderation/notices/')
  expect([status, cost.calls]).toEqual([200, 1])
  expect(body.results[0]).toMatchObject({ id: entry.id, action: 'ban', text: 'No more.' })
  const path = `/moderation/notices/${entry.id}/appeal/`
  expect((await suspended.post(path, { text: 'It was my brother.' })).status).toBe(201)
  expect((await suspended.post(path, { text: 'Please!' })).status).toBe(400)
  expect((await mona.get(`/moderation/cases/${id}/`)).body).toMatchObject({
    state: 'open',
    is_appealed: true,
    appeals: [{ text: 'It was my brother.' }],
  })
  await mona.post(`/moderation/cases/${id}/actions/`, {
    action: 'unban',
    reason: 'appeal_granted',
    text: 'Yes.',
  })
  // No way in, though they are back.
  expect((await suspended.get('/moderation/notices/')).status).toBe(200)
  expect((await suspended.get('/users/')).status).toBe(401)
  await stored('insert into deleted_accounts (user_id, deleted_at, erase_at) values (?, 1, 9e15)', alice.id)
  expect((await suspended.get('/moderation/notices/')).status).toBe(401)
  await stored('delete from deleted_accounts where user_id = ?', alice.id)
})

it('it is good for nothing else, on any route, nor under another name', async () => {
  const { suspended } = await banned(bob)
  const garbage = holding('garbage')
  const token = suspended.headers.authorization?.slice('Bearer '.length) ?? ''
  expect((await anyone.post(`${AUTH}/token/verify/`, { token })).status).toBe(401)
  expect((await anyone.post(`${AUTH}/token/refresh/`, { refresh: token })).status).toBe(401)
  for (const path of ['/users/', '/moderation/notices/'])
    expect((await client({ cookie: `my-app-auth=${token}` }).get(path)).status).toBe(401)
  expect((await client({ cookie: `my-refresh-token=${token}` }).get('/moderation/notices/')).status).toBe(401)
  const open: string[] = []
  for (const { method, path, about } of describedRoutes(app)) {
    if (['listNotices', 'createAppeal', 'logout'].includes(about.id)) continue
    const sample = path.replaceAll(/:\w+(\{(?:[^{}]|\{[^{}]*\})*\})?/g, '1'.repeat(16))
    const send = method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete'
    const [one, other] = [
      await (send === 'get' ? suspended.get(sample) : suspended[send](sample, {})),
      await (send === 'get' ? garbage.get(sample) : garbage[send](sample, {})),
    ]
    if (one.status !== other.status) open.push(`${method} ${path}: ${one.status}, not ${other.status}`)
  }
  expect(open).toEqual([])
})

it('no other token, and none that has run out, is taken for one', async () => {
  expect((await holding('garbage').get('/moderation/notices/')).status).toBe(401)
  expect((await client({ authorization: 'Bearer' }).get('/moderation/notices/')).status).toBe(401)
  expect((await bob.get('/moderation/notices/')).body).toMatchObject({ code: 'user_inactive' })
  const { suspended } = await banned(alice)
  vi.useFakeTimers({ now: Date.now() + 3_700_000, toFake: ['Date'] })
  expect((await suspended.get('/moderation/notices/')).body).toMatchObject({ code: 'token_not_valid' })
  vi.useRealTimers()
})
