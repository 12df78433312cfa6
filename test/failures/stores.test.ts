/** What fails beside a request's own calls: a binding, an alarm, the work after an answer, a clock; and images that come late or twice. */
import {
  createExecutionContext,
  createScheduledController,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import worker from '../../src/index'
import { newChangeId } from '../../src/messaging/shared/changes'
import { callWith, logIn, recordLogs } from '../auth-helpers'
import { anyone, download, form, ORIGIN, type Person, stored } from '../client'
import { breakDb, once } from '../faulty-db'
import { UNAVAILABLE } from '../fixtures/answers'
import { createPost, signUpCast, signUpPair } from '../fixtures/factories'
import { say } from '../fixtures/messages'
import { type Bytes, bucketWith, file, freshPng, gone, hashOf, imageRow, sha256 } from '../fixtures/uploads'
import { conversationOf, expectAlive, expectChain, listen, upgrade } from '../sockets'
import { ask } from './ask'
import { bringDeadlinesForward, faultyStores } from './faults'

const { alice, bob } = await signUpCast()
beforeEach(bringDeadlinesForward)
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const YEAR_MS = 365 * 86_400_000
const sweep = () => worker.scheduled(createScheduledController(), env)
const upload = (bytes: Bytes) => alice.post('/posts/', form({ title: 'x', image: file(bytes) }))
/** Has so much time passed for this image, or for all. */
const age = (ms: number) =>
  stored('update images set leased_until = leased_until - ?1, deleting_at = deleting_at - ?1', ms)

/** A socket that has caught up: until then it asks by itself whether its session has ended. */
async function listenFor(one: Person, other: Person, headers: Record<string, string>) {
  const socket = await listen(one, other, { headers })
  await expectAlive(socket, other, one)
  return socket
}

describe('a binding is missing', () => {
  it.each(['DB', 'MEDIA', 'CONVERSATION', 'ASSETS'])('%s: 503, and the log says which', async (name) => {
    const logs = recordLogs()
    for (const [method, path] of [
      ['GET', '/posts/'],
      ['POST', '/posts/'],
      ['GET', `/media/${'0'.repeat(64)}`],
      ['DELETE', '/chats/1/delete/'],
    ] as const) {
      logs.length = 0
      const { status, body, headers } = await callWith({ [name]: undefined }, method, path, alice)
      expect([path, status, body]).toEqual([
        path,
        503,
        { detail: 'The service is not configured. Its log says what is missing.' },
      ])
      expect(headers.get('retry-after')).toBe('60')
      expect(logs.join()).toContain(`${name} is not bound`)
    }
  })
})

describe('the alarm of an object cannot be set', () => {
  /** As objects see their storage. */
  const breakAlarms = (stub: DurableObjectStub, method: 'getAlarm' | 'setAlarm') =>
    runInDurableObject(stub, (instance, state) => {
      const storage = new Proxy(state.storage, {
        get: (target, name) => {
          if (name === method) return () => Promise.reject(new Error('storage is out of reach'))
          const value: unknown = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
      const ctx = new Proxy(state, {
        get: (target, name) => {
          if (name === 'storage') return storage
          const value: unknown = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
      Object.defineProperty(instance, 'ctx', { value: ctx, configurable: true })
    })

  it.each(['getAlarm', 'setAlarm'] as const)(
    '%s: no socket is opened that nothing would close',
    async (method) => {
      const [one, other] = await signUpPair()
      await breakAlarms(conversationOf(one, other), method)
      const answer = await upgrade(`/messages/${other.id}/live/`, one.headers)
      expect([answer.status, answer.webSocket, await answer.json()]).toEqual([503, null, UNAVAILABLE])
    },
  )

  it.each(['getAlarm', 'setAlarm'] as const)(
    '%s: who was not told of a change is told within two seconds all the same',
    async (method) => {
      const [one, other] = await signUpPair()
      const socket = await listen(other, one)
      await socket.until('ready')
      const stub = conversationOf(one, other)
      await breakDb(stub, once('after', 'before'))
      await breakAlarms(stub, method)
      const { status } = await one.post(`/messages/${other.id}/send/`, { content: 'x' })
      expect(status).toBe(503)
      await expect
        .poll(() => socket.all('message').length || socket.isClosed(), { timeout: 2_000 })
        .toBeTruthy()
      if (socket.isClosed()) expect((await socket.closed).code).toBe(1013)
    },
  )
})

describe('an object ends between a commit and telling of it', () => {
  it('killed: the message is there once and acknowledged, and who listened comes back to it', async () => {
    const [one, other] = await signUpPair()
    const socket = await listen(other, one)
    await socket.until('ready')
    await runInDurableObject(conversationOf(one, other), (instance, state) => {
      const withSession = (constraint?: string) => {
        const session = env.DB.withSession(constraint)
        return {
          prepare: (query: string) => session.prepare(query),
          getBookmark: () => session.getBookmark(),
          async batch(statements: D1PreparedStatement[]) {
            await session.batch(statements)
            state.abort('killed')
          },
        }
      }
      Object.defineProperty(instance, 'env', { value: { ...env, DB: { withSession } }, configurable: true })
    })
    const sent = await say(one, other, 'x')
    expect((await other.get(`/messages/${one.id}/`)).body.count).toBe(1)
    await socket.closed
    const next = await listen(other, one, { since: 0 })
    expect((await next.until('message')).message.id).toBe(sent.id)
    await expectAlive(next, one, other)
    expectChain(next.changes(), 0)
  })

  it('evicted, its sockets hibernating: asked again, the next object finds the change, and tells', async () => {
    const [one, other] = await signUpPair()
    const socket = await listen(other, one)
    await socket.until('ready')
    const stub = conversationOf(one, other)
    const change = { type: 'send', userId: one.id, content: 'x' } as const
    const id = newChangeId()
    // Commits, and neither tells nor remembers that it did not.
    await runInDurableObject(stub, async (instance, state) => {
      const getWebSockets = () => []
      Object.defineProperty(instance, 'ctx', { value: { ...state, getWebSockets }, configurable: true })
      await instance.commit(change, id)
      Object.defineProperty(instance, 'ctx', { value: state, configurable: true })
    })
    expect(socket.changes()).toEqual([])
    await evictDurableObject(stub)
    const again = await conversationOf(one, other).commitOnce(change, id)
    expect(again.ok && again.outcome.message?.content).toBe('x')
    await socket.until('message')
    expect(await stored('select seq from changes where change_id = ?', id)).toHaveLength(1)
    await expectAlive(socket, one, other)
    expectChain(socket.changes(), 0)
  })

  it('it had tried again by itself: asked again, the next object finds what came of that', async () => {
    const [one, other] = await signUpPair()
    const stub = conversationOf(one, other)
    const change = { type: 'send', userId: one.id, content: 'x' } as const
    const id = newChangeId()
    await breakDb(stub, once('before'))
    await runInDurableObject(stub, (instance) => instance.commit(change, id))
    await evictDurableObject(stub)
    const again = await conversationOf(one, other).commitOnce(change, id)
    expect(again.ok && again.outcome.message?.content).toBe('x')
    expect(await stored('select 1 from messages where sender_id = ?', one.id)).toHaveLength(1)
  })

  it('evicted after it could not tell: its alarm outlives it', async () => {
    const [one, other] = await signUpPair()
    const socket = await listen(other, one)
    await socket.until('ready')
    const stub = conversationOf(one, other)
    await breakDb(stub, once('after', 'before', 'before'))
    expect((await one.post(`/messages/${other.id}/send/`, { content: 'x' })).status).toBe(503)
    await evictDurableObject(stub)
    const alarm = await runInDurableObject(stub, (_, { storage }) => storage.getAlarm())
    expect(alarm).toBeLessThan(Date.now() + 2_000)
    await runDurableObjectAlarm(stub)
    await socket.until('message')
  })
})

describe('the Worker ends after its answer', () => {
  /** A request whose work after the answer is cut off: none of its calls is answered any more. */
  async function cutOff(path: string, bindings: Partial<typeof env>, { headers } = alice) {
    const context = createExecutionContext()
    const request = new Request(`${ORIGIN}${path}`, { method: 'DELETE', headers })
    const answer = await worker.fetch(request, { ...env, ...bindings }, {
      ...context,
      waitUntil: (promise: Promise<unknown>) => void promise.catch(() => {}),
      passThroughOnException: () => {},
    } as ExecutionContext)
    return answer.status
  }

  it('before it has deleted an image: the scheduled job does', async () => {
    const { id, image } = await createPost(alice, { image: file(freshPng()) })
    const silent = bucketWith({ delete: () => new Promise(() => {}) })
    expect(await cutOff(`/posts/${id}/`, { MEDIA: silent })).toBe(204)
    expect(await imageRow(image)).toMatchObject({ refs: 0, deleting_at: expect.any(Number) })
    await age(120_000)
    await sweep()
    await gone(image)
  })

  it('before it has closed the sockets of a session that ended: their alarm does', async () => {
    const [one, other] = await signUpPair()
    const session = { authorization: `Bearer ${(await logIn(one)).access}` }
    const socket = await listenFor(one, other, session)
    const silent = { getByName: () => ({ closeSockets: () => new Promise(() => {}) }) }
    // What `callConversation` asks of it.
    const CONVERSATION = silent as unknown as typeof env.CONVERSATION
    expect(await cutOff('/sessions/', { CONVERSATION }, one)).toBe(204)
    await runDurableObjectAlarm(conversationOf(one, other))
    expect((await socket.closed).code).toBe(4401)
  })

  it('and D1 does not know at first who listens: it is asked again', async () => {
    const [one, other] = await signUpPair()
    const session = { authorization: `Bearer ${(await logIn(one)).access}` }
    const socket = await listenFor(one, other, session)
    const stores = faultyStores({ store: 'd1', call: 2, fault: 'before', error: 0 })
    const { status } = await ask(
      { method: 'DELETE', path: '/sessions/', headers: one.headers },
      undefined,
      stores,
    )
    expect([status, stores.isDone(), (await socket.closed).code]).toEqual([204, true, 4401])
  })
})

describe('an object says nothing', () => {
  it('to who wants to listen: 503 at the deadline', async () => {
    const [one, other] = await signUpPair()
    const stores = faultyStores({ store: 'object', call: 1, fault: 'late', error: 0 })
    const headers = { ...one.headers, upgrade: 'websocket' }
    const call = { method: 'GET', path: `/messages/${other.id}/live/`, headers }
    const { status } = await ask(call, undefined, stores)
    expect([status, stores.isDone()]).toEqual([503, true])
  })
})

describe('the answer is lost to what ended a session', () => {
  it.each([
    ['logging out', 1, 'POST', '/dj-rest-auth/logout/', undefined],
    ['ending the others', 1, 'DELETE', '/sessions/', undefined],
    [
      'a new password',
      2,
      'POST',
      '/dj-rest-auth/password/change/',
      { new_password1: 'Qw8#mmztRust', new_password2: 'Qw8#mmztRust' },
    ],
  ])('%s: 503, and its sockets are closed', async (name, call, method, path, body) => {
    const [one, other] = await signUpPair()
    const session = { authorization: `Bearer ${(await logIn(one)).access}` }
    const socket = await listenFor(one, other, session)
    const headers = name === 'logging out' ? session : one.headers
    const stores = faultyStores({ store: 'd1', call, fault: 'after', error: 0 })
    const { status } = await ask({ method, path, headers, ...(body && { body }) }, undefined, stores)
    expect([status, (await socket.closed).code]).toEqual([503, 4401])
  })
})

describe('R2 is slow', () => {
  it('to give an image: 503 at the deadline', async () => {
    const { image } = await createPost(alice, { image: file(freshPng()) })
    const stores = faultyStores({ store: 'r2', call: 1, fault: 'late', error: 0 })
    const { status, retryAfter } = await ask(
      { method: 'GET', path: new URL(image).pathname },
      undefined,
      stores,
    )
    expect([status, retryAfter]).toEqual([503, '1'])
  })

  it('to take one, and takes it after all: no row shows it, and it goes', async () => {
    const bytes = freshPng()
    const stores = faultyStores({ store: 'r2', call: 1, fault: 'late', error: 0 })
    const call = { method: 'POST', path: '/posts/', headers: alice.headers }
    const body = form({ title: 'given up', image: file(bytes) })
    expect((await ask({ ...call, body }, undefined, stores)).status).toBe(503)
    await stores.arrive()
    const hash = await sha256(bytes)
    expect(await stored('select id from posts where title = ?', 'given up')).toEqual([])
    expect(await env.MEDIA.head(hash)).not.toBeNull()
    // While the put may be under way the image is not touched.
    await sweep()
    expect(await env.MEDIA.head(hash)).not.toBeNull()
    await age(11 * 60_000)
    await sweep()
    await gone(hash)
  })
})

describe('an image', () => {
  it('whose deletion arrives after it was uploaded again is there', async () => {
    const bytes = freshPng()
    const first = await createPost(alice, { image: file(bytes) })
    const keys: (string | string[])[] = []
    const silent = bucketWith({
      delete: (key) => {
        keys.push(key)
        return Promise.reject(new Error('Network connection lost.'))
      },
    })
    await callWith({ MEDIA: silent }, 'DELETE', `/posts/${first.id}/`, alice)
    await age(61_000)
    const again = await upload(bytes)
    expect([again.status, again.body.image]).toEqual([201, first.image])
    for (const key of keys) await env.MEDIA.delete(key)
    const served = await download(first.image)
    expect([served.status, served.bytes]).toEqual([200, bytes])
    // The next deletion takes it, under whichever key.
    await alice.delete(`/posts/${again.body.id}/`)
    await gone(first.image)
  })

  it('whose deletion arrives after it was deleted again and uploaded again is there', async () => {
    const bytes = freshPng()
    const first = await createPost(alice, { image: file(bytes) })
    const keys: (string | string[])[] = []
    const silent = bucketWith({
      delete: (key) => {
        keys.push(key)
        return Promise.reject(new Error('Network connection lost.'))
      },
    })
    await callWith({ MEDIA: silent }, 'DELETE', `/posts/${first.id}/`, alice)
    await age(120_000)
    await worker.scheduled(createScheduledController(), { ...env, MEDIA: silent })
    await age(120_000)
    await sweep()
    await gone(first.image)
    for (const deletions of [keys.splice(0), keys]) {
      const again = await upload(bytes)
      expect([again.status, again.body.image]).toEqual([201, first.image])
      for (const key of deletions) await env.MEDIA.delete(key)
      const served = await download(first.image)
      expect([served.status, served.bytes]).toEqual([200, bytes])
      await callWith({ MEDIA: silent }, 'DELETE', `/posts/${again.body.id}/`, alice)
      await age(120_000)
      await sweep()
      await gone(first.image)
    }
    // A day later nobody fears it any more.
    const fences = () => stored('select 1 from image_fences where hash = ?', hashOf(first.image))
    expect(await fences()).toHaveLength(1)
    await stored('update image_fences set until = until - 86400000')
    await sweep()
    expect(await fences()).toEqual([])
  })

  it('that should be there and is not is put again', async () => {
    const bytes = freshPng()
    const { image } = await createPost(alice, { image: file(bytes) })
    await env.MEDIA.delete(hashOf(image))
    expect((await anyone.get(image)).status).toBe(404)
    expect((await upload(bytes)).status).toBe(201)
    expect((await download(image)).bytes).toEqual(bytes)
  })

  it('that may be missing, as R2 does not say, is put again', async () => {
    const bytes = freshPng()
    const { image } = await createPost(alice, { image: file(bytes) })
    await env.MEDIA.delete(hashOf(image))
    const stores = faultyStores({ store: 'r2', call: 1, fault: 'before', error: 0 })
    const body = form({ title: 'x', image: file(bytes) })
    const call = { method: 'POST', path: '/posts/', headers: alice.headers, body }
    expect([(await ask(call, undefined, stores)).status, stores.isDone()]).toEqual([201, true])
    expect((await download(image)).bytes).toEqual(bytes)
  })

  it('that nobody has ever seen costs R2 one read, and D1 one row', async () => {
    const list = vi.fn(() => Promise.reject(new Error('listing is dear')))
    const get = vi.fn((key: string, options?: R2GetOptions) => env.MEDIA.get(key, options))
    const MEDIA = bucketWith({ list, get } as unknown as Partial<R2Bucket>)
    const { status, headers } = await callWith({ MEDIA }, 'GET', `/media/${'0'.repeat(64)}`)
    expect([status, list.mock.calls.length, get.mock.calls.length]).toEqual([404, 0, 1])
    expect(headers.get('server-timing')).toMatch(/calls=1 read=[01] written=0/)
  })

  it('that is not under its hash while D1 is out of reach: nobody knows, 503', async () => {
    const stores = faultyStores({ store: 'd1', call: 1, fault: 'before', error: 0 })
    const { status } = await ask({ method: 'GET', path: `/media/${'0'.repeat(64)}` }, undefined, stores)
    expect(status).toBe(503)
  })
})

describe('times of the future, from a clock that was ahead', () => {
  it('a mark keeps nobody from uploading the image', async () => {
    const bytes = freshPng()
    const { id, image } = await createPost(alice, { image: file(bytes) })
    const MEDIA = bucketWith({ delete: () => Promise.reject(new Error('Network connection lost.')) })
    await callWith({ MEDIA }, 'DELETE', `/posts/${id}/`, alice)
    await age(-YEAR_MS)
    expect((await upload(bytes)).status).toBe(201)
    expect((await download(image)).bytes).toEqual(bytes)
  })

  it('a mark or a lease that is left is as good as made now', async () => {
    const bytes = freshPng()
    const { id, image } = await createPost(alice, { image: file(bytes) })
    const MEDIA = bucketWith({ delete: () => Promise.reject(new Error('Network connection lost.')) })
    await callWith({ MEDIA }, 'DELETE', `/posts/${id}/`, alice)
    const leased = freshPng()
    const stores = faultyStores({ store: 'r2', call: 1, fault: 'late', error: 0 })
    const body = form({ title: 'x', image: file(leased) })
    await ask({ method: 'POST', path: '/posts/', headers: alice.headers, body }, undefined, stores)
    await stores.arrive()
    await age(-YEAR_MS)
    await sweep()
    await age(11 * 60_000)
    await sweep()
    await gone(image)
    await gone(await sha256(leased))
  })

  it('a sweep whose own clock has jumped says so, and takes nothing', async () => {
    const { id, image } = await createPost(bob, { image: file(freshPng()) })
    const MEDIA = bucketWith({ delete: () => Promise.reject(new Error('Network connection lost.')) })
    await callWith({ MEDIA }, 'DELETE', `/posts/${id}/`, bob)
    await age(120_000)
    const logs = recordLogs()
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 2 * 86_400_000)
    await sweep()
    expect(logs.join()).toContain('A clock has jumped')
    expect(await imageRow(image)).toMatchObject({ refs: 0 })
    vi.restoreAllMocks()
    await sweep()
    await gone(image)
  })
})
