/** The client as others install it: alone, small, typed, and used as README shows. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, install, run, strict } from './installed'
import { readReactNative } from './react-native'
import { type Server, startServer } from './server'

const ENTRIES = ['edge-social-api/client', 'edge-social-api/client/images', 'edge-social-api/client/live']
/** Where apps live: what they have for types, and how they find packages. */
const APPS = [
  ['a page', [], ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'], 'bundler'],
  ['a page, as Node resolves', [], ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'], 'nodenext'],
  ['Node', ['node'], ['es2022'], 'nodenext'],
  ['a worker', ['@cloudflare/workers-types'], ['es2022'], 'bundler'],
] as const

/** What compiles, and (where it says so) what must not. */
const TYPES = `import { ApiError, createClient, type Post } from 'edge-social-api/client'
const api = createClient({ baseUrl: 'https://api.example.com', fetch, live: () => import('edge-social-api/client/live') })
export const unread = async (): Promise<number> => (await api.live({ WebSocket })).unread.getSnapshot().messages
export const chat = api.conversation(2, { WebSocket })
const password = 'Blue-ferry-19'
export async function good(signal: AbortSignal): Promise<Post[]> {
  await api.register({ username: 'ada', password1: password, password2: password })
  await api.posts.create({ title: 'A', image: new Blob([]) }, { signal, onProgress: ({ fraction }) => fraction.toFixed() })
  await api.posts.create({ title: 'A', image: { uri: 'file:///a.jpg', type: 'image/jpeg', name: 'a.jpg' } })
  const { items, next, count } = await api.posts.list({ owner: 3, page_size: 5 }).page(null, { signal })
  return next === null && count > 0 ? items : []
}
export function tell(error: unknown): string | number {
  if (!(error instanceof ApiError)) throw error
  switch (error.code) {
    case 'throttled':
      return error.retryAfter.toFixed(0)
    case 'invalid':
      return error.fields.title?.join() ?? ''
    case 'network': {
      const status: 0 = error.status
      return status
    }
    default:
      return error.status
  }
}
export function bad(post: Post) {
  // @ts-expect-error: no such field
  void api.register({ username: 'ada', password1: password, password2: password, nickname: 'a' })
  // @ts-expect-error: one is missing
  void api.register({ username: 'ada', password1: password })
  // @ts-expect-error: no such filter of images
  void api.posts.create({ title: 'A', image_filter: 'sepia' })
  // @ts-expect-error: no such filter of lists
  void api.posts.list({ titel: 'A' })
  // @ts-expect-error: text is no image
  void api.posts.update(1, { image: 'a.png' })
  // @ts-expect-error: an answer has no such field
  return post.titel
}
`

let app: App

beforeAll(() => {
  app = install()
}, 120_000)
afterAll(() => app?.remove())

describe('the package', () => {
  it('is all that an installation brings', () => {
    const installed = readdirSync(join(app.folder, 'node_modules')).filter((name) => !name.startsWith('.'))
    expect(installed).toEqual(['edge-social-api'])
    const manifest = JSON.parse(
      readFileSync(join(app.folder, 'node_modules/edge-social-api/package.json'), 'utf8'),
    )
    expect(manifest).not.toHaveProperty('dependencies')
    expect(manifest).not.toHaveProperty('peerDependencies')
  })

  it('is at most 8 KB gzipped, and imports nothing', () => {
    const folder = join(app.folder, 'node_modules/edge-social-api/client')
    expect(gzipSync(readFileSync(join(folder, 'index.js')), { level: 9 }).length).toBeLessThanOrEqual(
      8 * 1024,
    )
    for (const file of ['index.js', 'index.cjs', 'images.js', 'images.cjs', 'live.js', 'live.cjs'])
      expect(readFileSync(join(folder, file), 'utf8')).not.toMatch(
        /\bfrom\s*["']|\bimport\s*["'(]|\brequire\(/,
      )
  })

  it('has types of its own, which public tools find without fault', () => {
    const folder = join(app.folder, 'node_modules/edge-social-api/client')
    const types = globSync('*.d.{ts,cts}', { cwd: folder })
    expect(types.sort()).toEqual(
      ['images', 'index', 'live'].flatMap((name) => [`${name}.d.cts`, `${name}.d.ts`]),
    )
    for (const file of types) {
      const text = readFileSync(join(folder, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
      expect(text).not.toMatch(/\bimport\b|\bfrom\b|hono|zod|drizzle|\[0-9\]/)
    }
    expect(run('.', 'attw', '--no-color', app.tarball)).toMatchObject({ status: 0 })
  })

  it('is found by import and by require', () => {
    const names = (how: string) => run(app.folder, 'node', '--input-type=module', '-e', how)
    for (const entry of ENTRIES) {
      const show = { images: 'prepareImage', live: 'openLive' }[entry.split('/')[2] ?? ''] ?? 'createClient'
      const imported = names(`import('${entry}').then((it) => console.log(typeof it.${show}))`)
      const required = names(
        `import { createRequire } from 'node:module'; console.log(typeof createRequire('${app.folder}/')('${entry}').${show})`,
      )
      expect([imported.output, required.output]).toEqual(['function\n', 'function\n'])
    }
  })
})

describe.each(APPS)('in %s', (where, types, lib, module) => {
  it('a strict app compiles, and a wrong field does not', () => {
    const folder = where.replaceAll(/\W+/g, '-')
    app.write(`${folder}/app.mts`, TYPES)
    app.write(`${folder}/tsconfig.json`, JSON.stringify(strict([...types], [...lib], module)))
    expect(run('.', 'tsc', '-p', join(app.folder, folder))).toEqual({ status: 0, output: '' })
  })
})

it('in React Native, too, a strict app compiles, with the types of its own globals', () => {
  for (const name of ['globals', 'ErrorUtils'])
    app.write(`phone/${name}.d.ts`, readReactNative(`src/types/${name}.d.ts`))
  // What these lean on, and other files of that package declare.
  app.write('phone/more.d.ts', 'interface Event {}\ninterface EventTarget {}\ninterface Document {}\n')
  app.write('phone/app.ts', TYPES)
  app.write('phone/tsconfig.json', JSON.stringify(strict([], ['es2022'], 'bundler')))
  expect(run('.', 'tsc', '-p', join(app.folder, 'phone'))).toEqual({ status: 0, output: '' })
})

describe("README's example", () => {
  let server: Server

  beforeAll(async () => {
    server = await startServer()
  }, 90_000)
  afterAll(() => server?.stop())

  it('compiles for a page and for Node, and runs', () => {
    const [, example = ''] =
      /```ts\n(import \{ createClient \}[\s\S]*?)```/.exec(readFileSync('README.md', 'utf8')) ?? []
    expect(example).toContain("from 'edge-social-api/client'")
    const text = example.replaceAll('http://localhost:8787', server.url)
    for (const [name, types, lib, module] of APPS.slice(1, 3)) {
      const folder = `example-${name.replaceAll(/\W+/g, '-')}`
      app.write(`${folder}/example.mts`, text)
      app.write(`${folder}/tsconfig.json`, JSON.stringify(strict([...types], [...lib], module)))
      expect(run('.', 'tsc', '-p', join(app.folder, folder))).toEqual({ status: 0, output: '' })
    }
    const ran = run(app.folder, 'node', 'example-Node/out/example.mjs')
    expect(ran).toMatchObject({ status: 0 })
    expect(ran.output).toContain('Hello from the edge')
  })

  const old = findNode(20)
  it.skipIf(!old)('the client runs in Node 20, with a WebSocket of its own choice', () => {
    app.write(
      'old.mjs',
      `import { createClient } from 'edge-social-api/client'
      import WebSocket from '${resolve('node_modules/ws/wrapper.mjs')}'
      const api = createClient({ baseUrl: '${server.url}' })
      const password = 'Blue-ferry-19'
      const user = await api.register({ username: 'node-20', password1: password, password2: password })
      const image = new Blob([Buffer.from('${PIXEL}', 'base64')])
      await api.posts.create({ title: 'Old but here', image })
      for await (const post of api.posts.list({ owner: user.profile_id })) console.log(post.title)
      try { api.conversation(1) } catch (error) { console.log(error.message) }
      const { pk } = await createClient({ baseUrl: '${server.url}' }).register({ username: 'node-20-too', password1: password, password2: password })
      const chat = api.conversation(pk, { WebSocket })
      console.log((await chat.send('Hello')).content)
      chat.close()`,
    )
    const { status, output } = run(app.folder, old ?? '', 'old.mjs')
    expect({ status, output }).toEqual({
      status: 0,
      output: 'Old but here\nNo WebSocket here: pass one to conversation().\nHello\n',
    })
  })
})

/** One transparent pixel. */
const PIXEL = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'

/** A node of that major version among those on the path; the project's own is newer. */
function findNode(major: number): string | undefined {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => resolve(folder, 'node'))
  return candidates.find(
    (path) =>
      existsSync(path) &&
      spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.startsWith(`v${major}.`),
  )
}
