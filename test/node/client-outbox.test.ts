/** What is written and not sent yet: it outlives reloads, arrives once and in order, and belongs to who wrote it. */
import { describe, expect, it } from 'vitest'
import type { ConversationEvent, Draft, OutboxStorage } from '../../client/index'
import { collect, pause, until } from './people'
import { asyncStorage, EXPIRED, json, NAME, SESSION, scripted, storage, TOKENS, USER } from './scripted'
import { type Room, room } from './scripted-socket'

const DAY_MS = 24 * 3_600_000

/** A store of one's own, which could as well be a file. */
function store(): OutboxStorage & { drafts: Map<string, Draft> } {
  const drafts = new Map<string, Draft>()
  return {
    drafts,
    all: async () => structuredClone([...drafts.values()].reverse()),
    put: async (draft) => drafts.set(draft.key, structuredClone(draft)),
    delete: async (key) => drafts.delete(key),
  }
}

const SIGNED_IN = { [NAME]: TOKENS }

/** Somebody's device, on which the app is started as often as it likes. */
function device(outbox: OutboxStorage | ReturnType<typeof asyncStorage> = store(), tokens = SIGNED_IN) {
  const kept = storage(tokens)
  const start = (network: Room, userId = 2) => {
    const posted: string[] = []
    const { api } = scripted(
      ({ path, headers, body }) => {
        if (path.includes('/user/'))
          return json({ ...USER, pk: headers.authorization?.endsWith('2') ? 9 : 1 })
        if (path.includes('/login/'))
          return json({ ...SESSION, access_token: 'access.2', user: { ...USER, pk: 9 } })
        if (path.includes('/send/')) {
          posted.push(`${path} ${typeof body === 'string' ? JSON.parse(body).content : body?.get('content')}`)
          return json({ id: 1 }, 201)
        }
        return network.isOffline
          ? new TypeError('fetch failed')
          : json({ detail: '' }, path.includes('/logout/') ? 200 : 426)
      },
      { storage: kept, outbox },
    )
    const chat = () => api.conversation(userId, { WebSocket: network.Socket })
    return { api, chat, posted }
  }
  return { start, kept, outbox }
}

const quietly = (promise: Promise<unknown>) => promise.catch((error) => error)
const ofType = <T extends ConversationEvent['type']>(seen: ConversationEvent[], type: T) =>
  seen.filter((event): event is Extract<ConversationEvent, { type: T }> => event.type === type)

describe('messages written offline', () => {
  it.each([
    ['a store', store],
    ['AsyncStorage', asyncStorage],
  ])(
    'outlive a reload in %s, and are sent once and in order, before what is written then',
    async (_, make) => {
      const { start } = device(make())
      const offline = room()
      offline.isOffline = true
      const before = start(offline).chat()
      for (const text of ['one', 'two', 'three']) void quietly(before.send(text))
      expect(before.unsent.map(({ content }) => content)).toEqual(['one', 'two', 'three'])
      await pause(100)

      const online = room()
      const after = start(online).chat()
      const seen = collect(after)
      await after.send('four')
      expect(online.texts).toEqual(['one', 'two', 'three', 'four'])
      expect(ofType(seen, 'restored')[0]?.drafts.map(({ content }) => content)).toEqual([
        'one',
        'two',
        'three',
      ])
      expect(ofType(seen, 'sent').map(({ message }) => message.content)).toEqual(['one', 'two', 'three'])
      expect(after.unsent).toEqual([])
      after.close()
      before.close()

      const again = start(online).chat()
      await again.send('five')
      expect(online.texts).toEqual(['one', 'two', 'three', 'four', 'five'])
      again.close()
    },
  )

  it('that have arrived without an answer are not doubled by a reload', async () => {
    const { start } = device()
    const network = room()
    network.isMute = true
    const before = start(network).chat()
    void quietly(before.send('one'))
    await until(() => network.texts.length === 1)
    before.close()
    network.isMute = false
    const after = start(network).chat()
    await after.send('two')
    expect(network.texts).toEqual(['one', 'two'])
    after.close()
  })

  it('that may have arrived more than a day ago are not sent again, and it says so', async () => {
    const { start, outbox } = device()
    const old = { api: 'https://api.test', owner: 1, recipient: 2 }
    await (outbox as OutboxStorage).put({
      ...old,
      key: 'a',
      content: 'perhaps',
      order: 1,
      attemptedAt: Date.now() - DAY_MS,
    })
    await (outbox as OutboxStorage).put({ ...old, key: 'b', content: 'never', order: 2 - DAY_MS })
    const network = room()
    const chat = start(network).chat()
    const seen = collect(chat)
    await chat.send('now')
    expect(network.texts).toEqual(['never', 'now'])
    expect(ofType(seen, 'unsent')).toEqual([
      { type: 'unsent', key: 'a', error: expect.objectContaining({ code: 'outcome_unknown' }) },
    ])
    expect(await (outbox as OutboxStorage).all()).toEqual([])
    chat.close()
  })

  it('stay for the next time when the conversation is closed, with a promise that says so', async () => {
    const { start } = device()
    const offline = room()
    offline.isOffline = true
    const chat = start(offline).chat()
    const sending = quietly(chat.send('later'))
    chat.close()
    expect(await sending).toMatchObject({ code: 'closed' })
    await pause(20)
    const elsewhere = start(room())
    expect(await elsewhere.api.messages.sendUnsent()).toEqual([])
    expect(elsewhere.posted).toEqual(['/messages/2/send/ later'])
    expect(await elsewhere.api.messages.sendUnsent()).toEqual([])
    expect(elsewhere.posted).toHaveLength(1)
  })

  it('with images keep what was prepared, so that every attempt is the same', async () => {
    const outbox = store()
    const offline = room()
    let prepared = 0
    let asked = 0
    const bodies: string[] = []
    let isLost = true
    const start = (network: Room) =>
      scripted(
        async ({ path, body, headers }) => {
          if (!path.includes('/send/')) return json({ detail: '' }, 426)
          bodies.push(
            `${headers['idempotency-key']} ${await ((body as FormData).get('image') as File).text()} ${(body as FormData).get('image_thumbhash')}`,
          )
          return isLost ? new TypeError('lost') : json({ id: 1 }, 201)
        },
        {
          storage: storage(SIGNED_IN),
          outbox,
          images: async () => ({
            prepareImage: async (image) => ({
              image: image.size > 5 ? new Blob([`${++prepared}`]) : image,
              thumbhash: `hash${++asked}`,
            }),
          }),
        },
      ).api.conversation(2, { WebSocket: network.Socket })
    const before = start(offline)
    void quietly(before.send('', { image: new Blob(['a large one']), key: 'k' }))
    await until(() => bodies.length >= 3)
    before.close()
    isLost = false
    const after = start(room())
    await until(() => outbox.drafts.size === 0)
    expect(new Set(bodies)).toEqual(new Set(['k 1 hash1']))
    after.close()
  }, 20_000)

  it('are not taken for one that another attempt of an earlier one has failed for', async () => {
    const network = room()
    const answers: ((response: Response) => void)[] = []
    const { api } = scripted(
      ({ path }) =>
        path.includes('/send/') ? new Promise((resolve) => answers.push(resolve)) : json({ detail: '' }, 426),
      { storage: storage(SIGNED_IN), outbox: store() },
    )
    const chat = api.conversation(2, { WebSocket: network.Socket })
    const first = chat.send('first', { image: new Blob(['x']) })
    const second = chat.send('second', { image: new Blob(['y']) })
    await until(() => answers.length === 1)
    network.cut()
    await until(() => answers.length === 2)
    answers[0]?.(json({ id: 1 }, 201))
    expect(await first).toEqual({ id: 1 })
    await until(() => answers.length === 3)
    answers[1]?.(json({ content: ['No.'] }, 400))
    await pause(50)
    answers[2]?.(json({ id: 2 }, 201))
    expect(await second).toEqual({ id: 2 })
    chat.close()
  })

  it('last as long as the page where the store fails', async () => {
    const fail = () => Promise.reject(new Error('quota'))
    const network = room()
    const chat = device({ all: fail, put: fail, delete: fail }).start(network).chat()
    await chat.send('one')
    await chat.send('two')
    expect(network.texts).toEqual(['one', 'two'])
    chat.close()
  })
})

describe('the outbox of somebody', () => {
  it('is not sent by somebody else, on the same device or in the same conversation', async () => {
    const { start, outbox } = device()
    const network = room()
    network.isOffline = true
    const { api, chat } = start(network)
    const alice = chat()
    const seen = collect(alice)
    const waiting = quietly(alice.send('by alice'))
    await pause(50)
    await api.login('bob', 'secret')
    expect(await waiting).toMatchObject({ code: 'other_user' })
    expect(ofType(seen, 'refused')).toHaveLength(1)
    network.isOffline = false
    const bob = chat()
    await bob.send('by bob')
    expect(network.texts).toEqual(['by bob'])
    expect((await (outbox as OutboxStorage).all()).map(({ content }) => content)).toEqual(['by alice'])
    bob.close()
  })

  it('is found out by asking where a page only has cookies', async () => {
    let pk = 1
    const network = room()
    const { api } = scripted(
      ({ path }) =>
        json(path.includes('/user/') ? { ...USER, pk } : { detail: '' }, path.includes('/live/') ? 426 : 200),
      {
        auth: 'cookie',
        outbox: store(),
      },
    )
    const chat = api.conversation(2, { WebSocket: network.Socket })
    await chat.send('as alice')
    network.cut()
    pk = 9
    expect(await quietly(chat.send('as whom?'))).toMatchObject({ code: 'other_user' })
    expect(network.texts).toEqual(['as alice'])
  })

  it('is emptied by a logout, also offline, and nothing comes back', async () => {
    const outbox = store()
    const { start } = device(outbox)
    const network = room()
    network.isOffline = true
    const { api, chat } = start(network)
    const open = chat()
    const waiting = quietly(open.send('secret'))
    await until(() => outbox.drafts.size === 1)
    expect(await api.logout()).toEqual({ sessionEnded: false })
    expect(await waiting).toMatchObject({ code: 'not_authenticated' })
    await pause(50)
    expect(outbox.drafts.size).toBe(0)
  })

  it('is kept when the session runs out', async () => {
    const outbox = store()
    const network = room()
    network.isOffline = true
    let isOver = false
    const { api } = scripted(() => (isOver ? json(EXPIRED, 401) : new TypeError('fetch failed')), {
      storage: storage(SIGNED_IN),
      outbox,
    })
    const chat = api.conversation(2, { WebSocket: network.Socket })
    const waiting = quietly(chat.send('for later'))
    await until(() => outbox.drafts.size === 1)
    isOver = true
    expect(await waiting).toMatchObject({ status: 401 })
    expect(outbox.drafts.size).toBe(1)
  })
})

describe('a connection', () => {
  it('is never given more than 20 frames in a second, however many wait', async () => {
    const { start } = device()
    const network = room()
    const chat = start(network).chat()
    await Promise.all(Array.from({ length: 60 }, (_, i) => chat.send(`${i}`)))
    expect(network.texts).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`))
    expect(network.opened).toBe(1)
    const times = network.frames.map(({ at }) => at)
    for (const [i, at] of times.entries())
      expect(times.slice(i).filter((other) => other < at + 1000).length).toBeLessThanOrEqual(20)
    chat.close()
  })

  it('waits where the API says how long, then goes on in order, on the same connection', async () => {
    const { start } = device()
    const network = room()
    network.throttles = { times: 2, seconds: 1 }
    const chat = start(network).chat()
    const begun = Date.now()
    await Promise.all(['one', 'two', 'three'].map((text) => chat.send(text)))
    expect(Date.now() - begun).toBeGreaterThanOrEqual(2_000)
    expect(network.texts).toEqual(['one', 'two', 'three'])
    expect(network.opened).toBe(1)
    chat.close()
  })

  it('says so at once where the wait would be long', async () => {
    const { start } = device()
    const network = room()
    network.throttles = { times: 1, seconds: 600 }
    const chat = start(network).chat()
    expect(await quietly(chat.send('too many today'))).toMatchObject({
      code: 'throttled',
      status: 429,
      retryAfter: 600,
      detail: 'Throttled.',
    })
    await chat.send('another')
    expect(network.texts).toEqual(['another'])
    chat.close()
  })

  it('slows down where the API says that it was too fast', async () => {
    const { start } = device()
    const network = room()
    const chat = start(network).chat()
    await chat.send('first')
    network.cut(1008)
    await chat.send('again')
    network.frames.length = 0
    await Promise.all(Array.from({ length: 10 }, (_, i) => chat.send(`${i}`)))
    const [first = 0, ...rest] = network.frames.map(({ at }) => at)
    expect(Math.max(...rest) - first).toBeGreaterThan(9 * 100)
    chat.close()
  })

  it('that is never allowed ends the conversation, and what was written is kept', async () => {
    const outbox = store()
    class Forbidden {
      constructor() {
        throw new Error('mixed content')
      }
    }
    const Socket = Forbidden as unknown as Room['Socket']
    const chat = device(outbox)
      .start({ ...room(), Socket })
      .chat()
    expect(await quietly(chat.send('one'))).toMatchObject({ code: 'network', detail: 'Error: mixed content' })
    await until(() => outbox.drafts.size === 1)
  })

  it('that the server begins to close is given up at once, though nothing tells of it', async () => {
    const { start } = device()
    const network = room()
    const chat = start(network).chat()
    const seen = collect(chat)
    await until(() => network.opened === 1)
    network.beginClosing()
    await chat.send('over the next')
    expect(network.opened).toBe(2)
    // Not found out by asking, which is seldom done.
    expect(network.pings).toBe(0)
    expect(seen.map(({ type }) => type)).toContain('offline')
    chat.close()
  })
})
