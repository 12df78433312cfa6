import { describe, expect, it } from 'vitest'
import { form, stored } from '../client'
import { breakDb, once } from '../faulty-db'
import { signUpPair } from '../fixtures/factories'
import { png } from '../fixtures/images'
import { say } from '../fixtures/messages'
import {
  conversationOf,
  expectAlive,
  expectChain,
  type Listening,
  listen,
  listening,
  upgrade,
} from '../sockets'

describe('the stream', () => {
  it('begins now without since; each sees messages as REST shows them to them, on every device', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'before')
    const [phone, laptop, theirs] = await Promise.all([
      listen(alice, bob),
      listen(alice, bob),
      listen(bob, alice),
    ])
    for (const socket of [phone, laptop, theirs])
      expect(await socket.until('ready')).toEqual({ type: 'ready', seq: 1 })
    const image = form({ content: 'look', image: new File([png()], 'x.png') })
    const sent = (await alice.post(`/messages/${bob.id}/send/`, image)).body
    for (const [socket, viewer, peer] of [
      [phone, alice, bob],
      [laptop, alice, bob],
      [theirs, bob, alice],
    ] as const) {
      const frame = await socket.until('message')
      const { results } = (await viewer.get(`/messages/${peer.id}/`)).body
      expect(frame).toEqual({ type: 'message', seq: 2, prev: 1, message: results[1] })
      expect(frame.message.is_sender).toBe(viewer === alice)
      expect(socket.changes()).toHaveLength(1)
    }
    expect((await phone.until('message')).message).toEqual(sent)
  })

  it('tells of each kind of change', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await listen(bob, alice)
    const { id } = await say(alice, bob, 'one')
    await alice.patch(`/messages/${id}/update/`, { content: 'uno' })
    const [asRest] = (await bob.get(`/messages/${alice.id}/`)).body.results
    await bob.post(`/messages/${alice.id}/read/`, { up_to: 2 })
    await alice.delete(`/messages/${id}/delete/`)
    await say(alice, bob, 'two')
    await bob.delete(`/chats/${alice.id}/delete/`)
    await socket.until('cleared')
    expect(socket.changes()).toEqual([
      { type: 'message', seq: 1, prev: 0, message: expect.objectContaining({ id, content: 'one' }) },
      { type: 'edited', seq: 2, prev: 1, message: asRest },
      { type: 'read', seq: 3, prev: 2, user: bob.id, up_to: 2 },
      { type: 'deleted', seq: 4, prev: 3, id },
      { type: 'message', seq: 5, prev: 4, message: expect.objectContaining({ content: 'two' }) },
      { type: 'cleared', seq: 6, prev: 5 },
    ])
    expect(
      await stored(
        'select seq, kind from changes where conversation_id = (select max(id) from conversations) order by seq',
      ),
    ).toEqual(
      ['message', 'edited', 'read', 'deleted', 'message', 'cleared'].map((kind, i) => ({ seq: i + 1, kind })),
    )
  })

  it('replays what is missed, without what later changes supersede, and goes on', async () => {
    const [alice, bob] = await signUpPair()
    const [one, two, three] = [
      await say(alice, bob, 'one'),
      await say(alice, bob, 'two'),
      await say(bob, alice, 'three'),
    ]
    await alice.patch(`/messages/${one.id}/update/`, { content: 'uno' })
    await alice.patch(`/messages/${one.id}/update/`, { content: 'eins' })
    await alice.delete(`/messages/${two.id}/delete/`)
    await bob.post(`/messages/${alice.id}/read/`, { up_to: 99 })
    const all = await listen(bob, alice, { since: 0 })
    expect(await all.until('ready')).toEqual({ type: 'ready', seq: 7 })
    await all.until('read')
    const eins = expect.objectContaining({ id: one.id, content: 'eins', read: true })
    expect(all.changes()).toEqual([
      { type: 'message', seq: 3, prev: 0, message: expect.objectContaining({ id: three.id }) },
      // New since then, so it comes as new.
      { type: 'message', seq: 5, prev: 3, message: eins },
      { type: 'deleted', seq: 6, prev: 5, id: two.id },
      { type: 'read', seq: 7, prev: 6, user: bob.id, up_to: 6 },
    ])
    const some = await listen(alice, bob, { since: 2 })
    await some.until('read')
    // Known then, so it comes as edited.
    expect(some.changes()[1]).toMatchObject({ type: 'edited', seq: 5, prev: 3, message: { id: one.id } })
    const next = await say(alice, bob, 'next')
    for (const socket of [all, some]) {
      expect(await socket.until('message', socket === all ? 3 : 2)).toMatchObject({
        seq: 8,
        prev: 7,
        message: { id: next.id },
      })
    }
    expectChain(all.changes(), 0)
    expectChain(some.changes(), 2)
    const none = await listen(alice, bob, { since: 8 })
    await expectAlive(none, alice, bob)
    expectChain(none.changes(), 8)
  })

  it('says resync to who is ahead, and goes on from now', async () => {
    const [alice, bob] = await signUpPair()
    await say(alice, bob, 'one')
    const socket = await listen(alice, bob, { since: 7 })
    await expectAlive(socket, bob, alice)
    expect(socket.frames.slice(0, 2)).toEqual([{ type: 'ready', seq: 1 }, { type: 'resync' }])
    expectChain(socket.changes(), 1)
    expect(socket.changes().map(({ seq }) => seq)).toEqual([2])
  })

  it.each([1, 2, 3])(
    'loses nothing that is committed while its answer number %s from D1 is late',
    async (late) => {
      const [alice, bob] = await signUpPair()
      await say(alice, bob, 'one')
      await breakDb(conversationOf(alice, bob), once(...Array(late - 1).fill(undefined), 'late'))
      const listening = listen(bob, alice, { since: 0 })
      await new Promise((done) => setTimeout(done, 150))
      const [socket, two] = await Promise.all([listening, say(alice, bob, 'two')])
      expect((await socket.until('message', 2)).message.id).toBe(two.id)
      expectChain(socket.changes(), 0)
    },
  )

  it('says of a message only once that it is new, also when it is edited during the replay', async () => {
    const [alice, bob] = await signUpPair()
    const { id } = await say(alice, bob, 'one')
    await breakDb(conversationOf(alice, bob), once(undefined, 'late'))
    const listening = listen(bob, alice, { since: 0 })
    await new Promise((done) => setTimeout(done, 150))
    expect((await alice.patch(`/messages/${id}/update/`, { content: 'uno' })).status).toBe(200)
    const socket = await listening
    await socket.until('edited')
    expect(socket.changes()).toMatchObject([
      { type: 'message', seq: 1, prev: 0, message: { id, content: 'one' } },
      { type: 'edited', seq: 2, prev: 1, message: { id, content: 'uno' } },
    ])
  })

  it('replays many pages while more happens: no gap, no repeat', async () => {
    const [alice, bob] = await signUpPair()
    await Promise.all(
      Array.from({ length: 450 }, (_, i) => say(i % 2 ? alice : bob, i % 2 ? bob : alice, `${i}`)),
    )
    const sockets = await Promise.all(
      [0, 0, 199, 200, 201, 399].map((since) => listen(bob, alice, { since })),
    )
    const ids = (await alice.get(`/messages/${bob.id}/`)).body.results
      .filter((message: { is_sender: boolean }) => message.is_sender)
      .slice(0, 30)
      .map(({ id }: { id: number }) => id)
    await Promise.all([
      ...Array.from({ length: 60 }, (_, i) => say(alice, bob, `meanwhile ${i}`)),
      ...ids.map((id: number) => alice.patch(`/messages/${id}/update/`, { content: 'edited' })),
    ])
    const { body } = await alice.get(`/messages/${bob.id}/?page_size=500&cursor=`)
    for (const [i, since] of [0, 0, 199, 200, 201, 399].entries()) {
      const socket = sockets[i] as Listening
      await expect.poll(() => socket.changes().at(-1)?.seq, { timeout: 10_000 }).toBe(540)
      expectChain(socket.changes(), since)
      const created = socket.all('message').map(({ message }) => message.id)
      expect(new Set(created).size).toBe(created.length)
      if (since === 0) expect(created.length).toBe(body.count)
    }
  })
})

describe('frames of clients', () => {
  it('sends: an answer to the sender, a message to all, in the order that was sent', async () => {
    const [alice, bob] = await signUpPair()
    const [mine, theirs] = await Promise.all([listen(alice, bob), listen(bob, alice)])
    for (let i = 0; i < 15; i++) mine.send({ type: 'send', content: `${i}`, key: `key ${i}` })
    await mine.until('sent', 15)
    await theirs.until('message', 15)
    const contents = Array.from({ length: 15 }, (_, i) => `${i}`)
    expect(theirs.all('message').map(({ message }) => message.content)).toEqual(contents)
    expect(mine.all('sent').map(({ key, message }) => [key, message.content, message.is_sender])).toEqual(
      contents.map((content) => [`key ${content}`, content, true]),
    )
    expect(theirs.all('sent')).toEqual([])
    expect(
      (await bob.get(`/messages/${alice.id}/`)).body.results.map(
        ({ content }: { content: string }) => content,
      ),
    ).toEqual(contents)
  })

  it('send twice with one key: one message, also when tried over HTTP', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await listen(alice, bob)
    const frame = { type: 'send', content: ' hello ', key: 'a key' }
    socket.send(frame)
    socket.send(frame)
    const first = await socket.until('sent')
    expect(await socket.until('sent', 2)).toEqual(first)
    const http = await alice.post(
      `/messages/${bob.id}/send/`,
      { content: ' hello ' },
      { 'idempotency-key': 'a key' },
    )
    expect([http.status, http.body]).toEqual([201, first.message])
    expect(first.message.content).toBe('hello')
    socket.send({ ...frame, content: 'another' })
    expect(await socket.until('error')).toEqual({
      type: 'error',
      key: 'a key',
      errors: { detail: ['This Idempotency-Key was used with a different request.'] },
    })
    await expectAlive(socket, bob, alice)
    expect(socket.changes()).toHaveLength(2)
    expect((await bob.get(`/messages/${alice.id}/`)).body.count).toBe(2)
  })

  it('a message that is none is answered and not stored; the socket lives', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await listen(alice, bob)
    const bad: [content: unknown, errors: Record<string, string[]>][] = [
      ['', { non_field_errors: ['A message needs content or an image.'] }],
      ['  ', { non_field_errors: ['A message needs content or an image.'] }],
      [null, { content: ['This field may not be null.'] }],
      [['x'], { content: ['Not a valid string.'] }],
      ['x'.repeat(10_001), { content: ['Ensure this field has no more than 10000 characters.'] }],
      ['a\0b', { content: ['Null characters are not allowed.'] }],
    ]
    for (const [i, [content, errors]] of bad.entries()) {
      socket.send({ type: 'send', content, key: `bad ${i}` })
      expect(await socket.until('error', i + 1)).toEqual({ type: 'error', key: `bad ${i}`, errors })
    }
    await expectAlive(socket, alice, bob)
    expect((await bob.get(`/messages/${alice.id}/`)).body.count).toBe(1)
  })

  it('read: what the other sent', async () => {
    const [alice, bob] = await signUpPair()
    const [mine, theirs] = await Promise.all([listen(alice, bob), listen(bob, alice)])
    await say(alice, bob, 'one')
    theirs.send({ type: 'read', up_to: 1 })
    expect(await mine.until('read')).toEqual({ type: 'read', seq: 2, prev: 1, user: bob.id, up_to: 1 })
    expect((await alice.get(`/messages/${bob.id}/`)).body.results[0].read).toBe(true)
    // There is nothing more to read: a client that marks each frame as read goes on for ever otherwise.
    theirs.send({ type: 'read', up_to: 2 })
    mine.send({ type: 'read', up_to: 2 })
    await say(alice, bob, 'two')
    expect((await theirs.until('message', 2)).seq).toBe(3)
  })

  it('typing: passed on to the other person only, once a second, and stored nowhere', async () => {
    const [alice, bob] = await signUpPair()
    const [mine, own, theirs] = await Promise.all([
      listen(alice, bob),
      listen(alice, bob),
      listen(bob, alice),
    ])
    for (let i = 0; i < 5; i++) mine.send({ type: 'typing' })
    own.send({ type: 'typing' })
    // Sockets count apart.
    expect(await theirs.until('typing', 2)).toEqual({ type: 'typing', user: alice.id })
    await new Promise((done) => setTimeout(done, 1_050))
    mine.send({ type: 'typing' })
    await theirs.until('typing', 3)
    await expectAlive(theirs, alice, bob)
    expect(theirs.all('typing')).toHaveLength(3)
    expect([mine.all('typing'), own.all('typing')]).toEqual([[], []])
    expect(theirs.changes()).toHaveLength(1)
    const [{ kinds } = { kinds: '' }] = await stored<{ kinds: string }>(
      'select group_concat(distinct kind) as kinds from changes',
    )
    expect(kinds).not.toContain('typing')
  })

  it.each<[string, (string | object)[], string]>([
    ['no JSON', ['hello'], 'A frame is a JSON object of type send, read or typing.'],
    ['a list', ['[]'], 'A frame is a JSON object of type send, read or typing.'],
    ['null', ['null'], 'A frame is a JSON object of type send, read or typing.'],
    [
      'an unknown type',
      [{ type: 'delete', id: 1 }],
      'A frame is a JSON object of type send, read or typing.',
    ],
    [
      'a send without a key',
      [{ type: 'send', content: 'x' }],
      'A frame is a JSON object of type send, read or typing.',
    ],
    [
      'a key of 256',
      [{ type: 'send', content: 'x', key: 'k'.repeat(256) }],
      'A frame is a JSON object of type send, read or typing.',
    ],
    [
      'a negative read',
      [{ type: 'read', up_to: -1 }],
      'A frame is a JSON object of type send, read or typing.',
    ],
    [
      'more than 64 KB',
      [{ type: 'send', content: 'é'.repeat(32_768), key: 'large' }],
      'A frame has at most 64 KB.',
    ],
    ['50 at once', Array(50).fill({ type: 'typing' }), 'At most 20 frames a second.'],
  ])('%s: an error, and the end of the socket; nobody else is harmed', async (_, frames, error) => {
    const [alice, bob] = await signUpPair()
    const [bad, own, theirs] = await Promise.all([listen(alice, bob), listen(alice, bob), listen(bob, alice)])
    for (const frame of frames) bad.send(frame)
    // What comes behind is not heard any more.
    bad.send({ type: 'send', content: 'too late', key: 'late' })
    expect(await bad.closed).toEqual({ code: error.includes('KB') ? 1009 : 1008, reason: error })
    expect(bad.all('error')).toEqual([{ type: 'error', errors: { detail: [error] } }])
    await expectAlive(own, bob, alice)
    await expectAlive(theirs, alice, bob)
    own.send({ type: 'send', content: 'fine', key: 'fine' })
    expect((await own.until('sent')).message.seq).toBe(3)
  })

  it('numbers as text are the digits that were sent, as over HTTP', async () => {
    const [alice, bob] = await signUpPair()
    const response = await upgrade(`/messages/${bob.id}/live/`, alice.headers)
    const socket = listening(response)
    const digits = ['1234567890123456789', '1.50', '1e400']
    for (const content of digits)
      response.webSocket?.send(`{"type":"send","key":"${content}","content":${content}}`)
    await socket.until('sent', digits.length)
    const stored = (await bob.get(`/messages/${alice.id}/`)).body.results
    expect(stored.map(({ content }: { content: string }) => content)).toEqual(digits)
  })

  it('what is nested deeper than a body may be is no frame', async () => {
    const [alice, bob] = await signUpPair()
    const response = await upgrade(`/messages/${bob.id}/live/`, alice.headers)
    const socket = listening(response)
    response.webSocket?.send(`{"type":"typing","x":${'['.repeat(60)}${']'.repeat(60)}}`)
    expect((await socket.closed).code).toBe(1008)
  })

  it('bytes are no frame', async () => {
    const [alice, bob] = await signUpPair()
    const response = await upgrade(`/messages/${bob.id}/live/`, alice.headers)
    const socket = listening(response)
    response.webSocket?.send(new TextEncoder().encode('{"type":"typing"}'))
    expect((await socket.closed).code).toBe(1008)
  })
})
