import { beforeAll, describe, expect, it } from 'vitest'
import { ACCESS, AUTH, isRevoked, jwt, logIn, REFRESH } from '../auth-helpers'
import { anyone, client, form, PASSWORD, type Person, signUp, stored } from '../client'

const CHANGE = `${AUTH}/password/change/`
const NEW = 'Qw8#mmztRust'
const REQUIRED = ['This field is required.']
const SHORT = 'This password is too short. It must contain at least 8 characters.'
const COMMON = 'This password is too common.'
const NUMERIC = 'This password is entirely numeric.'
const MISMATCH = { new_password2: ['The two password fields didn’t match.'] }
const TOO_LONG = ['Ensure this field has no more than 128 characters.']
const WRONG_OLD = {
  old_password: ['Your old password was entered incorrectly. Please enter it again.'],
}
const twice = (password: unknown) => ({ new_password1: password, new_password2: password })
const hashOf = async ({ id }: Person) =>
  (await stored('select password_hash from users where id = ?', id))[0]?.password_hash
const loginStatus = async ({ username }: Person, password: string) =>
  (await anyone.post(`${AUTH}/login/`, { username, password })).status

let alice: Person
let bob: Person
beforeAll(async () => {
  alice = await signUp('alice')
  bob = await signUp('bob')
})

describe('password/change', () => {
  it('is not for who is not signed in', async () => {
    const before = await hashOf(alice)
    const { status, body } = await anyone.post(CHANGE, { username: 'alice', ...twice(NEW) })
    expect([status, body]).toEqual([401, { detail: 'Authentication credentials were not provided.' }])
    expect(await hashOf(alice)).toBe(before)
  })

  const nina = 'nina.wanderlust'
  beforeAll(async () => {
    const person = await signUp(nina, { email: 'lighthouse@example.com' })
    await person.patch(`${AUTH}/user/`, { first_name: 'Rhubarb', last_name: 'Crumble' })
  })

  it.each([
    ['nothing', {}, { new_password1: REQUIRED, new_password2: REQUIRED }],
    ['one of two', { new_password1: NEW }, { new_password2: REQUIRED }],
    [
      'a mismatch, which is told before a weakness',
      { new_password1: '123', new_password2: '1234' },
      MISMATCH,
    ],
    ['a short password', twice('Qw8#'), { new_password2: [SHORT] }],
    ['a common one', twice('password123'), { new_password2: [COMMON] }],
    ['all of that', twice(' 12345 '), { new_password2: [SHORT, COMMON, NUMERIC] }],
    [
      'one like the name',
      twice('Wanderlust1'),
      { new_password2: ['The password is too similar to the username.'] },
    ],
    [
      'one like the first name',
      twice('rhubarb-1'),
      { new_password2: ['The password is too similar to the first name.'] },
    ],
    [
      'one like the last name',
      twice('crumble-1'),
      { new_password2: ['The password is too similar to the last name.'] },
    ],
    [
      'one like the address',
      twice('lighthouse9'),
      { new_password2: ['The password is too similar to the email address.'] },
    ],
    ['129 characters', twice('🦊'.repeat(129)), { new_password1: TOO_LONG, new_password2: TOO_LONG }],
    ['a wrong old one', { old_password: 'wrong', ...twice(NEW) }, WRONG_OLD],
    [
      'null',
      twice(null),
      { new_password1: ['This field may not be null.'], new_password2: ['This field may not be null.'] },
    ],
  ])('refuses %s', async (_, fields, errors) => {
    const { access, refresh } = await logIn({ username: nina })
    const before = await stored('select password_hash from users where username = ?', nina)
    const { status, body } = await client({ authorization: `Bearer ${access}` }).post(CHANGE, fields)
    expect({ status, body }).toEqual({ status: 400, body: errors })
    expect(await stored('select password_hash from users where username = ?', nina)).toEqual(before)
    expect(await isRevoked(refresh)).toBe(false)
  })

  it('changes it, and ends every session but the one that asked', async () => {
    const carol = await signUp('carol')
    const [here, there] = [await logIn(carol), await logIn(carol)]
    const bobs = await logIn(bob)
    const answer = await client({ authorization: `Bearer ${here.access}` }).post(CHANGE, twice(NEW))
    expect([answer.status, answer.body]).toEqual([200, { detail: 'New password has been saved.' }])
    expect([await loginStatus(carol, PASSWORD), await loginStatus(carol, NEW)]).toEqual([400, 200])
    expect(await isRevoked(here.refresh)).toBe(false)
    expect([await isRevoked(there.refresh), await isRevoked(carol.refresh)]).toEqual([true, true])
    expect(await isRevoked(bobs.refresh)).toBe(false)
    const statusOf = async (refresh: string) =>
      (await anyone.post(`${AUTH}/token/refresh/`, { refresh })).status
    expect([await statusOf(here.refresh), await statusOf(there.refresh)]).toEqual([200, 401])
  })

  it.each([
    ['JSON', { old_password: PASSWORD, ...twice(NEW) }],
    ['urlencoded', new URLSearchParams({ old_password: PASSWORD, new_password1: NEW, new_password2: NEW })],
    ['multipart', form({ old_password: PASSWORD, new_password1: NEW, new_password2: NEW })],
  ])('takes the right old password: %s', async (type, fields) => {
    const dave = await signUp(`dave-${type}`)
    expect((await dave.post(CHANGE, fields)).status).toBe(200)
    expect([await loginStatus(dave, PASSWORD), await loginStatus(dave, NEW)]).toEqual([400, 200])
  })

  it('works by cookie, and ends the other sessions then, too', async () => {
    const erin = await signUp('erin')
    const here = await logIn(erin)
    const cookie = `${ACCESS}=${here.access}; ${REFRESH}=${here.refresh}`
    expect((await anyone.post(CHANGE, twice(NEW), { cookie })).status).toBe(200)
    expect([await isRevoked(here.refresh), await isRevoked(erin.refresh)]).toEqual([false, true])
  })

  it('ends all sessions when asked with a token that belongs to none', async () => {
    const frank = await signUp('frank')
    const token = await jwt({ user_id: frank.id })
    const sessionless = client({ authorization: `Bearer ${token}` })
    expect((await sessionless.post(CHANGE, twice(NEW))).body).toEqual({
      old_password: ['This field is required.'],
    })
    expect(await isRevoked(frank.refresh)).toBe(false)
    expect((await sessionless.post(CHANGE, { old_password: PASSWORD, ...twice(NEW) })).status).toBe(200)
    expect(await isRevoked(frank.refresh)).toBe(true)
  })

  it('takes an old password of any length that registration took, and new ones of 128 code points', async () => {
    const long = `${PASSWORD}${'🦊'.repeat(200)}`
    const greta = await signUp('greta', { password1: long, password2: long })
    const fields = { old_password: long, ...twice('🦊'.repeat(128)) }
    expect((await greta.post(CHANGE, fields)).status).toBe(200)
    expect(await loginStatus(greta, '🦊'.repeat(128))).toBe(200)
  })
})
