import { describe, expect, it } from 'vitest'
import { type Answer, anyone, signUp, stored } from './client'
import {
  DAY,
  FORBIDDEN,
  ISO,
  idsOf,
  NOT_A_CHOICE,
  NOT_SIGNED_IN,
  UNKNOWN,
  WRONG_PKS,
} from './fixtures/answers'
import { follow, signUpCast } from './fixtures/factories'

const { alice, bob, carol } = await signUpCast()

const exists = async (table: string, id: number) =>
  (await stored(`select id from ${table} where id = ?`, id)).length === 1

describe('/followers/', () => {
  it('nobody follows without signing in', async () => {
    const answer = await anyone.post('/followers/', { followed: alice.id })
    expect([answer.status, answer.body]).toEqual([401, NOT_SIGNED_IN])
    expect(await stored('select id from followers')).toEqual([])
  })

  it.each(WRONG_PKS)('a follow of %j is refused', async (value, message) => {
    const answer = await bob.post('/followers/', { followed: value })
    expect([answer.status, answer.body]).toEqual([400, { followed: [message] }])
    expect(await stored('select id from followers')).toEqual([])
  })

  it('nobody follows themselves', async () => {
    const answer = await bob.post('/followers/', { followed: `${bob.id}` })
    expect([answer.status, answer.body]).toEqual([400, { followed: ["You can't follow yourself."] }])
    expect(await stored('select id from followers')).toEqual([])
  })

  it('a follow is stored, counted on both sides and shown to who follows', async () => {
    const { status, body } = await bob.post('/followers/', { followed: alice.id })
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.any(Number),
      owner: 'bob',
      created_at: expect.stringMatching(DAY),
      created: expect.stringMatching(ISO),
      updated: expect.stringMatching(ISO),
      followed: alice.id,
      followed_name: 'alice',
      request_id: null,
    })
    expect(await stored('select owner_id, followed_id from followers where id = ?', body.id)).toEqual([
      { owner_id: bob.id, followed_id: alice.id },
    ])
    expect((await anyone.get(`/followers/${body.id}/`)).body).toEqual(body)
    expect((await bob.get(`/profiles/${alice.id}/`)).body).toMatchObject({
      followers_count: 1,
      following_count: 0,
      following_id: body.id,
    })
    expect((await alice.get(`/profiles/${bob.id}/`)).body).toMatchObject({
      followers_count: 0,
      following_count: 1,
      following_id: null,
    })
    expect((await anyone.get(`/profiles/${alice.id}/`)).body.following_id).toBeNull()
  })

  it('the same follow twice is refused', async () => {
    const { id } = await follow(carol, alice)
    const again = await carol.post('/followers/', { followed: alice.id })
    expect([again.status, again.body]).toEqual([400, { followed: ['You are already following this user.'] }])
    expect(await stored('select id from followers where owner_id = ?', carol.id)).toEqual([{ id }])
    expect((await anyone.get(`/profiles/${alice.id}/`)).body.followers_count).toBe(2)
  })

  it('the list is newest first, and filtered by who follows and who is followed', async () => {
    const [dave, erin] = [await signUp('dave'), await signUp('erin')]
    const { id: back } = await follow(dave, erin)
    const { id: forth } = await follow(erin, dave)
    const { id: on } = await follow(dave, bob)
    const all = await anyone.get('/followers/')
    expect(idsOf(all).slice(0, 3)).toEqual([on, forth, back])
    expect(idsOf(all)).toHaveLength(all.body.count)
    expect((await anyone.get(`/followers/?owner=${dave.id}`)).body).toMatchObject({
      count: 2,
      results: [
        { id: on, followed_name: 'bob' },
        { id: back, followed_name: 'erin' },
      ],
    })
    expect((await anyone.get(`/followers/?followed=${dave.id}`)).body).toMatchObject({
      count: 1,
      results: [{ id: forth, owner: 'erin' }],
    })
    expect(idsOf(await anyone.get(`/followers/?owner=${dave.id}&followed=${bob.id}`))).toEqual([on])
    expect((await anyone.get(`/followers/?owner=${bob.id}&followed=${dave.id}`)).body).toMatchObject({
      count: 0,
    })
    expect((await anyone.get('/followers/?owner=&followed=')).body.count).toBe(all.body.count)
    const bad = await anyone.get(`/followers/?owner=${UNKNOWN}&followed=abc`)
    expect(bad.status).toBe(400)
    expect(bad.body.followed).toEqual([NOT_A_CHOICE])
    expect((await anyone.get(`/followers/?owner=${UNKNOWN}`)).body).toEqual({ owner: [NOT_A_CHOICE] })
  })

  it('only the two of them end a follow, and then there may be another', async () => {
    const [frank, grace] = [await signUp('frank'), await signUp('grace')]
    const { id } = await follow(frank, grace)
    expect((await anyone.delete(`/followers/${id}/`)).body).toEqual(NOT_SIGNED_IN)
    const other = await alice.delete(`/followers/${id}/`)
    expect([other.status, other.body]).toEqual([403, FORBIDDEN])
    expect((await frank.delete(`/followers/${UNKNOWN}/`)).status).toBe(404)
    expect((await frank.patch(`/followers/${id}/`, {})).status).toBe(405)
    expect((await frank.get(`/profiles/${grace.id}/`)).body.following_id).toBe(id)
    expect((await frank.delete(`/followers/${id}/`)).status).toBe(204)
    expect(await exists('followers', id)).toBe(false)
    expect((await frank.get(`/profiles/${grace.id}/`)).body).toMatchObject({
      followers_count: 0,
      following_id: null,
    })
    expect((await frank.get(`/profiles/${frank.id}/`)).body.following_count).toBe(0)
    const again = (await follow(frank, grace)).id
    expect(again).toBeGreaterThan(id)
    expect((await grace.delete(`/followers/${again}/`)).status).toBe(204)
    expect(await exists('followers', again)).toBe(false)
  })
})

describe('POST /followers/, fifty at once', () => {
  const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort((a, b) => a - b)
  const ONE_OF_FIFTY = [201, ...Array<number>(49).fill(400)]

  it('the same follow: one row, one 201, 49 times the 400, and the right counts', async () => {
    const [lea, max] = [await signUp('lea'), await signUp('max')]
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => lea.post('/followers/', { followed: max.id })),
    )
    expect(statuses(answers)).toEqual(ONE_OF_FIFTY)
    const refused = answers.filter(({ status }) => status === 400)
    expect(new Set(refused.map(({ body }) => JSON.stringify(body)))).toEqual(
      new Set([JSON.stringify({ followed: ['You are already following this user.'] })]),
    )
    expect(await stored('select followed_id from followers where owner_id = ?', lea.id)).toHaveLength(1)
    expect((await anyone.get(`/profiles/${max.id}/`)).body.followers_count).toBe(1)
    expect((await anyone.get(`/profiles/${lea.id}/`)).body.following_count).toBe(1)
  })
})
