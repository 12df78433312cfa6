import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { ACCESS, AUTH, callWith, decodeJwt, jwt, logIn, REFRESH } from './auth-helpers'
import { anyone, call, form, ORIGIN, PASSWORD, type Person, signUp, stored } from './client'
import { breakDb, once } from './faulty-db'
import { png } from './fixtures/images'
import { conversationOf, expectChain, type Listening, listen, listening, upgrade } from './sockets'

const HERE = { origin: 'http://localhost:3000' }
const NOT_SIGNED_IN = { detail: 'Authentication credentials were not provided.' }
const bearer = (access: string) => ({ authorization: `Bearer ${access}` })

/** People of a test of its own, as storage is shared. */
let pairs = 0
async function couple(): Promise<[alice: Person, bob: Person]> {
  pairs += 1
  return [await signUp(`alice${pairs}`), await signUp(`bob${pairs}`)]
}

async function say(from: Person, to: Person, content: string) {
  const { status, body } = await from.post(`/messages/${to.id}/send/`, { content })
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

async function refusal(path: string, headers: Record<string, string>) {
  const response = await upgrade(path, headers)
  expect(response.webSocket).toBeNull()
  return { status: response.status, headers: response.headers, body: await response.json() }
}

/** A socket that works: it is told what comes next. */
async function expectAlive(socket: Listening, from: Person, to: Person) {
  const { seq } = await say(from, to, 'still there?')
  await expect.poll(() => socket.changes().at(-1)?.seq).toBe(seq)
  expect(socket.isClosed()).toBe(false)
}

const carol = await signUp('carol')

describe('the upgrade', async () => {
  const [alice, bob] = await couple()
  const path = `/messages/${bob.id}/live/`
  const cookie = `${ACCESS}=${alice.access}`

  it('refuses who is not signed in, whatever the URL holds', async () => {
    expect(await refusal(path, {})).toMatchObject({ status: 401, body: NOT_SIGNED_IN })
    for (const name of ['token', 'access', 'access_token', 'authorization', ACCESS]) {
      const answer = await refusal(`${path}?${name}=${alice.access}`, {})
      expect(answer).toMatchObject({ status: 401, body: NOT_SIGNED_IN })
    }
    expect((await refusal(path, { authorization: 'Bearer garbage' })).status).toBe(401)
    expect((await refusal(path, { 'sec-websocket-protocol': 'bearer, garbage' })).status).toBe(401)
    expect((await refusal(path, { 'sec-websocket-protocol': `bearer, ${alice.refresh}` })).status).toBe(401)
    expect((await refusal(path, { 'sec-websocket-protocol': `token, ${alice.access}` })).status).toBe(401)
  })

  it('takes the cookie from a page that is known only, or from no page', async () => {
    for (const origin of ['http://evil.test', 'null', `${ORIGIN}.evil.test`]) {
      expect(await refusal(path, { cookie, origin })).toMatchObject({
        status: 403,
        body: { detail: 'You do not have permission to perform this action.' },
      })
    }
    expect((await refusal(path, { cookie, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    for (const headers of [HERE, { origin: ORIGIN }, {} as Record<string, string>]) {
      const socket = await listen(alice, bob, { headers: { cookie, ...headers } })
      expect((await socket.until('ready')).seq).toBe(0)
      socket.close()
    }
  })

  it('takes a token as a subprotocol, from anywhere, and does not send it back', async () => {
    const protocol = { 'sec-websocket-protocol': `bearer, ${alice.access}`, origin: 'http://elsewhere.test' }
    const response = await upgrade(path, protocol)
    expect(response.status).toBe(101)
    expect(response.headers.get('sec-websocket-protocol')).toBe('bearer')
    await listening(response).until('ready')
    const bare = await upgrade(path, alice.headers)
    expect([bare.status, bare.headers.has('sec-websocket-protocol')]).toEqual([101, false])
    const other = await upgrade(path, { ...alice.headers, 'sec-websocket-protocol': 'chat' })
    expect([other.status, other.headers.has('sec-websocket-protocol')]).toEqual([101, false])
  })

  it('renews a browser whose access cookie is gone', async () => {
    const { refresh } = await logIn(alice)
    const response = await upgrade(path, { cookie: `${REFRESH}=${refresh}`, ...HERE })
    expect(response.status).toBe(101)
    expect(response.headers.get('set-cookie')).toContain(ACCESS)
    await listening(response).until('ready')
  })

  it('404 for nobody, for oneself, and before all else that may be wrong', async () => {
    for (const id of [999_999, alice.id, 0, '99999999999999999999']) {
      const answer = await refusal(`/messages/${id}/live/?since=x`, alice.headers)
      expect(answer).toMatchObject({ status: 404, body: { detail: 'Not found.' } })
    }
    expect((await call('GET', '/messages/999999/live/', { headers: alice.headers })).status).toBe(404)
    const gone = await signUp('gone')
    await stored('delete from users where id = ?', gone.id)
    expect((await refusal(path, gone.headers)).status).toBe(401)
  })

  it('426 for what is no upgrade, 400 for a since that is no number', async () => {
    const plain = await call('GET', path, { headers: alice.headers })
    expect(plain).toMatchObject({ status: 426, body: { detail: 'This path speaks WebSocket only.' } })
    expect(plain.headers.get('upgrade')).toBe('websocket')
    expect((await call('GET', path, { headers: { ...alice.headers, upgrade: 'h2c' } })).status).toBe(426)
    const stranger = await signUp('stranger')
    await call('GET', `/messages/${stranger.id}/live/`, { headers: alice.headers })
    const pair = await stored('select 1 from conversations where user_b = ?', stranger.id)
    expect(pair).toEqual([])
    for (const since of ['x', '-1', '1.5', '1e3', '']) {
      const answer = await refusal(`${path}?since=${since}`, alice.headers)
      expect(answer).toMatchObject({ status: 400, body: { since: ['A valid integer is required.'] } })
    }
  })

  it('works below /api and without the final slash, and no other method', async () => {
    for (const at of [`/api${path}`, path.slice(0, -1)]) {
      const response = await upgrade(at, alice.headers)
      await listening(response).until('ready')
    }
    expect((await alice.post(path)).status).toBe(405)
  })

  it('20 sockets a user, however fast they come; the 21st is told 429', async () => {
    const [dave, erin] = await couple()
    const answers = await Promise.all(
      Array.from({ length: 25 }, () => upgrade(`/messages/${erin.id}/live/`, dave.headers)),
    )
    const open = answers.filter(({ status }) => status === 101).map(listening)
    const refused = answers.filter(({ status }) => status === 429)
    expect([open.length, refused.length]).toEqual([20, 5])
    expect(refused[0]?.headers.get('retry-after')).toBe('60')
    expect(await refused[0]?.json()).toEqual({
      detail: 'Request was throttled. Expected available in 60 seconds.',
    })
    // The other person, and another conversation, have their own.
    await listen(erin, dave)
    await listen(dave, carol)
    open[0]?.close()
    await open[0]?.closed
    const again = await listen(dave, erin)
    await expectAlive(again, erin, dave)
  })

  it('503 where D1 is out of reach', async () => {
    const [dave, erin] = await couple()
    await breakDb(conversationOf(dave, erin), once('before'))
    const answer = await refusal(`/messages/${erin.id}/live/`, dave.headers)
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
    await listen(dave, erin)
  })
})

describe('the stream', () => {
  it('begins now without since; each sees messages as REST shows them to them, on every device', async () => {
    const [alice, bob] = await couple()
    await say(alice, bob, 'before')
    const [phone, laptop, theirs] = await Promise.all([
      listen(alice, bob),
      listen(alice, bob),
      listen(bob, alice),
    ])
    for (const socket of [phone, laptop, theirs])
      expect(await socket.until('ready')).toEqual({ type: 'ready', seq: 1 })
    const picture = form({ content: 'look', image: new File([png()], 'x.png') })
    const sent = (await alice.post(`/messages/${bob.id}/send/`, picture)).body
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
    const [alice, bob] = await couple()
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
    const [alice, bob] = await couple()
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
    const [alice, bob] = await couple()
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
      const [alice, bob] = await couple()
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
    const [alice, bob] = await couple()
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
    const [alice, bob] = await couple()
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
    const [alice, bob] = await couple()
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
    const [alice, bob] = await couple()
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
    const [alice, bob] = await couple()
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
    const [alice, bob] = await couple()
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
    const [alice, bob] = await couple()
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
  ])('%s: an error, and 1008; nobody else is harmed', async (_, frames, error) => {
    const [alice, bob] = await couple()
    const [bad, own, theirs] = await Promise.all([listen(alice, bob), listen(alice, bob), listen(bob, alice)])
    for (const frame of frames) bad.send(frame)
    // What comes behind is not heard any more.
    bad.send({ type: 'send', content: 'too late', key: 'late' })
    expect(await bad.closed).toEqual({ code: 1008, reason: error })
    expect(bad.all('error')).toEqual([{ type: 'error', errors: { detail: [error] } }])
    await expectAlive(own, bob, alice)
    await expectAlive(theirs, alice, bob)
    own.send({ type: 'send', content: 'fine', key: 'fine' })
    expect((await own.until('sent')).message.seq).toBe(3)
  })

  it('bytes are no frame', async () => {
    const [alice, bob] = await couple()
    const response = await upgrade(`/messages/${bob.id}/live/`, alice.headers)
    const socket = listening(response)
    response.webSocket?.send(new TextEncoder().encode('{"type":"typing"}'))
    expect((await socket.closed).code).toBe(1008)
  })
})

describe('the end of a socket', () => {
  const tokenFor = async (person: Person, seconds: number) => {
    const { claims } = decodeJwt(person.access)
    return jwt({ ...claims, exp: Math.floor(Date.now() / 1000) + seconds })
  }

  it('comes with the end of the access token, by itself: 4401, and the next one goes on from there', async () => {
    const [alice, bob] = await couple()
    const stays = await listen(alice, bob)
    const ends = await listen(alice, bob, { headers: bearer(await tokenFor(alice, 2)) })
    await say(bob, alice, 'one')
    await ends.until('message')
    expect(await ends.closed).toEqual({ code: 4401, reason: 'token expired' })
    const { seq } = await say(bob, alice, 'missed')
    const next = await listen(alice, bob, { since: 1 })
    expect((await next.until('message')).seq).toBe(seq)
    await expectAlive(stays, bob, alice)
  })

  it('comes when the alarm finds it, after an eviction too', async () => {
    const [alice, bob] = await couple()
    const stays = await listen(alice, bob)
    await runInDurableObject(conversationOf(alice, bob), async (_, { storage }) => storage.deleteAlarm())
    const ends = await listen(alice, bob, { headers: bearer(await tokenFor(alice, 1)) })
    await evictDurableObject(conversationOf(alice, bob))
    await runDurableObjectAlarm(conversationOf(alice, bob))
    expect((await ends.closed).code).toBe(4401)
    await expectAlive(stays, bob, alice)
    // The next to end is waited for.
    const alarm = await runInDurableObject(conversationOf(alice, bob), (_, { storage }) => storage.getAlarm())
    expect(alarm).toBe(decodeJwt(alice.access).claims.exp * 1000)
  })

  it('an expired token neither hears nor says anything, alarm or not', async () => {
    const [alice, bob] = await couple()
    const [hears, says] = [
      await listen(alice, bob, { headers: bearer(await tokenFor(alice, 2)) }),
      await listen(bob, alice, { headers: bearer(await tokenFor(bob, 2)) }),
    ]
    await runInDurableObject(conversationOf(alice, bob), async (_, { storage }) => storage.deleteAlarm())
    await new Promise((done) => setTimeout(done, 2_100))
    says.send({ type: 'send', content: 'late', key: 'late' })
    expect((await says.closed).code).toBe(4401)
    await say(bob, alice, 'not for who has no token')
    expect((await hears.closed).code).toBe(4401)
    expect(hears.changes()).toEqual([])
    expect((await bob.get(`/messages/${alice.id}/`)).body.count).toBe(1)
  })

  it('a token that outlives its session opens no more of them', async () => {
    const [alice, bob] = await couple()
    const session = await logIn(alice)
    await anyone.post(`${AUTH}/logout/`, {}, { cookie: `${REFRESH}=${session.refresh}` })
    const path = `/messages/${bob.id}/live/`
    expect((await refusal(path, bearer(session.access))).status).toBe(401)
    expect((await upgrade(path, alice.headers)).status).toBe(101)
  })

  it('logout closes those of the session, in every conversation, and no others', async () => {
    const [alice, bob] = await couple()
    const session = await logIn(alice)
    const ends = await Promise.all(
      [bob, carol].map((other) => listen(alice, other, { headers: bearer(session.access) })),
    )
    const stay = [await listen(alice, bob), await listen(bob, alice)]
    await anyone.post(`${AUTH}/logout/`, {}, { cookie: `${REFRESH}=${session.refresh}` })
    for (const socket of ends) expect(await socket.closed).toEqual({ code: 4401, reason: 'signed out' })
    for (const socket of stay) await expectAlive(socket, bob, alice)
  })

  it('a new password closes all but those of the session that set it', async () => {
    const [alice, bob] = await couple()
    const [here, elsewhere] = [await logIn(alice), await logIn(alice)]
    const stays = await listen(alice, bob, { headers: bearer(here.access) })
    const ends = await listen(alice, bob, { headers: bearer(elsewhere.access) })
    const theirs = await listen(bob, alice)
    const fields = { new_password1: `${PASSWORD}2`, new_password2: `${PASSWORD}2` }
    expect((await anyone.post(`${AUTH}/password/change/`, fields, bearer(here.access))).status).toBe(200)
    expect((await ends.closed).code).toBe(4401)
    await expectAlive(stays, bob, alice)
    await expectAlive(theirs, alice, bob)
  })

  it('a password that was forgotten and set anew closes all of that user', async () => {
    const [alice, bob] = await couple()
    await stored(
      "update users set email = 'a@example.com', email_key = 'a@example.com' where id = ?",
      alice.id,
    )
    const ends = [await listen(alice, bob), await listen(alice, carol)]
    const stays = await listen(bob, alice)
    const mails: { text: string }[] = []
    const SEND_EMAIL = { send: async (mail: { text: string }) => void mails.push(mail) }
    const bindings = { SEND_EMAIL, MAIL_FROM: 'noreply@example.com' }
    await callWith(bindings, 'POST', `${AUTH}/password/reset/`, { body: { email: 'a@example.com' } })
    const { searchParams } = new URL(/https?:\S+/.exec(mails[0]?.text ?? '')?.[0] ?? '')
    const fields = { new_password1: `${PASSWORD}2`, new_password2: `${PASSWORD}2` }
    const answer = await anyone.post(`${AUTH}/password/reset/confirm/`, {
      ...Object.fromEntries(searchParams),
      ...fields,
    })
    expect([answer.status, answer.body]).toMatchObject([200, {}])
    for (const socket of ends) expect((await socket.closed).code).toBe(4401)
    await expectAlive(stays, alice, bob)
  })

  it('a user who is gone, inactive, or signed out where nobody was told, at the alarm', async () => {
    const [alice, bob] = await couple()
    const [dave, erin] = await couple()
    const session = await logIn(alice)
    const ends = [await listen(alice, bob, { headers: bearer(session.access) }), await listen(dave, erin)]
    const stay = [await listen(alice, bob), await listen(bob, alice)]
    await stored(
      "update sessions set revoked_at = 1 where user_id = ? and jti_hash like ? || '%'",
      alice.id,
      decodeJwt(session.access).claims.jti.split('.')[0],
    )
    await stored('update users set is_active = 0 where id = ?', dave.id)
    for (const stub of [conversationOf(alice, bob), conversationOf(dave, erin)])
      await runDurableObjectAlarm(stub)
    for (const socket of ends) expect(await socket.closed).toEqual({ code: 4401, reason: 'signed out' })
    for (const socket of stay) await expectAlive(socket, bob, alice)

    const [frank, grace] = await couple()
    const gone = await listen(frank, grace)
    await stored('delete from users where id = ?', frank.id)
    await runDurableObjectAlarm(conversationOf(frank, grace))
    expect((await gone.closed).code).toBe(4401)
  })

  it('the alarm comes again where D1 is out of reach', async () => {
    const [alice, bob] = await couple()
    const socket = await listen(alice, bob)
    await stored('update sessions set revoked_at = 1 where user_id = ?', alice.id)
    await breakDb(conversationOf(alice, bob), once('before'))
    await runDurableObjectAlarm(conversationOf(alice, bob))
    expect(socket.isClosed()).toBe(false)
    expect((await socket.closed).code).toBe(4401)
  })
})

describe('hibernation', () => {
  it('ping is answered without waking the object', async () => {
    const [alice, bob] = await couple()
    const socket = await listen(alice, bob)
    await socket.until('ready')
    await evictDurableObject(conversationOf(alice, bob))
    socket.send('ping')
    await expect.poll(() => socket.frames.at(-1)).toBe('pong')
    // Only what runs can be evicted.
    await expect(evictDurableObject(conversationOf(alice, bob))).rejects.toThrow()
  })

  it('sockets live on, each with who it is and how far it is', async () => {
    const [alice, bob] = await couple()
    const mine = await listen(alice, bob, { since: 0 })
    const theirs = await listen(bob, alice, { since: 0 })
    for (let i = 0; i < 6; i++) {
      await evictDurableObject(conversationOf(alice, bob))
      if (i % 3 === 0) await say(alice, bob, `${i}`)
      else (i % 3 === 1 ? mine : theirs).send({ type: 'send', content: `${i}`, key: `${i}` })
      await mine.until('message', i + 1)
      await theirs.until('message', i + 1)
    }
    for (const socket of [mine, theirs]) {
      expectChain(socket.changes(), 0)
      expect(socket.changes().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
    }
    await theirs.until('sent', 2)
    expect(theirs.all('sent').map(({ message }) => message.is_sender)).toEqual([true, true])
  })

  it('who was closed by a restart comes back and misses nothing', async () => {
    const [alice, bob] = await couple()
    const socket = await listen(alice, bob, { since: 0 })
    await say(bob, alice, 'one')
    await socket.until('message')
    await evictDurableObject(conversationOf(alice, bob), { webSockets: 'close' })
    await socket.closed
    await say(bob, alice, 'two')
    const next = await listen(alice, bob, { since: 1 })
    expect(await next.until('message')).toMatchObject({ seq: 2, prev: 1, message: { content: 'two' } })
  })
})

describe('failure', () => {
  const UNAVAILABLE = 'The service is unavailable for the moment. Please try again.'

  it('nothing was committed: 503, nothing is told, and the same key sends it', async () => {
    const [alice, bob] = await couple()
    const theirs = await listen(bob, alice)
    await theirs.until('ready')
    await breakDb(conversationOf(alice, bob), once('before'))
    const send = () =>
      alice.post(`/messages/${bob.id}/send/`, { content: 'x' }, { 'idempotency-key': 'once' })
    const failed = await send()
    expect([failed.status, failed.body]).toEqual([503, { detail: UNAVAILABLE }])
    expect(failed.headers.get('retry-after')).toBe('1')
    expect((await bob.get(`/messages/${alice.id}/`)).body.count).toBe(0)
    expect(theirs.changes()).toEqual([])
    const { status, body } = await send()
    expect(status).toBe(201)
    expect((await theirs.until('message')).message.id).toBe(body.id)
    expect(theirs.changes()).toHaveLength(1)
  })

  it('it was committed and the answer lost: the same key gives it, and who listens is told then, once', async () => {
    const [alice, bob] = await couple()
    const [mine, theirs] = [await listen(alice, bob), await listen(bob, alice)]
    await Promise.all([mine.until('ready'), theirs.until('ready')])
    await breakDb(conversationOf(alice, bob), once('after'))
    const send = () =>
      alice.post(`/messages/${bob.id}/send/`, { content: 'x' }, { 'idempotency-key': 'once' })
    expect((await send()).status).toBe(503)
    expect((await bob.get(`/messages/${alice.id}/`)).body.count).toBe(1)
    const { status, body } = await send()
    expect(status).toBe(201)
    // Before the answer, not when an alarm finds it.
    for (const socket of [mine, theirs]) expect(socket.changes().map(({ seq }) => seq)).toEqual([1])
    expect((await theirs.until('message')).message.id).toBe(body.id)
    await say(alice, bob, 'y')
    for (const socket of [mine, theirs]) {
      await socket.until('message', 2)
      expectChain(socket.changes(), 0)
      expect(socket.changes()).toHaveLength(2)
    }
  })

  it('nobody tries again: those who listen are told all the same', async () => {
    const [alice, bob] = await couple()
    const theirs = await listen(bob, alice)
    await theirs.until('ready')
    await breakDb(conversationOf(alice, bob), once('after'))
    expect((await alice.post(`/messages/${bob.id}/send/`, { content: 'x' })).status).toBe(503)
    await evictDurableObject(conversationOf(alice, bob))
    expect((await theirs.until('message')).message.content).toBe('x')
    await expectAlive(theirs, alice, bob)
    expectChain(theirs.changes(), 0)
  })

  it('over a socket: an error with its key, that says to try again', async () => {
    const [alice, bob] = await couple()
    const socket = await listen(alice, bob)
    await socket.until('ready')
    await breakDb(conversationOf(alice, bob), once('after'))
    const frame = { type: 'send', content: 'x', key: 'once' }
    socket.send(frame)
    expect(await socket.until('error')).toEqual({
      type: 'error',
      key: 'once',
      code: 'unavailable',
      errors: { detail: [UNAVAILABLE] },
    })
    socket.send(frame)
    const { message } = await socket.until('sent')
    expect(socket.changes()).toMatchObject([
      { type: 'message', seq: 1, prev: 0, message: { id: message.id } },
    ])
  })

  it('what is committed stays committed, and once, if it cannot be told; that is made good with the next', async () => {
    const [alice, bob] = await couple()
    const socket = await listen(bob, alice)
    await socket.until('ready')
    const stub = conversationOf(alice, bob)
    await runInDurableObject(stub, (instance, state) => {
      const getWebSockets = () => {
        throw new Error('no sockets today')
      }
      Object.defineProperty(instance, 'ctx', { value: { ...state, getWebSockets }, configurable: true })
    })
    const answers = await Promise.all(['one', 'two'].map((text) => say(alice, bob, text)))
    expect(answers.map(({ seq }) => seq)).toEqual([1, 2])
    expect((await bob.get(`/messages/${alice.id}/`)).body.count).toBe(2)
    expect(socket.changes()).toEqual([])
    await runInDurableObject(stub, (instance, state) => {
      Object.defineProperty(instance, 'ctx', { value: state, configurable: true })
    })
    await say(alice, bob, 'three')
    await socket.until('message', 3)
    expectChain(socket.changes(), 0)
  })

  it('takes in no more than it can hold', async () => {
    const [alice, bob] = await couple()
    await say(alice, bob, 'one')
    const stub = conversationOf(alice, bob)
    // All in the same moment, which calls from outside cannot promise.
    const results = await runInDurableObject(stub, (instance) =>
      Promise.all(
        Array.from({ length: 2_100 }, () => instance.commit({ type: 'read', userId: bob.id, upTo: 1 })),
      ),
    )
    const refused = results.filter(({ ok }) => !ok)
    expect(refused).toHaveLength(100)
    for (const result of refused) expect(result).toEqual({ ok: false, why: 'unavailable' })
    expect((await say(alice, bob, 'two')).seq).toBe(3)
  })

  it('a replay that fails closes the socket: 1013, and the next goes on from there', async () => {
    const [alice, bob] = await couple()
    await say(alice, bob, 'one')
    await breakDb(conversationOf(alice, bob), once(undefined, 'before'))
    const socket = await listen(bob, alice, { since: 0 })
    expect((await socket.closed).code).toBe(1013)
    expect(socket.changes()).toEqual([])
    const next = await listen(bob, alice, { since: 0 })
    await next.until('message')
  })
})
