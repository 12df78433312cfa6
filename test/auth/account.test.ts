import { beforeAll, describe, expect, it } from 'vitest'
import { AUTH } from '../auth-helpers'
import { anyone, form, ORIGIN, PASSWORD, type Person, signUp, stored } from '../client'

const USER = `${AUTH}/user/`
const REQUIRED = ['This field is required.']
const BLANK = ['This field may not be blank.']
const NULL = ['This field may not be null.']
const NOT_TEXT = ['Not a valid string.']
const NUL = ['Null characters are not allowed.']
const TAKEN = ['A user with that username already exists.']

const BAD_NAME = [
  'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.',
]

const TOO_LONG = ['Ensure this field has no more than 150 characters.']
let alice: Person
let bob: Person

beforeAll(async () => {
  alice = await signUp('alice', { email: 'Alice@example.com' })
  bob = await signUp('bob')
  for (const username of ['Жанна', 'a.b+c-d_e@f', 'carol']) await signUp(username)
})

describe('/dj-rest-auth/user/', () => {
  it('is nobody else’s', async () => {
    for (const { status, body } of [
      await anyone.get(USER),
      await anyone.put(USER, { username: 'mallory' }),
      await anyone.patch(USER, { username: 'mallory' }),
    ]) {
      expect({ status, body }).toEqual({
        status: 401,
        body: { detail: 'Authentication credentials were not provided.' },
      })
    }
    expect(await stored('select id from users where username = ?', 'mallory')).toEqual([])
  })

  it('is shown with one D1 call', async () => {
    const { status, body, cost } = await alice.get(USER)
    expect(status).toBe(200)
    expect(cost.calls).toBe(1)
    expect(body).toEqual({
      pk: alice.id,
      username: 'alice',
      email: 'Alice@example.com',
      first_name: '',
      last_name: '',
      profile_id: alice.id,
      profile_image: expect.stringMatching(`^${ORIGIN}/`),
    })
  })

  it.each([
    ['PUT', 'without a name', {}, { username: REQUIRED }],
    ['PUT', 'without a name but others', { first_name: 'Al' }, { username: REQUIRED }],
    ['PATCH', 'a blank name', { username: '' }, { username: BLANK }],
    ['PATCH', 'null for names', { username: null, first_name: null }, { username: NULL, first_name: NULL }],
    ['PATCH', 'an invalid name', { username: 'a b' }, { username: BAD_NAME }],
    ['PATCH', 'somebody’s name', { username: 'alice', first_name: 'Bo' }, { username: TAKEN }],
    ['PUT', 'somebody’s name in another case', { username: 'aLiCe' }, { username: TAKEN }],
    [
      'PATCH',
      'names that are too long',
      { username: 'u'.repeat(151), first_name: '🦊'.repeat(151), last_name: 'l'.repeat(151) },
      { username: TOO_LONG, first_name: TOO_LONG, last_name: TOO_LONG },
    ],
    ['PATCH', 'lists', { first_name: ['x'], last_name: {} }, { first_name: NOT_TEXT, last_name: NOT_TEXT }],
    ['PATCH', 'a NUL', { first_name: 'a\0b' }, { first_name: NUL }],
  ])('%s refuses %s', async (method, _, fields, errors) => {
    const send = method === 'PUT' ? bob.put : bob.patch
    const { status, body } = await send(USER, fields)
    expect({ status, body }).toEqual({ status: 400, body: errors })
    expect(await stored('select username, first_name from users where id = ?', bob.id)).toEqual([
      { username: 'bob', first_name: '' },
    ])
  })

  it('changes names, and nothing that is read-only', async () => {
    const dave = await signUp('dave', { email: 'dave@example.com' })
    const patch = {
      first_name: ' Da ',
      last_name: '🦊'.repeat(150),
      pk: 1,
      profile_id: 1,
    }
    const changed = {
      pk: dave.id,
      username: 'dave',
      email: 'dave@example.com',
      first_name: 'Da',
      last_name: '🦊'.repeat(150),
      profile_id: dave.id,
    }
    expect(await dave.patch(USER, patch)).toMatchObject({ status: 200, body: changed })
    expect(await dave.get(USER)).toMatchObject({ body: changed })
    expect(await dave.patch(USER, {})).toMatchObject({ status: 200, body: changed })
    expect(await dave.patch(USER, { last_name: '' })).toMatchObject({ status: 200, body: { last_name: '' } })
    expect(await dave.put(USER, { username: 'dave2' })).toMatchObject({
      status: 200,
      body: { username: 'dave2', first_name: 'Da' },
    })
    expect(
      await stored('select username, username_key, email, first_name from users where id = ?', dave.id),
    ).toEqual([{ username: 'dave2', username_key: 'dave2', email: 'dave@example.com', first_name: 'Da' }])
    expect((await anyone.get(`/profiles/${dave.id}/`)).body.owner).toBe('dave2')
    // The old name is nobody else's for 30 days, and its owner's if they want it back.
    const name = { username: 'Dave', password1: PASSWORD, password2: PASSWORD }
    const registration = '/dj-rest-auth/registration/'
    expect(await anyone.post(registration, name)).toMatchObject({ status: 400, body: { username: TAKEN } })
    expect(await bob.patch(USER, { username: 'DAVE' })).toMatchObject({
      status: 400,
      body: { username: TAKEN },
    })
    expect((await dave.patch(USER, { username: 'dave' })).status).toBe(200)
    expect((await dave.patch(USER, { username: 'dave2' })).status).toBe(200)
    await stored("update held_usernames set until = ? where username_key = 'dave'", Date.now() - 1_000)
    expect((await anyone.post(registration, name)).status).toBe(201)
  })

  it('takes forms', async () => {
    const erin = await signUp('erin')
    const names = { username: 'erin.1', first_name: 'Erin' }
    expect(await erin.put(USER, form(names))).toMatchObject({ status: 200, body: names })
    const blank = new URLSearchParams({ username: 'erin.2', first_name: '' })
    expect(await erin.patch(USER, blank)).toMatchObject({
      status: 200,
      body: { username: 'erin.2', first_name: '' },
    })
  })

  it('keeps its own name, or takes it in another case', async () => {
    const frank = await signUp('frank')
    expect(await frank.put(USER, { username: 'frank' })).toMatchObject({
      status: 200,
      body: { username: 'frank' },
    })
    expect(await frank.patch(USER, { username: 'Frank' })).toMatchObject({
      status: 200,
      body: { username: 'Frank' },
    })
    const login = (username: string) => anyone.post(`${AUTH}/login/`, { username, password: PASSWORD })
    expect([(await login('frank')).status, (await login('Frank')).status]).toEqual([400, 200])
  })

  it('two who want one name at once: one gets it', async () => {
    const both = [await signUp('greta'), await signUp('hans')]
    const answers = await Promise.all(both.map((person) => person.patch(USER, { username: 'prize' })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
    expect(answers.find(({ status }) => status === 400)?.body).toEqual({ username: TAKEN })
  })
})
