import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { Bindings } from '../src/http/env'
import worker from '../src/index'
import { ACCESS } from './auth-helpers'
import { type Answer, anyone, call, download, form, ORIGIN, type Person, signUp, stored } from './client'
import { ascii, avif, gif, jpeg, noisePng, png, svg, tiff, webp } from './fixtures/images'

const [alice, bob, carol] = await Promise.all([signUp('alice'), signUp('bob'), signUp('carol')])

const DEFAULT_PROFILE = `${ORIGIN}/media/images/default_profile_dqcubz.jpg`
const NOT_FOUND = { detail: 'Not found.' }
const EMPTY = { non_field_errors: ['A message needs content or an image.'] }
const TOO_LARGE = { image: ['Image file too large (max 5MB)'] }
const MIB = 2 ** 20
const DAY = 86_400_000

/** Two people of a test of its own. */
let pairs = 0
async function couple(): Promise<[one: Person, other: Person]> {
  pairs += 1
  return [await signUp(`one${pairs}`), await signUp(`other${pairs}`)]
}

type Bytes = Uint8Array<ArrayBuffer>
const file = (bytes: Bytes, name = 'picture.png', type = 'image/png') => new File([bytes], name, { type })
/** A picture that no other test has. */
let width = 900
const fresh = () => file(png(width++, 2))

const send = (from: Person, to: { id: number }, body: unknown) => from.post(`/messages/${to.id}/send/`, body)
const start = (from: Person, to: { id: number }, body: unknown) =>
  from.post(`/messages/${to.id}/start/`, body)

async function say(from: Person, to: Person, content: string) {
  const { status, body } = await send(from, to, { content })
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

async function show(from: Person, to: Person, content = '') {
  const { status, body } = await send(from, to, form({ content, image: fresh() }))
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

const thread = async (viewer: Person, other: { id: number }, query = '') =>
  (await viewer.get(`/messages/${other.id}/${query}`)).body
const contents = ({ results }: Answer['body']): string[] =>
  results.map(({ content }: { content: string }) => content)
const rowOf = async (id: number) =>
  (await stored('select content, image, sender_id, edited_at from messages where id = ?', id))[0]
const hashOf = (url: string) => url.split('/').at(-1) ?? ''
const isStored = async (url: string) => (await env.MEDIA.head(hashOf(url))) !== null
const gone = (url: string) => expect.poll(() => isStored(url)).toBe(false)
const ids = (page: Answer['body']): number[] => page.results.map(({ id }: { id: number }) => id)
const conversationWith = async (viewer: Person, other: Person) =>
  (await viewer.get('/messages/')).body.find(({ id }: { id: number }) => id === other.id)

describe('signed out', () => {
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
    expect(answer.body).toEqual({ detail: 'Authentication credentials were not provided.' })
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

describe('MessageWithImageTestCase', () => {
  it('a picture with text, as a form: an absolute URL that serves it', async () => {
    const bytes = png(801, 2)
    const { status, body } = await send(alice, bob, form({ content: 'look', image: file(bytes) }))
    expect(status).toBe(201)
    expect(body).toMatchObject({
      content: 'look',
      image: expect.stringMatching(/^http:\/\/api\.test\/media\//),
    })
    const { status: served, headers } = await download(`${body.image}?t=1`)
    expect([served, headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(await rowOf(body.id)).toMatchObject({ content: 'look', image: hashOf(body.image) })
    expect((await thread(bob, alice)).results.at(-1)).toMatchObject({ id: body.id, image: body.image })
  })

  it('a picture alone, also to start', async () => {
    const [one, other] = await couple()
    const first = await start(one, other, form({ image: fresh() }))
    const second = await send(one, other, form({ content: '', image: fresh() }))
    for (const { status, body } of [first, second]) {
      expect([status, body.content, body.last_message]).toEqual([201, '', ''])
      expect(await isStored(body.image)).toBe(true)
    }
    expect(await conversationWith(one, other)).toMatchObject({ last_message: '' })
  })

  it('no picture is null', async () => {
    expect((await send(alice, bob, { content: 'x' })).body.image).toBeNull()
    expect((await send(alice, bob, form({ content: 'x', image: '' }))).body.image).toBeNull()
    expect((await send(alice, bob, { content: 'x', image: null })).body.image).toBeNull()
  })

  it('the same picture twice is stored once, and leaves with the last message that shows it', async () => {
    const image = fresh()
    const [one, two] = [
      (await send(alice, bob, form({ image }))).body,
      (await send(bob, alice, form({ image }))).body,
    ]
    expect(two.image).toBe(one.image)
    expect((await alice.delete(`/messages/${one.id}/delete/`)).status).toBe(204)
    expect(await isStored(two.image)).toBe(true)
    expect((await bob.delete(`/messages/${two.id}/delete/`)).status).toBe(204)
    await gone(two.image)
  })

  it('the bucket fails: 503, and nothing is stored', async () => {
    const broken = { put: () => Promise.reject(new Error('down')), delete: () => Promise.resolve() }
    const before = await stored('select count(*) from messages')
    const answer = await sendWith({ MEDIA: broken }, alice, bob)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await stored('select count(*) from messages')).toEqual(before)
    expect(await stored('select 1 from images where refs = 0')).toEqual([])
  })

  it.each(['recipient', 'sender'] as const)(
    'the %s leaves during the upload: 4xx, and the picture goes again',
    async (who) => {
      const [one, other] = await couple()
      let hash = ''
      const MEDIA = {
        put: async (key: string, ...rest: [Bytes, R2PutOptions]) => {
          hash = key
          await env.MEDIA.put(key, ...rest)
          await stored('delete from users where id = ?', who === 'sender' ? one.id : other.id)
        },
        delete: (keys: string[]) => env.MEDIA.delete(keys),
      }
      const answer = await sendWith({ MEDIA }, one, other)
      if (who === 'sender') expect(answer).toMatchObject({ status: 401, body: { code: 'user_not_found' } })
      else {
        const detail = ['Recipient not found: User matching query does not exist.']
        expect(answer).toMatchObject({ status: 400, body: { detail } })
      }
      expect(hash).not.toBe('')
      await gone(hash)
      expect(await stored('select 1 from images where hash = ?', hash)).toEqual([])
      expect(await stored('select 1 from messages where image = ?', hash)).toEqual([])
    },
  )
})

/** Sends a picture through a Worker with other bindings. */
async function sendWith(bindings: Record<string, unknown>, from: Person, to: Person) {
  const context = createExecutionContext()
  const body = form({ content: 'look', image: fresh() })
  const request = new Request(`${ORIGIN}/messages/${to.id}/send/`, {
    method: 'POST',
    headers: from.headers,
    body,
  })
  const response = await worker.fetch(request, { ...env, ...bindings } as unknown as Bindings, context)
  const answer = { status: response.status, headers: response.headers, body: await response.json() }
  await waitOnExecutionContext(context)
  return answer
}

describe('MessageWithImageValidationTestCase', () => {
  it.each<[string, () => File]>([
    ['JPEG', () => file(jpeg())],
    ['GIF', () => file(gif())],
    ['WebP', () => file(webp())],
    ['AVIF', () => file(avif())],
    ['a PNG that says it is text', () => file(png(), 'notes.txt', 'text/plain')],
    ['a name without an extension', () => file(png(), 'picture')],
    ['a side of 4097: only posts and profiles have limits', () => file(png(4097, 1))],
    ['5 MiB to the byte', () => file(jpeg({ padTo: 5 * MIB }))],
  ])('takes %s', async (_, image) => {
    const { status, body } = await send(alice, bob, form({ image: image() }))
    expect([status, typeof body.image]).toEqual([201, 'string'])
  })

  it.each<[string, () => File | string, string]>([
    ['5 MiB and a byte', () => file(jpeg({ padTo: 5 * MIB + 1 })), 'Image file too large (max 5MB)'],
    ['6 MiB that are none', () => file(new Uint8Array(6 * MIB)), 'Image file too large (max 5MB)'],
    ['7 MB of PNG', () => file(noisePng(7_000_000)), 'Image file too large (max 5MB)'],
    ['text', () => file(ascii('hello'), 'picture.png'), 'Invalid image file'],
    ['SVG', () => file(svg(), 'x.svg', 'image/svg+xml'), 'Invalid image file'],
    ['TIFF', () => file(tiff(), 'x.tiff', 'image/tiff'), 'Invalid image file'],
    ['an empty file', () => file(new Uint8Array(), 'x.png'), 'The submitted file is empty.'],
    ['a string', () => 'x.png', 'The submitted data was not a file. Check the encoding type on the form.'],
  ])('refuses %s, on all three calls', async (_, image, message) => {
    const { id } = await say(alice, bob, 'to be changed')
    const before = await stored('select count(*) from messages')
    const body = () => form({ content: 'x', image: image() })
    for (const answer of [
      await send(alice, bob, body()),
      await start(alice, bob, body()),
      await alice.patch(`/messages/${id}/update/`, body()),
    ])
      expect([answer.status, answer.body]).toEqual([400, { image: [message] }])
    expect(await stored('select count(*) from messages')).toEqual(before)
    expect(await rowOf(id)).toMatchObject({ content: 'to be changed', image: null })
  })

  it('tells all fields that are wrong at once', async () => {
    const answer = await send(
      alice,
      bob,
      form({ content: 'x'.repeat(10_001), image: file(jpeg({ padTo: 5 * MIB + 1 })) }),
    )
    expect([answer.status, answer.body]).toEqual([
      400,
      { content: ['Ensure this field has no more than 10000 characters.'], ...TOO_LARGE },
    ])
  })
})

describe('MessageListViewTest', () => {
  it('an array: the other person of each conversation, newest first, for both', async () => {
    const [one, other] = await couple()
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

  it('shows the profile picture that people have now', async () => {
    const [one, other] = await couple()
    await say(one, other, 'x')
    const { body } = await other.patch(`/profiles/${other.id}/`, form({ image: fresh() }))
    expect(await conversationWith(one, other)).toMatchObject({ recipient_profile_image: body.image })
    expect((await thread(one, other)).results[0]).toMatchObject({
      sender_profile_image: DEFAULT_PROFILE,
      recipient_profile_image: body.image,
    })
  })

  it('counts what is unread, and no more what was deleted', async () => {
    const [one, other] = await couple()
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

describe('IsSenderFieldTests', () => {
  it('is true for who sent it only', async () => {
    const [one, other] = await couple()
    const sent = await say(one, other, 'x')
    expect(sent).toMatchObject({ is_sender: true, sender: one.id, recipient: other.id })
    const flags = async (viewer: Person, peer: Person) =>
      (await thread(viewer, peer)).results.map((message: { is_sender: boolean }) => message.is_sender)
    await say(other, one, 'y')
    expect([await flags(one, other), await flags(other, one)]).toEqual([
      [true, false],
      [false, true],
    ])
    const edited = await one.patch(`/messages/${sent.id}/update/`, { content: 'z' })
    expect(edited.body.is_sender).toBe(true)
  })
})

describe('MessageSerializerTests', () => {
  it('has these fields and no others', async () => {
    const [one, other] = await couple()
    const body = await say(one, other, 'hello')
    expect(body).toEqual({
      id: expect.any(Number),
      sender: one.id,
      recipient: other.id,
      content: 'hello',
      image: null,
      date: expect.stringMatching(/^\d\d [A-Z][a-z]{2} \d{4}$/),
      time: expect.stringMatching(/^\d\d:\d\d$/),
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      edited_at: null,
      seq: 1,
      read: false,
      sender_profile_image: DEFAULT_PROFILE,
      recipient_profile_image: DEFAULT_PROFILE,
      is_sender: true,
      last_message: 'hello',
      last_message_time: body.time,
    })
    expect(body.timestamp.slice(11, 16)).toBe(body.time)
    expect((await thread(one, other)).results).toEqual([body])
  })

  it('cuts the last message at 50 characters, as people count them', async () => {
    const [one, other] = await couple()
    for (const [content, shown] of [
      ['x'.repeat(50), 'x'.repeat(50)],
      ['x'.repeat(51), `${'x'.repeat(50)}...`],
      ['😀'.repeat(50), '😀'.repeat(50)],
      ['😀'.repeat(51), `${'😀'.repeat(50)}...`],
    ] as const) {
      expect(await say(one, other, content)).toMatchObject({ content, last_message: shown })
      expect(await conversationWith(other, one)).toMatchObject({ last_message: shown })
    }
    const page = await thread(one, other)
    expect(new Set(page.results.map((message: { last_message: string }) => message.last_message)).size).toBe(
      1,
    )
  })

  it('tells how long ago the last message was', async () => {
    const [one, other] = await couple()
    const { id } = await say(one, other, 'x')
    const at = async (time: number) => {
      await stored('update messages set created_at = ? where id = ?', time, id)
      const shown = (await conversationWith(one, other)).last_message_time
      expect((await thread(one, other)).results[0].last_message_time).toBe(shown)
      return shown
    }
    const now = Date.now()
    const clock = (time: number) => new Date(time).toISOString().slice(11, 16)
    const day = (time: number, year: boolean) =>
      new Intl.DateTimeFormat('en-GB', {
        timeZone: 'UTC',
        day: '2-digit',
        month: 'short',
        ...(year && { year: 'numeric' }),
      })
        .format(time)
        .replace('Sept', 'Sep')
    expect(await at(now - DAY + 60_000)).toBe(clock(now - DAY + 60_000))
    expect(await at(now - DAY - 1_000)).toBe(day(now - DAY - 1_000, false))
    expect(await at(now - 366 * DAY + 60_000)).toBe(day(now - 366 * DAY + 60_000, false))
    expect(await at(now - 366 * DAY - 1_000)).toBe(day(now - 366 * DAY - 1_000, true))
    expect(await at(Date.UTC(2024, 7, 5, 9, 3))).toBe('05 Aug 2024')
  })
})

describe('ChatDeleteTest', () => {
  it('takes all messages and their pictures, for both', async () => {
    const [one, other] = await couple()
    await say(one, other, 'x')
    const { image } = await show(other, one)
    const answer = await one.delete(`/chats/${other.id}/delete/`)
    expect([answer.status, answer.body]).toEqual([200, { detail: 'Chat deleted successfully.' }])
    for (const [viewer, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      expect((await viewer.get('/messages/')).body).toEqual([])
      expect(await thread(viewer, peer)).toEqual({ count: 0, next: null, previous: null, results: [] })
    }
    await gone(image)
    expect(await stored('select 1 from messages where sender_id in (?, ?)', one.id, other.id)).toEqual([])
    const again = await other.delete(`/chats/${one.id}/delete/`)
    expect([again.status, again.body]).toEqual([404, { detail: 'Chat not found.' }])
    // What comes after is a new beginning, and its numbers go on.
    expect(await say(other, one, 'again')).toMatchObject({ seq: 4, last_message: 'again' })
    expect(await conversationWith(one, other)).toMatchObject({ unread_count: 1 })
  })

  it('none: 404; nor can a third delete what is not theirs', async () => {
    const [one, other] = await couple()
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

describe('MessageSendTests', () => {
  it.each<[string, (text: string) => unknown]>([
    ['JSON', (content) => ({ content })],
    ['urlencoded', (content) => new URLSearchParams({ content })],
    ['multipart', (content) => form({ content })],
  ])('sends %s, trimmed', async (_, body) => {
    const answer = await send(alice, bob, body('  hello  '))
    expect([answer.status, answer.body.content]).toEqual([201, 'hello'])
    expect(await rowOf(answer.body.id)).toMatchObject({ content: 'hello', sender_id: alice.id })
  })

  it('takes numbers as text, and 10,000 characters; ignores what it does not know', async () => {
    expect((await send(alice, bob, { content: 42 })).body.content).toBe('42')
    expect((await send(alice, bob, { content: '😀'.repeat(10_000) })).status).toBe(201)
    const answer = await send(alice, bob, {
      content: 'x',
      sender: bob.id,
      recipient: carol.id,
      read: true,
      id: 1,
    })
    expect(answer.body).toMatchObject({ sender: alice.id, recipient: bob.id, read: false })
  })

  it.each<[string, unknown, unknown]>([
    ['nothing', {}, EMPTY],
    ['blank content', { content: ' \n ' }, EMPTY],
    ['null for both', { image: null }, EMPTY],
    ['a form of blanks', new URLSearchParams({ content: '', image: '' }), EMPTY],
    ['null content', { content: null }, { content: ['This field may not be null.'] }],
    ['a list', { content: ['x'] }, { content: ['Not a valid string.'] }],
    ['a boolean', { content: true }, { content: ['Not a valid string.'] }],
    ['NUL', { content: 'a\0b' }, { content: ['Null characters are not allowed.'] }],
    [
      '10,001 characters',
      { content: 'x'.repeat(10_001) },
      { content: ['Ensure this field has no more than 10000 characters.'] },
    ],
    ['a JSON list', '[]', { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
  ])('refuses %s', async (_, body, error) => {
    const before = await stored('select count(*) from messages')
    const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : {}
    for (const verb of ['send', 'start']) {
      const answer = await alice.post(`/messages/${bob.id}/${verb}/`, body, headers)
      expect([answer.status, answer.body]).toEqual([400, error])
    }
    expect(await stored('select count(*) from messages')).toEqual(before)
  })

  it('not to oneself, not to nobody: objects whose values are lists', async () => {
    const self = await send(alice, alice, { content: 'x' })
    expect([self.status, self.body]).toEqual([400, { detail: ['Cannot send a message to yourself'] }])
    for (const id of ['999999', '0', '99999999999999999999']) {
      const nobody = await alice.post(`/messages/${id}/send/`, { content: 'x' })
      const detail = ['Recipient not found: User matching query does not exist.']
      expect([nobody.status, nobody.body]).toEqual([400, { detail }])
    }
    expect(await stored('select 1 from conversations where user_a = user_b or user_b > 900000')).toEqual([])
    expect((await alice.post('/messages/x/send/', { content: 'x' })).status).toBe(404)
  })

  it('an account that is gone or inactive sends nothing', async () => {
    const [left, barred] = await couple()
    await stored('delete from users where id = ?', left.id)
    await stored('update users set is_active = 0 where id = ?', barred.id)
    expect((await send(left, bob, { content: 'x' })).body).toEqual({
      detail: 'User not found',
      code: 'user_not_found',
    })
    expect((await send(barred, bob, { content: 'x' })).body).toEqual({
      detail: 'User is inactive',
      code: 'user_inactive',
    })
    expect(await stored('select 1 from messages where sender_id in (?, ?)', left.id, barred.id)).toEqual([])
  })
})

describe('MessageDeleteTest', () => {
  it('by the sender: 204; gone for both, with its picture', async () => {
    const [one, other] = await couple()
    const kept = await say(one, other, 'kept')
    const { id, image } = await show(one, other, 'deleted')
    const answer = await one.delete(`/messages/${id}/delete/`)
    expect([answer.status, answer.body]).toEqual([204, ''])
    expect(await rowOf(id)).toBeUndefined()
    await gone(image)
    expect(ids(await thread(other, one))).toEqual([kept.id])
    expect(await conversationWith(other, one)).toMatchObject({ last_message: 'kept', unread_count: 1 })
    const again = await one.delete(`/messages/${id}/delete/`)
    expect([again.status, again.body]).toEqual([404, NOT_FOUND])
    // The last one takes the conversation off the list.
    await one.delete(`/messages/${kept.id}/delete/`)
    expect((await one.get('/messages/')).body).toEqual([])
  })

  it('by others: 403, unknown: 404', async () => {
    const { id } = await say(alice, bob, 'mine')
    for (const other of [bob, carol]) {
      const answer = await other.delete(`/messages/${id}/delete/`)
      expect([answer.status, answer.body]).toEqual([
        403,
        { detail: 'You do not have permission to delete this message.' },
      ])
    }
    expect(await rowOf(id)).toMatchObject({ content: 'mine' })
    for (const unknown of ['999999', '0', '99999999999999999999'])
      expect((await alice.delete(`/messages/${unknown}/delete/`)).body).toEqual(NOT_FOUND)
  })

  it('an id is never given twice', async () => {
    const { id } = await say(alice, bob, 'last')
    await alice.delete(`/messages/${id}/delete/`)
    expect((await say(alice, bob, 'next')).id).toBeGreaterThan(id)
  })
})

describe('MessageListStartNewViewTests', () => {
  it('starts a conversation, and with one that exists just sends', async () => {
    const [one, other] = await couple()
    const first = await start(one, other, { content: 'hello' })
    expect(first).toMatchObject({ status: 201, body: { content: 'hello', recipient: other.id, seq: 1 } })
    const second = await start(other, one, { content: 'hello yourself' })
    expect(second).toMatchObject({ status: 201, body: { seq: 2 } })
    expect((await one.get('/messages/')).body).toHaveLength(1)
    expect(contents(await thread(one, other))).toEqual(['hello', 'hello yourself'])
  })

  it('not with oneself, not with nobody: bare lists', async () => {
    const self = await start(alice, alice, { content: 'x' })
    expect([self.status, self.body]).toEqual([400, ['Cannot start a chat with yourself.']])
    const nobody = await start(alice, { id: 999_999 }, { content: 'x' })
    expect([nobody.status, nobody.body]).toEqual([400, ['Recipient does not exist.']])
  })

  it('two who start with each other at once have one conversation', async () => {
    const [one, other] = await couple()
    const answers = await Promise.all([
      start(one, other, { content: 'a' }),
      start(other, one, { content: 'b' }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([201, 201])
    expect(answers.map(({ body }) => body.seq).sort()).toEqual([1, 2])
    expect(await stored('select seq, messages_count from conversations where user_a = ?', one.id)).toEqual([
      { seq: 2, messages_count: 2 },
    ])
  })
})

describe('MessageUpdateTests', () => {
  it.each(['patch', 'put'] as const)('%s by the sender changes the text and says when', async (method) => {
    const before = await say(alice, bob, 'before')
    const { status, body } = await alice[method](`/messages/${before.id}/update/`, { content: ' after ' })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      id: before.id,
      content: 'after',
      timestamp: before.timestamp,
      seq: before.seq,
      last_message: 'after',
    })
    expect(Date.parse(body.edited_at)).toBeGreaterThanOrEqual(Date.parse(before.timestamp))
    expect(await rowOf(before.id)).toMatchObject({ content: 'after' })
    expect((await thread(bob, alice)).results.at(-1)).toMatchObject({
      content: 'after',
      edited_at: body.edited_at,
    })
  })

  it('by others: 403, unknown: 404; before anything is said of the body', async () => {
    const { id } = await say(alice, bob, 'mine')
    for (const other of [bob, carol]) {
      const answer = await other.patch(`/messages/${id}/update/`, { content: ['x'] })
      expect([answer.status, answer.body]).toEqual([
        403,
        { detail: 'You do not have permission to edit this message.' },
      ])
    }
    expect(await rowOf(id)).toMatchObject({ content: 'mine', edited_at: null })
    for (const unknown of ['999999', '0', '99999999999999999999'])
      expect((await alice.patch(`/messages/${unknown}/update/`, { content: ['x'] })).body).toEqual(NOT_FOUND)
  })

  it('keeps the picture unless a new one comes', async () => {
    const { id, image } = await show(alice, bob, 'look')
    const path = `/messages/${id}/update/`
    expect((await alice.patch(path, { content: 'look!' })).body).toMatchObject({ content: 'look!', image })
    expect((await alice.put(path, form({ content: '' }))).body).toMatchObject({ content: '', image })
    const replaced = (await alice.patch(path, form({ image: fresh() }))).body
    expect(replaced.image).not.toBe(image)
    expect(replaced.content).toBe('')
    await gone(image)
    expect(await isStored(replaced.image)).toBe(true)
  })

  it.each<[string, unknown]>([
    ['null', { image: null }],
    ['a blank part', form({ image: '' })],
    ['an empty file input', form({ image: new File([], '') })],
  ])('removes the picture for %s, while text is left', async (_, body) => {
    const { id, image } = await show(alice, bob, 'look')
    const answer = await alice.patch(`/messages/${id}/update/`, body)
    expect([answer.status, answer.body.image, answer.body.content]).toEqual([200, null, 'look'])
    expect(await rowOf(id)).toMatchObject({ image: null })
    await gone(image)
  })

  it('a message keeps text or a picture', async () => {
    const text = await say(alice, bob, 'text')
    const picture = await show(alice, bob)
    for (const [{ id }, body] of [
      [text, { content: ' ' }],
      [picture, { image: null }],
      [picture, { content: '', image: null }],
    ]) {
      const answer = await alice.patch(`/messages/${id}/update/`, body)
      expect([answer.status, answer.body]).toEqual([400, EMPTY])
    }
    expect(await rowOf(text.id)).toMatchObject({ content: 'text', edited_at: null })
    expect(await rowOf(picture.id)).toMatchObject({ image: hashOf(picture.image), edited_at: null })
    expect(
      (await alice.patch(`/messages/${text.id}/update/`, form({ content: '', image: fresh() }))).status,
    ).toBe(200)
    // Two edits that together would leave nothing: one of them is refused.
    const both = await show(alice, bob, 'both')
    const answers = await Promise.all([
      alice.patch(`/messages/${both.id}/update/`, { content: '' }),
      alice.patch(`/messages/${both.id}/update/`, { image: null }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
  })

  it('says of nothing that it is unchanged, and makes no change', async () => {
    const { id } = await say(alice, bob, 'same')
    const [before] = await stored('select max(seq) from changes')
    for (const method of ['patch', 'put'] as const) {
      const answer = await alice[method](`/messages/${id}/update/`, {})
      expect([answer.status, answer.body.content, answer.body.edited_at]).toEqual([200, 'same', null])
    }
    expect((await stored('select max(seq) from changes'))[0]).toEqual(before)
  })

  it.each<[string, unknown, unknown]>([
    ['null', { content: null }, { content: ['This field may not be null.'] }],
    ['a list', { content: [] }, { content: ['Not a valid string.'] }],
    [
      '10,001 characters',
      { content: 'x'.repeat(10_001) },
      { content: ['Ensure this field has no more than 10000 characters.'] },
    ],
  ])('refuses %s', async (_, body, error) => {
    const { id } = await say(alice, bob, 'as it was')
    const answer = await alice.patch(`/messages/${id}/update/`, body)
    expect([answer.status, answer.body]).toEqual([400, error])
    expect(await rowOf(id)).toMatchObject({ content: 'as it was' })
  })
})

describe('MessageModelTests', () => {
  it('the time is that of sending, whatever happens later; each is not before the one before', async () => {
    const [one, other] = await couple()
    const began = Date.now()
    for (const content of ['1', '2', '3']) await say(one, other, content)
    const { results } = await thread(one, other)
    const times = results.map(({ timestamp }: { timestamp: string }) => Date.parse(timestamp))
    expect(times[0]).toBeGreaterThanOrEqual(began)
    expect([...times].sort((a, b) => a - b)).toEqual(times)
    const edited = await one.patch(`/messages/${results[0].id}/update/`, { content: 'one' })
    expect(edited.body.timestamp).toBe(results[0].timestamp)
    await stored(
      'update messages set created_at = ? where id = ?',
      Date.UTC(2024, 7, 27, 9, 31),
      results[0].id,
    )
    expect((await thread(one, other)).results[0]).toMatchObject({
      date: '27 Aug 2024',
      time: '09:31',
      timestamp: '2024-08-27T09:31:00.000Z',
    })
  })

  it('goes with either of the two', async () => {
    const [one, other] = await couple()
    await say(one, other, 'x')
    await stored('delete from users where id = ?', other.id)
    expect((await one.get('/messages/')).body).toEqual([])
    expect((await thread(one, other)).count).toBe(0)
    expect(await stored('select 1 from messages where sender_id = ?', one.id)).toEqual([])
  })
})

describe('a thread', async () => {
  const [one, other] = await couple()
  const all: number[] = []
  for (let i = 0; i < 50; i++) all.push((await say(i % 3 ? one : other, i % 3 ? other : one, `${i}`)).id)
  const path = `/messages/${other.id}/`

  it('is the same for both, oldest first, 500 to a page', async () => {
    const mine = await thread(one, other)
    expect(mine).toMatchObject({ count: 50, next: null, previous: null })
    expect(ids(mine)).toEqual(all)
    expect(ids(await thread(other, one))).toEqual(all)
    expect((await one.get(path)).body.results.map(({ seq }: { seq: number }) => seq)).toEqual(
      all.map((_, i) => i + 1),
    )
  })

  it('is empty with nobody and with oneself, and hidden from others', async () => {
    for (const id of [999_999, one.id, 0]) {
      const answer = await one.get(`/messages/${id}/`)
      expect([answer.status, answer.body]).toEqual([
        200,
        { count: 0, next: null, previous: null, results: [] },
      ])
    }
    expect((await thread(carol, one)).count).toBe(0)
    expect((await thread(carol, other)).count).toBe(0)
  })

  it('has numbered pages, up to 500 a page', async () => {
    const second = await thread(one, other, '?page=2&page_size=20')
    expect(ids(second)).toEqual(all.slice(20, 40))
    expect(second).toMatchObject({
      count: 50,
      next: `${ORIGIN}${path}?page=3&page_size=20`,
      previous: `${ORIGIN}${path}?page_size=20`,
    })
    expect(ids(await thread(one, other, '?page=last&page_size=20'))).toEqual(all.slice(40))
    expect(ids(await thread(one, other, '?page_size=9999'))).toEqual(all)
    for (const page of ['0', '-1', 'x', '2']) {
      const answer = await one.get(`${path}?page=${page}`)
      expect([answer.status, answer.body]).toEqual([404, { detail: 'Invalid page.' }])
    }
  })

  it('has cursors that neither skip nor repeat while messages come and go', async () => {
    const [anna, ben] = await couple()
    const sent = []
    for (let i = 0; i < 9; i++) sent.push((await say(anna, ben, `${i}`)).id)
    const first = await thread(anna, ben, '?cursor=&page_size=3')
    expect([ids(first), first.previous, first.count]).toEqual([sent.slice(0, 3), null, 9])
    await anna.delete(`/messages/${sent[1]}/delete/`)
    await anna.delete(`/messages/${sent[2]}/delete/`)
    const late = await say(ben, anna, 'late')
    const second = (await anna.get(first.next)).body
    expect(ids(second)).toEqual(sent.slice(3, 6))
    const third = (await anna.get(second.next)).body
    const fourth = (await anna.get(third.next)).body
    expect([ids(third), ids(fourth), fourth.next]).toEqual([sent.slice(6, 9), [late.id], null])
    for (const cursor of ['garbage', btoa('["newest",1,1]')]) {
      const answer = await anna.get(`/messages/${ben.id}/?cursor=${cursor}`)
      expect([answer.status, answer.body]).toEqual([400, { cursor: ['Invalid cursor.'] }])
    }
  })

  it('can be walked from its end to its beginning and back', async () => {
    let page = await thread(one, other, '?before=&page_size=7')
    expect(ids(page)).toEqual(all.slice(-7))
    expect([page.next, page.count]).toEqual([null, 50])
    const back = [ids(page)]
    while (page.previous) {
      expect(page.previous).toMatch(/^http:\/\/api\.test\/messages\/\d+\/\?before=\d+&page_size=7$/)
      page = (await one.get(page.previous)).body
      back.unshift(ids(page))
    }
    expect(back.flat()).toEqual(all)
    expect(back.map(({ length }) => length)).toEqual([1, 7, 7, 7, 7, 7, 7, 7])
    const forth = [ids(page)]
    while (page.next) {
      page = (await one.get(page.next)).body
      forth.push(ids(page))
    }
    expect(forth.flat()).toEqual(all)
    expect(page.previous).not.toBeNull()
  })

  it('goes on from a message, also from one that is gone, in both directions', async () => {
    const [anna, ben] = await couple()
    const sent: number[] = []
    for (let i = 0; i < 5; i++) sent.push((await say(anna, ben, `${i}`)).id)
    await anna.delete(`/messages/${sent[2]}/delete/`)
    expect(ids(await thread(anna, ben, `?before=${sent[2]}`))).toEqual(sent.slice(0, 2))
    expect(ids(await thread(anna, ben, `?after=${sent[2]}`))).toEqual(sent.slice(3))
    expect(ids(await thread(anna, ben, `?after=${sent[4]}`))).toEqual([])
    expect(ids(await thread(anna, ben, `?before=${sent[0]}`))).toEqual([])
    expect(ids(await thread(anna, ben, `?after=${sent[0]}&before=${sent[4]}`))).toEqual([sent[1], sent[3]])
    expect(ids(await thread(anna, ben, '?after=0'))).toHaveLength(4)
    for (const name of ['before', 'after']) {
      const answer = await anna.get(`/messages/${ben.id}/?${name}=x`)
      expect([answer.status, answer.body]).toEqual([400, { [name]: ['A valid integer is required.'] }])
    }
  })
})

describe('reading', () => {
  const read = (viewer: Person, other: { id: number }, up_to: unknown) =>
    viewer.post(`/messages/${other.id}/read/`, { up_to })
  const readFlags = async (viewer: Person, other: Person) =>
    (await thread(viewer, other)).results.map((message: { read: boolean }) => message.read)

  it('marks what the other sent, up to there, for both to see; fetching marks nothing', async () => {
    const [one, other] = await couple()
    for (const content of ['1', '2', '3']) await say(one, other, content)
    await say(other, one, '4')
    await thread(other, one)
    expect(await readFlags(one, other)).toEqual([false, false, false, false])
    const answer = await read(other, one, 2)
    expect([answer.status, answer.body]).toEqual([200, { unread_count: 1 }])
    for (const [viewer, peer] of [
      [one, other],
      [other, one],
    ] as const)
      expect(await readFlags(viewer, peer)).toEqual([true, true, false, false])
    expect((await read(one, other, 4)).body).toEqual({ unread_count: 0 })
    expect(await readFlags(one, other)).toEqual([true, true, false, true])
  })

  it('never moves backward, nor beyond what there is', async () => {
    const [one, other] = await couple()
    for (const content of ['1', '2', '3']) await say(one, other, content)
    expect((await read(other, one, 2)).body).toEqual({ unread_count: 1 })
    expect((await read(other, one, 1)).body).toEqual({ unread_count: 1 })
    expect((await read(other, one, 0)).body).toEqual({ unread_count: 1 })
    expect(await readFlags(one, other)).toEqual([true, true, false])
    expect((await read(other, one, 1_000_000)).body).toEqual({ unread_count: 0 })
    await say(one, other, 'later')
    expect(await readFlags(one, other)).toEqual([true, true, true, false])
    expect(await conversationWith(other, one)).toMatchObject({ unread_count: 1 })
  })

  it('changes nothing where nothing is unread', async () => {
    const [one, other] = await couple()
    await say(one, other, '1')
    const log = () =>
      stored('select kind from changes join conversations on id = conversation_id where user_a = ?', one.id)
    await read(one, other, 1)
    expect(await log()).toHaveLength(1)
    await read(other, one, 1)
    for (const upTo of [1, 2, 3, 99]) expect((await read(other, one, upTo)).body).toEqual({ unread_count: 0 })
    expect(await log()).toEqual([{ kind: 'message' }, { kind: 'read' }])
  })

  it('50 at once are one change', async () => {
    const [one, other] = await couple()
    await say(one, other, '1')
    const answers = await Promise.all(Array.from({ length: 50 }, () => read(other, one, 1)))
    for (const { body } of answers) expect(body).toEqual({ unread_count: 0 })
    expect(await conversationWith(one, other)).toMatchObject({ seq: 2 })
  })

  it('takes forms and digits, like every write', async () => {
    const [one, other] = await couple()
    for (const content of ['1', '2', '3']) await say(one, other, content)
    const asForm = await other.post(`/messages/${one.id}/read/`, new URLSearchParams({ up_to: '1' }))
    expect([asForm.status, asForm.body]).toEqual([200, { unread_count: 2 }])
    expect((await read(other, one, '2')).body).toEqual({ unread_count: 1 })
    const missing = await other.post(`/messages/${one.id}/read/`, {})
    expect(missing.body).toEqual({ up_to: ['This field is required.'] })
  })

  it('with nobody, oneself, or who has said nothing: 0', async () => {
    for (const id of [999_999, alice.id, (await signUp('silent')).id])
      expect(await read(alice, { id }, 5)).toMatchObject({ status: 200, body: { unread_count: 0 } })
  })

  it.each([
    ['missing', undefined],
    ['text', 'x'],
    ['negative', -1],
    ['a fraction', 1.5],
    ['null', null],
  ])('refuses an up_to that is %s', async (_, upTo) => {
    const answer = await read(alice, bob, upTo)
    expect([answer.status, Object.keys(answer.body)]).toEqual([400, ['up_to']])
    expect(answer.body.up_to).toEqual([expect.any(String)])
  })
})

describe('an edit with a picture and the deletion of its message at once', () => {
  it('leaves no picture behind, whichever comes first', async () => {
    const [one, other] = await couple()
    const answers: number[] = []
    for (let i = 0; i < 10; i++) {
      const { id } = await say(one, other, `${i}`)
      const image = new File([png(20 + i, 7)], 'a.png', { type: 'image/png' })
      const [edited, deleted] = await Promise.all([
        one.patch(`/messages/${id}/update/`, form({ image })),
        one.delete(`/messages/${id}/delete/`),
      ])
      expect(deleted.status).toBe(204)
      answers.push(edited.status)
    }
    for (const status of answers) expect([200, 404]).toContain(status)
    await expect.poll(() => stored('select hash from images where refs = 0'), { timeout: 5_000 }).toEqual([])
  })
})
