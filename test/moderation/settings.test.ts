import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it } from 'vitest'
import worker from '../../src/index'
import { anyone, PASSWORD, signUp, stored } from '../client'
import { FORBIDDEN, NOT_SIGNED_IN } from '../fixtures/answers'
import { createPost } from '../fixtures/factories'
import { signUpStaff } from './staff'

const alice = await signUp('alice')
const mona = await signUpStaff('mona', 'moderator')
const anna = await signUpStaff('anna', 'admin')
const PATH = '/moderation/settings/'
const register = (username: string, email?: string) =>
  anyone.post('/dj-rest-auth/registration/', {
    username,
    password1: PASSWORD,
    password2: PASSWORD,
    ...(email && { email }),
  })

afterEach(async () => {
  await anna.patch(PATH, { registration: 'open', reserved_names: '', blocked_mail: '' })
})

it('only admins see and change them', async () => {
  for (const who of [alice, mona]) {
    expect((await who.get(PATH)).body).toEqual(FORBIDDEN)
    for (const body of [{ registration: 'closed' }, { registration: 'ajar' }])
      expect((await who.patch(PATH, body)).body).toEqual(FORBIDDEN)
  }
  expect((await anyone.get(PATH)).body).toEqual(NOT_SIGNED_IN)
  expect((await anna.get(PATH)).body).toEqual({ registration: 'open', reserved_names: '', blocked_mail: '' })
})

it('what is wrong changes nothing', async () => {
  for (const body of [
    { registration: 'ajar' },
    { reserved_names: ['admin'] },
    { blocked_mail: 'x'.repeat(20_001) },
  ]) {
    const { status, body: errors } = await anna.patch(PATH, {
      ...body,
      registration: body.registration ?? 'closed',
    })
    expect([status, Object.keys(errors)]).toEqual([400, Object.keys(body)])
  }
  expect((await anna.get(PATH)).body.registration).toBe('open')
})

describe('registration', () => {
  it('is closed and opened, from the next request on', async () => {
    const { body } = await anna.patch(PATH, { registration: 'closed' })
    expect(body.registration).toBe('closed')
    const refused = await register('late')
    expect([refused.status, refused.body]).toEqual([400, { non_field_errors: ['Registration is closed.'] }])
    expect(await stored("select id from users where username = 'late'")).toEqual([])
    await anna.patch(PATH, { registration: 'open' })
    expect((await register('late')).status).toBe(201)
    const noted = await stored(
      "select 1 from moderation_actions where action = 'settings' and text = 'registration'",
    )
    expect(noted).toHaveLength(2)
  })

  it('a reserved name is as good as taken, in any case, for renames too', async () => {
    const { body } = await anna.patch(PATH, { reserved_names: ' Support \r\nsupport\n\nroot' })
    expect(body.reserved_names).toBe('support\nroot')
    const taken = { username: ['A user with that username already exists.'] }
    expect((await register('SUPPORT')).body).toEqual(taken)
    expect((await alice.patch('/dj-rest-auth/user/', { username: 'Support' })).body).toEqual(taken)
    expect((await register('support2')).status).toBe(201)
  })

  it('with a blocked domain or address nobody signs up', async () => {
    await anna.patch(PATH, { blocked_mail: 'spam.example\neve@mail.example' })
    for (const email of ['a@SPAM.example', 'Eve@mail.example'])
      expect((await register('eve', email)).body).toEqual({
        email: ['This e-mail address cannot be used here.'],
      })
    expect((await register('adam', 'adam@mail.example')).status).toBe(201)
  })

  it('asks D1 no more often than before', async () => {
    await anna.patch(PATH, { reserved_names: 'a\nb', blocked_mail: 'c.example' })
    const { cost } = await register('counted')
    expect(cost.calls).toBe(2)
  })
})

it('statistics tell what each day has brought', async () => {
  expect((await alice.get('/moderation/statistics/')).body).toEqual(FORBIDDEN)
  await worker.scheduled(createScheduledController(), env)
  // As if that had been yesterday.
  await stored("update daily_sizes set day = date('now', '-1 day')")
  const { id: post } = await createPost(alice)
  await createPost(alice)
  await mona.post('/reports/', { post, category: 'spam' })
  await alice.post(`/messages/${mona.id}/send/`, { content: 'Why?' })
  await worker.scheduled(createScheduledController(), env)
  const { body, cost } = await mona.get('/moderation/statistics/?days=7')
  const today = new Date().toISOString().slice(0, 10)
  expect(body).toEqual({ days: [{ day: today, people: 0, posts: 2, messages: 1, reports: 1 }] })
  expect(cost.calls).toBe(1)
  expect((await mona.get('/moderation/statistics/?days=x')).status).toBe(200)
})
