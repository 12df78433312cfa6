/** The installed client in an app of React Native: bundled for it, and run on its own globals, against the real Worker. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Context } from 'node:vm'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client, ConversationEvent, createClient } from '../../client/index'
import { png } from '../fixtures/images'
import { type App, install } from './installed'
import { PASSWORD, pause, until } from './people'
import { runApp } from './react-native'
import { asyncStorage } from './scripted'
import { type Server, startServer } from './server'

let app: App
let server: Server
let script: string
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'phone-'))
  app = install()
  // What an app writes; also what its bundler has to compile for an engine without async generators.
  const source = app.write(
    'app.js',
    `import { ApiError, createClient } from 'edge-social-api/client'
    const titles = async (list) => {
      const all = []
      for await (const { title } of list) all.push(title)
      return all
    }
    const follow = async (conversation, tell) => { for await (const event of conversation) tell(event) }
    Object.assign(globalThis, { ApiError, createClient, titles, follow })`,
  )
  const { outputFiles } = await build({
    entryPoints: [source],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'neutral',
    mainFields: ['react-native', 'browser', 'main'],
    conditions: ['react-native'],
    target: 'es2017',
  })
  script = outputFiles[0]?.text ?? ''
  server = await startServer({ ACCESS_TOKEN_SECONDS: '3' })
}, 240_000)
afterAll(async () => {
  await server?.stop()
  app?.remove()
  rmSync(folder, { recursive: true, force: true })
})

interface Phone extends Context {
  createClient: typeof createClient
  titles(list: AsyncIterable<{ title: string }>): Promise<string[]>
  follow(events: AsyncIterable<ConversationEvent>, tell: (event: ConversationEvent) => void): Promise<void>
}

/** Starts the app anew on a phone that keeps `storage`. */
function start(storage: ReturnType<typeof asyncStorage>): { phone: Phone; api: Client } {
  const phone = runApp(script) as Phone
  return { phone, api: phone.createClient({ baseUrl: server.url, storage, outbox: storage }) }
}

function image(): string {
  const path = join(folder, 'photo.png')
  writeFileSync(path, png(3, 2))
  return pathToFileURL(path).href
}

describe('React Native', () => {
  it('has none of what the client must not rely on', () => {
    const { phone } = start(asyncStorage())
    for (const name of [
      'crypto',
      'Blob',
      'TextEncoder',
      'structuredClone',
      'BroadcastChannel',
      'document',
      'indexedDB',
    ])
      expect(phone[name]).toBeUndefined()
    expect(Object.getOwnPropertyNames(phone.FormData.prototype)).not.toContain('set')
    expect(() => {
      const url = new phone.URL('https://example.com/')
      url.protocol = 'wss:'
      if (url.protocol !== 'wss:') throw new Error('nothing is set')
    }).toThrow()
  })

  it('signs up, uploads a photo with progress, reads lists, and is told what was refused', async () => {
    const storage = asyncStorage({ [`edge-social-api:tokens:${server.url}`]: 'garbage' })
    const { phone, api } = start(storage)
    const refusal = await api
      .register({ username: 'x y', password1: 'short', password2: 'short' })
      .catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      name: 'ApiError',
      code: 'invalid',
      fields: { password1: [expect.any(String)] },
    })
    const user = await api.register({ username: 'alice', password1: PASSWORD, password2: PASSWORD })
    const told: number[] = []
    const post = await api.posts.create(
      { title: 'From a phone', image: { uri: image(), type: 'image/png', name: 'photo.png' } },
      { onProgress: ({ fraction }) => told.push(fraction) },
    )
    expect((await fetch(post.image)).headers.get('content-type')).toBe('image/png')
    expect(told).toEqual([0.1, 0.5, 1])
    for (const title of ['a', 'b', 'c', 'd']) await api.posts.create({ title })
    const list = api.posts.list({ owner: user.profile_id, page_size: 2 })
    expect(await phone.titles(list)).toEqual(['d', 'c', 'b', 'a', 'From a phone'])
    const first = await list.page()
    expect((await list.page(first.next)).items.map(({ title }) => title)).toEqual(['b', 'a'])
    const stop = new phone.AbortController()
    stop.abort()
    await expect(api.posts.get(post.id, { signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    })
    await pause(4_500)
    expect((await start(storage).api.me()).username).toBe('alice')
  })

  it('converses, photos among it, and sends after a restart what was written before it', async () => {
    const [atBob, atCarol] = [asyncStorage(), asyncStorage()]
    const bob = start(atBob)
    const carol = start(atCarol)
    const account = { password1: PASSWORD, password2: PASSWORD }
    const bobId = (await bob.api.register({ username: 'bob', ...account })).pk
    const carolId = (await carol.api.register({ username: 'carol', ...account })).pk
    const seen: string[] = []
    const hers = carol.api.conversation(bobId)
    void carol.phone.follow(hers, (event) => {
      if (event.type === 'message') seen.push(event.message.content)
    })
    const his = bob.api.conversation(carolId)
    await his.send('Hello')
    await his.send('Look', { image: { uri: image(), type: 'image/png', name: 'photo.png' } })
    his.close()
    // No connection at all any more: then the app is closed.
    const { api } = start(atBob)
    class Nowhere extends WebSocket {
      constructor() {
        super('ws://localhost:9/')
      }
    }
    const offline = api.conversation(carolId, { WebSocket: Nowhere })
    void offline.send('written').catch(() => undefined)
    void offline.send('offline').catch(() => undefined)
    await until(
      () => (JSON.parse(atBob.kept.get('edge-social-api:outbox') ?? '[]') as unknown[]).length === 2,
    )
    offline.close()
    const again = start(atBob).api.conversation(carolId)
    await again.send('and now')
    await until(() => seen.length === 5)
    expect(seen).toEqual(['Hello', 'Look', 'written', 'offline', 'and now'])
    again.close()
    hers.close()
  })
})
