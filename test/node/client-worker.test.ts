/** The installed client in another Worker, which calls the API over the network, as a server-side renderer does. */
import { build } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type App, install } from './installed'
import { PASSWORD } from './people'
import { type Server, startServer } from './server'

/** One transparent pixel. */
const PIXEL = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'

let app: App
let server: Server
let worker: Miniflare

beforeAll(async () => {
  app = install()
  server = await startServer()
  // The client is made where a Worker may neither wait nor be random: outside of any request.
  const source = app.write(
    'worker.js',
    `import { createClient } from 'edge-social-api/client'
    const api = createClient({ baseUrl: '${server.url}' })
    const password = '${PASSWORD}'
    export default {
      async fetch() {
        const { code } = await api.posts.create({ title: 'No' }).catch((error) => error)
        const { pk, profile_id } = await api.register({ username: 'worker', password1: password, password2: password })
        const image = new Blob([Uint8Array.from(atob('${PIXEL}'), (byte) => byte.charCodeAt(0))])
        const { id } = await api.posts.create({ title: 'From a Worker', image })
        const titles = []
        for await (const { title } of api.posts.list({ owner: profile_id })) titles.push(title)
        const other = createClient({ baseUrl: '${server.url}' })
        const { pk: otherId } = await other.register({ username: 'other-worker', password1: password, password2: password })
        const chat = api.conversation(otherId)
        const { content } = await chat.send('Hello')
        chat.close()
        return Response.json({ code, titles, content, logout: await api.logout() })
      }
    }`,
  )
  const { outputFiles } = await build({
    entryPoints: [source],
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
  })
  worker = new Miniflare(
    convertV4MiniflareOptions({
      name: 'app',
      modules: [{ type: 'ESModule', path: 'worker.mjs', contents: outputFiles[0]?.text ?? '' }],
      compatibilityDate: '2026-10-01',
    }),
  )
}, 240_000)
afterAll(async () => {
  await worker?.dispose()
  await server?.stop()
  app?.remove()
})

it('signs up, uploads, reads lists, converses and signs out', async () => {
  const answer = await worker.dispatchFetch('http://app.test/')
  expect(await answer.json()).toEqual({
    code: 'not_authenticated',
    titles: ['From a Worker'],
    content: 'Hello',
    logout: { sessionEnded: true },
  })
})
