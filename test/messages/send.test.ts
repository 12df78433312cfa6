import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import worker from '../../src/index'
import { type Answer, download, form, ORIGIN, type Person, stored } from '../client'
import { signUpCast, signUpPair } from '../fixtures/factories'
import { ascii, avif, gif, jpeg, noisePng, png, svg, tiff, webp } from '../fixtures/images'
import {
  conversationWith,
  fresh,
  imageHash,
  messageRow,
  say,
  send,
  start,
  thread,
} from '../fixtures/messages'
import { type Bytes, file, gone, isStored, sha256 } from '../fixtures/uploads'

const { alice, bob, carol } = await signUpCast()
const EMPTY = { non_field_errors: ['A message needs content or an image.'] }
const TOO_LARGE = { image: ['Image file too large (max 5MB)'] }
const MIB = 2 ** 20

const contents = ({ results }: Answer['body']): string[] =>
  results.map(({ content }: { content: string }) => content)

/** Sends an image through a Worker with other bindings. */
async function sendWith(bindings: Record<string, unknown>, from: Person, to: Person) {
  const context = createExecutionContext()
  const body = form({ content: 'look', image: fresh() })
  const request = new Request(`${ORIGIN}/messages/${to.id}/send/`, {
    method: 'POST',
    headers: from.headers,
    body,
  })
  const response = await worker.fetch(request, { ...env, ...bindings } as unknown as Env, context)
  const answer = { status: response.status, headers: response.headers, body: await response.json() }
  await waitOnExecutionContext(context)
  return answer
}

describe('POST /messages/:id/send/ (MessageSendTests)', () => {
  it.each<[string, (text: string) => unknown]>([
    ['JSON', (content) => ({ content })],
    ['urlencoded', (content) => new URLSearchParams({ content })],
    ['multipart', (content) => form({ content })],
  ])('sends %s, trimmed', async (_, body) => {
    const answer = await send(alice, bob, body('  hello  '))
    expect([answer.status, answer.body.content]).toEqual([201, 'hello'])
    expect(await messageRow(answer.body.id)).toMatchObject({ content: 'hello', sender_id: alice.id })
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
    const [left, barred] = await signUpPair()
    await stored('delete from users where id = ?', left.id)
    await stored('update users set is_active = 0 where id = ?', barred.id)
    expect((await send(left, bob, { content: 'x' })).body).toEqual({
      detail: ['User not found'],
      code: ['user_not_found'],
    })
    expect((await send(barred, bob, { content: 'x' })).body).toEqual({
      detail: ['User is inactive'],
      code: ['user_inactive'],
    })
    expect(await stored('select 1 from messages where sender_id in (?, ?)', left.id, barred.id)).toEqual([])
  })
})

describe('POST /messages/:id/start/ (MessageListStartNewViewTests)', () => {
  it('starts a conversation, and with one that exists just sends', async () => {
    const [one, other] = await signUpPair()
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
    const [one, other] = await signUpPair()
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

describe('POST /messages/:id/send/ with an image (MessageWithImageTestCase)', () => {
  it('an image with text, as a form: an absolute URL that serves it', async () => {
    const bytes = png(801, 2)
    const { status, body } = await send(alice, bob, form({ content: 'look', image: file(bytes) }))
    expect(status).toBe(201)
    expect(body).toMatchObject({
      content: 'look',
      image: expect.stringMatching(/^http:\/\/api\.test\/media\//),
    })
    const { status: served, headers } = await download(`${body.image}?t=1`)
    expect([served, headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(await messageRow(body.id)).toMatchObject({ content: 'look', image: await sha256(bytes) })
    expect((await thread(alice, bob)).results.at(-1)).toMatchObject({ id: body.id, image: body.image })
  })

  it('an image alone, also to start', async () => {
    const [one, other] = await signUpPair()
    const first = await start(one, other, form({ image: fresh() }))
    const second = await send(one, other, form({ content: '', image: fresh() }))
    for (const { status, body } of [first, second]) {
      expect([status, body.content, body.last_message]).toEqual([201, '', ''])
      expect(await isStored(await imageHash(body.id))).toBe(true)
    }
    expect(await conversationWith(one, other)).toMatchObject({ last_message: '' })
  })

  it('no image is null', async () => {
    expect((await send(alice, bob, { content: 'x' })).body.image).toBeNull()
    expect((await send(alice, bob, form({ content: 'x', image: '' }))).body.image).toBeNull()
    expect((await send(alice, bob, { content: 'x', image: null })).body.image).toBeNull()
  })

  it('the same image twice is stored once, and leaves with the last message that shows it', async () => {
    const image = fresh()
    const [one, two] = [
      (await send(alice, bob, form({ image }))).body,
      (await send(bob, alice, form({ image }))).body,
    ]
    const hash = await imageHash(one.id)
    expect(await imageHash(two.id)).toBe(hash)
    expect((await alice.delete(`/messages/${one.id}/delete/`)).status).toBe(204)
    expect(await isStored(hash)).toBe(true)
    expect((await bob.delete(`/messages/${two.id}/delete/`)).status).toBe(204)
    await gone(hash)
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
    'the %s leaves during the upload: 4xx, and the image goes again',
    async (who) => {
      const [one, other] = await signUpPair()
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
      if (who === 'sender') expect(answer).toMatchObject({ status: 401, body: { code: ['user_not_found'] } })
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

describe('the images that a message takes (MessageWithImageValidationTestCase)', () => {
  it.each<[string, () => File]>([
    ['JPEG', () => file(jpeg())],
    ['GIF', () => file(gif())],
    ['WebP', () => file(webp())],
    ['AVIF', () => file(avif())],
    ['a PNG that says it is text', () => file(png(), 'notes.txt', 'text/plain')],
    ['a name without an extension', () => file(png(), 'image')],
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
    ['text', () => file(ascii('hello'), 'image.png'), 'Invalid image file'],
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
    expect(await messageRow(id)).toMatchObject({ content: 'to be changed', image: null })
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
