import { describe, expect, it } from 'vitest'
import { ACCESS } from '../auth-helpers'
import { anyone, call, form, signUp, stored } from '../client'
import { DEFAULT_PROFILE } from '../fixtures/answers'
import { signUpCast, signUpPair } from '../fixtures/factories'
import { conversationWith, fresh, say, show, thread } from '../fixtures/messages'
import { gone } from '../fixtures/uploads'

const { alice, bob, carol } = await signUpCast()

describe('every route of messages', () => {
  it.each([
    ['GET', '/messages/'],
    ['GET', '/messages/2/'],
    ['POST', '/messages/2/send/'],
    ['POST', '/messages/2/start/'],
    ['POST', '/messages/2/read/'],
    ['PATCH', '/messages/1/update/'],
    ['PUT', '/messages/1/update/'],
    ['DELETE', '/messages/1/delete/'],
    ['DELETE', '/chats/2/delete/'],
  ])('%s %s: 401', async (method, path) => {
    const answer = await call(method, path, method === 'GET' ? {} : { body: {} })
    expect(answer.status).toBe(401)
    const detail = 'Authentication credentials were not provided.'
    // The calls with a body answer lists.
    expect(answer.body).toEqual({ detail: /send|start|update/.test(path) ? [detail] : detail })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api"')
  })

  it('a foreign page cannot write with the cookie', async () => {
    const headers = { cookie: `${ACCESS}=${alice.access}`, origin: 'http://evil.test' }
    const answer = await anyone.post(`/messages/${bob.id}/send/`, { content: 'x' }, headers)
    expect(answer.status).toBe(403)
    expect(await stored("select 1 from messages where content = 'x'")).toEqual([])
  })

  it.each([
    ['POST', '/messages/', 'GET'],
    ['GET', '/messages/2/send/', 'POST'],
    ['DELETE', '/messages/2/', 'GET'],
    ['GET', '/messages/2/read/', 'POST'],
    ['POST', '/messages/2/update/', 'PATCH'],
    ['GET', '/chats/1/delete/', 'DELETE'],
  ])('%s %s: 405, for who is signed in', async (method, path, allowed) => {
    const answer = await call(method, path, { headers: alice.headers })
    expect([answer.status, answer.body]).toEqual([405, { detail: `Method "${method}" not allowed.` }])
    expect(answer.headers.get('allow')).toContain(allowed)
  })
})

describe('GET /messages/ (MessageListViewTest)', () => {
  it('an array: the other person of each conversation, newest first, for both', async () => {
    const [one, other] = await signUpPair()
    const third = await signUp('third')
    expect((await one.get('/messages/')).body).toEqual([])
    await say(one, other, 'first')
    await say(third, one, 'second')
    const last = await say(other, one, 'third')
    const answer = await one.get('/messages')
    expect(answer).toMatchObject({ status: 200 })
    expect(answer.body).toEqual([
      {
        id: other.id,
        username: other.username,
        recipient_profile_image: DEFAULT_PROFILE,
        last_message: 'third',
        last_message_time: last.time,
        last_message_at: last.timestamp,
        unread_count: 1,
        seq: 2,
      },
      expect.objectContaining({
        id: third.id,
        username: 'third',
        last_message: 'second',
        unread_count: 1,
        seq: 1,
      }),
    ])
    expect((await third.get('/api/messages/')).body).toMatchObject([{ id: one.id, unread_count: 0 }])
    await say(one, third, 'now this is the newest')
    expect((await one.get('/messages/')).body.map(({ id }: { id: number }) => id)).toEqual([
      third.id,
      other.id,
    ])
  })

  it('?search= finds part of the other name, without case; its wildcards are letters', async () => {
    const [seeker, anna, hanna] = [await signUp('seeker'), await signUp('Anna_Blum'), await signUp('hanna')]
    await say(seeker, anna, 'seeker')
    await say(hanna, seeker, 'anna')
    const found = async (search: string) =>
      (await seeker.get(`/messages/?search=${search}`)).body.map(
        ({ username }: { username: string }) => username,
      )
    expect(await found('')).toEqual(['hanna', 'Anna_Blum'])
    expect(await found('ANNA')).toEqual(['hanna', 'Anna_Blum'])
    expect(await found('%20blum%20')).toEqual(['Anna_Blum'])
    expect(await found('a_b')).toEqual(['Anna_Blum'])
    for (const nothing of ['a%25b', '%25', 'seeker', '%27', 'n_n']) expect(await found(nothing)).toEqual([])
  })

  it('shows the profile image that people have now', async () => {
    const [one, other] = await signUpPair()
    await say(one, other, 'x')
    const { body } = await other.patch(`/profiles/${other.id}/`, form({ image: fresh() }))
    expect(await conversationWith(one, other)).toMatchObject({ recipient_profile_image: body.image })
    expect((await thread(one, other)).results[0]).toMatchObject({
      sender_profile_image: DEFAULT_PROFILE,
      recipient_profile_image: body.image,
    })
  })

  it('counts what is unread, and no more what was deleted', async () => {
    const [one, other] = await signUpPair()
    const first = await say(one, other, '1')
    await say(one, other, '2')
    await say(other, one, '3')
    const counts = async () => [
      (await conversationWith(one, other)).unread_count,
      (await conversationWith(other, one)).unread_count,
    ]
    expect(await counts()).toEqual([1, 2])
    await thread(other, one)
    expect(await counts()).toEqual([1, 2])
    await one.delete(`/messages/${first.id}/delete/`)
    expect(await counts()).toEqual([1, 1])
    await other.post(`/messages/${one.id}/read/`, { up_to: 2 })
    expect(await counts()).toEqual([1, 0])
  })
})

describe('DELETE /chats/:id/delete/ (ChatDeleteTest)', () => {
  it('takes all messages and their images, for both', async () => {
    const [one, other] = await signUpPair()
    await say(one, other, 'x')
    const { hash } = await show(other, one)
    const answer = await one.delete(`/chats/${other.id}/delete/`)
    expect([answer.status, answer.body]).toEqual([200, { detail: 'Chat deleted successfully.' }])
    for (const [viewer, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      expect((await viewer.get('/messages/')).body).toEqual([])
      expect(await thread(viewer, peer)).toEqual({ count: 0, next: null, previous: null, results: [] })
    }
    await gone(hash)
    expect(await stored('select 1 from messages where sender_id in (?, ?)', one.id, other.id)).toEqual([])
    const again = await other.delete(`/chats/${one.id}/delete/`)
    expect([again.status, again.body]).toEqual([404, { detail: 'Chat not found.' }])
    // What comes after is a new beginning, and its numbers go on.
    expect(await say(other, one, 'again')).toMatchObject({ seq: 4, last_message: 'again' })
    expect(await conversationWith(one, other)).toMatchObject({ unread_count: 1 })
  })

  it('none: 404; nor can a third delete what is not theirs', async () => {
    const [one, other] = await signUpPair()
    await say(one, other, 'x')
    for (const path of [
      `/chats/${one.id}/delete/`,
      '/chats/999999/delete/',
      `/chats/${carol.id}/delete/`,
      '/chats/0/delete/',
    ]) {
      const answer = await carol.delete(path)
      expect([answer.status, answer.body]).toEqual([404, { detail: 'Chat not found.' }])
    }
    expect((await thread(one, other)).count).toBe(1)
  })
})
