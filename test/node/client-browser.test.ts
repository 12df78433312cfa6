/** The installed client in a real browser: what only browsers have, and what they may lack. Skipped where there is none. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { png } from '../fixtures/images'
import { browserPath, launch } from './browser'
import { type App, install, run, strict } from './installed'
import { PASSWORD } from './people'
import { type Server, startServer } from './server'

const BLANK = `<!doctype html><title>A tab</title><script type="module">
  import { createClient } from '/client.js'
  import { prepareImage } from '/images.js'
  globalThis.workers = 0
  globalThis.Worker = class extends Worker { constructor(...how) { super(...how); workers += 1 } }
  // Noise, which is what compresses worst.
  const photo = async (width, height, look = 'noise') => {
    const tile = new OffscreenCanvas(512, 512)
    const pixels = new ImageData(512, 512)
    for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = i % 4 === 3 && look === 'noise' ? 255 : Math.random() * 256
    tile.getContext('2d').putImageData(pixels, 0, 0)
    const canvas = new OffscreenCanvas(width, height)
    const context = canvas.getContext('2d')
    context.fillStyle = context.createPattern(tile, 'repeat')
    context.fillRect(0, 0, width, height)
    return canvas.convertToBlob({ type: look === 'noise' ? 'image/jpeg' : 'image/png', quality: 0.9 })
  }
  Object.assign(globalThis, { createClient, prepareImage, photo })
</script>`

let app: App
let server: Server
let browser: Browser

describe.skipIf(!browserPath)('in a browser', () => {
  beforeAll(async () => {
    app = install()
    server = await startServer()
    browser = await launch()
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    app?.remove()
  })

  /** A tab that has the client as `api`, calling `baseUrl`, on a page of `origin`. */
  async function tab(
    context: BrowserContext,
    { origin = server.url, baseUrl = server.url, auth = 'bearer', headers = {} } = {},
  ) {
    const page = await context.newPage()
    const package_ = join(app.folder, 'node_modules/edge-social-api/client')
    const files = {
      'blank.html': BLANK,
      'client.js': read(`${package_}/index.js`),
      'images.js': read(`${package_}/images.js`),
    }
    for (const [name, body] of Object.entries(files)) {
      const contentType = name.endsWith('.js') ? 'text/javascript' : 'text/html'
      await page.route(`${origin}/${name}`, (route) => route.fulfill({ contentType, body, headers }))
    }
    await page.goto(`${origin}/blank.html`)
    await ready(page, baseUrl, auth)
    return page
  }

  async function ready(page: Page, baseUrl: string, auth: string) {
    await page.waitForFunction(() => 'photo' in globalThis)
    await page.evaluate(
      ([baseUrl, auth]) => {
        const images = async () => ({ prepareImage })
        const storage = auth === 'bearer' ? { storage: localStorage } : {}
        Object.assign(globalThis, {
          changes: [],
          api: createClient({
            baseUrl,
            auth: auth === 'cookie' ? 'cookie' : 'bearer',
            images,
            ...storage,
          }),
        })
        api.onAuthChange(({ type }) => changes.push(type))
      },
      [baseUrl, auth] as const,
    )
  }

  const register = (page: Page, username: string) =>
    page.evaluate(
      ([username, password]) => api.register({ username, password1: password, password2: password }),
      [username, PASSWORD] as const,
    )

  it('on plain http, where there is no randomUUID and are no locks, it does all it does elsewhere', async () => {
    const context = await browser.newContext()
    const lan = server.url.replace('localhost', 'api.lan')
    const page = await tab(context, { origin: lan, baseUrl: lan, auth: 'cookie' })
    expect(
      await page.evaluate(() => [isSecureContext, typeof crypto.randomUUID, 'locks' in navigator]),
    ).toEqual([false, 'undefined', false])
    await register(page, 'on-a-lan')
    const { pk } = await register(await tab(await browser.newContext()), 'elsewhere')
    const sent = await page.evaluate(async (pk) => {
      const { title } = await api.posts.create({ title: 'Over the air' })
      const chat = api.conversation(pk)
      const { content } = await chat.send('Hello')
      chat.close()
      return [title, content]
    }, pk)
    expect(sent).toEqual(['Over the air', 'Hello'])
    await context.close()
  })

  it('a page of another site, whose cookies the browser drops, is told so when it signs in', async () => {
    await register(await tab(await browser.newContext()), 'dropped')
    const context = await browser.newContext()
    const page = await tab(context, {
      origin: 'http://localhost:3000',
      baseUrl: server.url.replace('localhost', '127.0.0.1'),
      auth: 'cookie',
    })
    const error = await page.evaluate(
      (password) => api.login('dropped', password).catch(({ code, message }) => ({ code, message })),
      PASSWORD,
    )
    expect(error).toEqual({
      code: 'cookies_blocked',
      message: 'This browser does not keep the cookies of the API.',
    })
    await context.close()
  })

  it.each(['bearer', 'cookie'])('other tabs hear who signs in and out (%s)', async (auth) => {
    const context = await browser.newContext()
    const [one, two] = [await tab(context, { auth }), await tab(context, { auth })]
    await register(one, `tabs-${auth}`)
    await one.evaluate(() => api.logout())
    await two.waitForFunction(() => changes.length === 2)
    expect(await two.evaluate(() => changes)).toEqual(['signed-in', 'signed-out'])
    await context.close()
  })

  it('what was written offline outlives a reload, images among it, and arrives once and in order', async () => {
    const { pk } = await register(await tab(await browser.newContext()), 'reader')
    const context = await browser.newContext()
    const page = await tab(context, { auth: 'cookie' })
    await register(page, 'writer')
    // Offline, but for the page itself.
    await page.route('**/messages/**', (route) => route.abort())
    await page.evaluate(async (pk) => {
      class Nowhere extends WebSocket {
        constructor() {
          super('ws://localhost:9/')
        }
      }
      const chat = api.conversation(pk, { WebSocket: Nowhere })
      const lost = () => undefined
      chat.send('one').catch(lost)
      chat.send('two', { image: await photo(300, 200) }).catch(lost)
      chat.send('three').catch(lost)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }, pk)
    await page.unroute('**/messages/**')
    await page.reload()
    await ready(page, server.url, 'cookie')
    const restored = await page.evaluate(async (pk) => {
      const chat = api.conversation(pk)
      let restored: string[] = []
      const following = (async () => {
        for await (const event of chat)
          if (event.type === 'restored') restored = event.drafts.map(({ content }) => content)
      })()
      await chat.send('four')
      chat.close()
      await following
      return restored
    }, pk)
    expect(restored).toEqual(['one', 'two', 'three'])
    const thread = await page.evaluate(async (pk) => (await api.messages.thread(pk).page()).items, pk)
    expect(thread.map(({ content }) => content)).toEqual(['one', 'two', 'three', 'four'])
    expect(thread.map(({ image }) => image !== null)).toEqual([false, true, false, false])
    await page.reload()
    await ready(page, server.url, 'cookie')
    expect(await page.evaluate(() => api.messages.sendUnsent())).toEqual([])
    await context.close()
  })

  describe('an image', () => {
    let page: Page

    beforeAll(async () => {
      page = await tab(await browser.newContext())
      await register(page, 'photographer')
    })

    it('of 24 MP that lies on its side arrives upright and within the limits, with progress', async () => {
      const requests: string[] = []
      page.on('request', (request) => requests.push(`${request.resourceType()} ${request.method()}`))
      const { before, after, post, told, size } = await page.evaluate(async () => {
        const jpeg = new Uint8Array(await (await photo(6000, 4000)).arrayBuffer())
        // An APP1 segment that says: turn it by 90 degrees.
        const exif = [
          0xff, 0xe1, 0, 34, 69, 120, 105, 102, 0, 0, 77, 77, 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0,
          1, 0, 6, 0, 0, 0, 0, 0, 0,
        ]
        const image = new Blob([jpeg.slice(0, 2), new Uint8Array(exif), jpeg.slice(2)], {
          type: 'image/jpeg',
        })
        const { image: small, ...after } = await prepareImage(image)
        const told: { stage: string; fraction: number }[] = []
        const post = await api.posts.create(
          { title: 'Large', image },
          { onProgress: (progress) => told.push(progress) },
        )
        const stored = await createImageBitmap(await (await fetch(post.image)).blob())
        return {
          before: image.size,
          after: { ...after, bytes: small.size, type: small.type },
          post,
          told,
          size: [stored.width, stored.height],
        }
      })
      expect(before).toBeGreaterThan(2 * 1024 * 1024)
      expect(after.bytes).toBeLessThanOrEqual(2 * 1024 * 1024)
      expect(after).toMatchObject({
        type: 'image/jpeg',
        thumbhash: expect.stringMatching(/^[\w+/]{20,40}={0,2}$/),
      })
      // The shape of an image that stands, and no larger than it may be.
      expect(after.height).toBeLessThanOrEqual(4096)
      expect(after.width / after.height).toBeCloseTo(2 / 3, 2)
      expect(size).toEqual([after.width, after.height])
      expect(post.title).toBe('Large')
      expect(post).toMatchObject({
        image_width: after.width,
        image_height: after.height,
        image_thumbhash: after.thumbhash,
      })
      const [preparing, uploading] = ['preparing', 'uploading'].map((stage) =>
        told.filter((one) => one.stage === stage).map(({ fraction }) => fraction),
      )
      expect(preparing?.length).toBeGreaterThan(2)
      for (const fractions of [preparing, uploading]) {
        expect(fractions).toEqual(fractions?.toSorted((a, b) => a - b))
        expect(fractions?.at(-1)).toBe(1)
      }
      expect(requests).toContain('xhr POST')
      expect(await page.evaluate(() => workers)).toBeGreaterThan(0)
    }, 240_000)

    it('that fits stays as it is, and what shows through stays so', async () => {
      const bytes = [...png(3, 2)]
      const { isSame, size, alpha } = await page.evaluate(async (bytes) => {
        const small = new Blob([new Uint8Array(bytes)])
        const kept = await prepareImage(small)
        const { image, width, height } = await prepareImage(await photo(1200, 900, 'see-through'))
        const context = new OffscreenCanvas(width, height).getContext('2d')
        context?.drawImage(await createImageBitmap(image), 0, 0)
        const alpha = context?.getImageData(0, 0, 9, 9).data.filter((_, i) => i % 4 === 3) ?? []
        return {
          isSame: kept.image === small,
          size: [kept.width, kept.height, image.size],
          alpha: [...alpha],
        }
      }, bytes)
      expect(isSame).toBe(true)
      expect(size.slice(0, 2)).toEqual([3, 2])
      expect(size[2]).toBeLessThanOrEqual(2 * 1024 * 1024)
      expect(Math.min(...alpha)).toBeLessThan(255)
    }, 240_000)

    it('that this browser cannot read is told under its field, and nothing is sent', async () => {
      const error = await page.evaluate(async () => {
        const heic = new Blob([new Uint8Array([0, 0, 0, 24]), 'ftypheic', new Uint8Array(4), 'mif1heic'], {
          type: 'image/heic',
        })
        return api.posts
          .create({ title: 'HEIC', image: heic })
          .catch(({ code, fields }) => ({ code, fields }))
      })
      expect(error).toEqual({
        code: 'bad_image',
        fields: { image: ['This browser cannot read the image. Try it as a JPEG.'] },
      })
    })

    it('is left when it is aborted', async () => {
      const name = await page.evaluate(async () => {
        const stop = new AbortController()
        const preparing = prepareImage(await photo(3000, 2000), { signal: stop.signal })
        stop.abort()
        return preparing.catch((error) => error.name)
      })
      expect(name).toBe('AbortError')
    })

    it('is prepared by the page where its policy forbids workers', async () => {
      const context = await browser.newContext()
      const strict = await tab(context, { headers: { 'content-security-policy': "worker-src 'none'" } })
      const { size, width } = await strict.evaluate(async () => {
        const { image, width } = await prepareImage(await photo(5000, 500))
        return { size: image.size, width }
      })
      expect(size).toBeLessThanOrEqual(2 * 1024 * 1024)
      expect(width).toBeLessThanOrEqual(4096)
      await context.close()
    }, 240_000)
  })

  it('the page about TanStack Query: an endless list, and likes that show at once and are taken back', async () => {
    const [, example = ''] = /```tsx\n([\s\S]*?)```/.exec(read('docs/client.md')) ?? []
    expect(example.trim().split('\n').length).toBeLessThanOrEqual(40)
    app.write('query/posts.tsx', example)
    const main = app.write(
      'query/main.tsx',
      `import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
      import { createRoot } from 'react-dom/client'
      import { api, Posts } from './posts'
      const show = () => createRoot(document.body).render(<QueryClientProvider client={new QueryClient()}><Posts /></QueryClientProvider>)
      Object.assign(globalThis, { api, show })`,
    )
    const { compilerOptions } = strict([], ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'], 'bundler')
    const here = resolve('node_modules')
    const paths = {
      'edge-social-api/*': [`${app.folder}/node_modules/edge-social-api/*`],
      '*': [`${here}/@types/*`, `${here}/*`],
    }
    app.write(
      'query/tsconfig.json',
      JSON.stringify({ compilerOptions: { ...compilerOptions, jsx: 'react-jsx', paths } }),
    )
    expect(run('.', 'tsc', '-p', join(app.folder, 'query'))).toEqual({ status: 0, output: '' })
    const { outputFiles } = await build({
      entryPoints: [main],
      bundle: true,
      write: false,
      format: 'esm',
      jsx: 'automatic',
      nodePaths: [here],
      define: { 'process.env.NODE_ENV': '"production"' },
    })

    const context = await browser.newContext()
    const page = await context.newPage()
    const html = '<!doctype html><body></body><script type="module" src="/main.js"></script>'
    await page.route('**/blank.html', (route) => route.fulfill({ contentType: 'text/html', body: html }))
    await page.route('**/main.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: outputFiles[0]?.text ?? '' }),
    )
    await page.goto(`${server.url}/blank.html`)
    await page.waitForFunction(() => 'show' in globalThis)
    await register(page, 'poster')
    await page.evaluate(async () => {
      for (let i = 0; i < 7; i++) await api.posts.create({ title: `Query ${i}` })
    })
    await page.evaluate('show()')
    const posts = page.getByRole('button', { name: /^Query / })
    await expect.poll(() => posts.allInnerTexts()).toEqual([6, 5, 4, 3, 2].map((i) => `Query ${i} ♡ 0`))
    await page.getByRole('button', { name: 'More' }).click()
    await expect.poll(() => posts.count()).toBe(7)

    let answer: () => void = () => undefined
    await page.route('**/api/likes/', async (route) => {
      await new Promise<void>((resolve) => {
        answer = resolve
      })
      await route.fulfill({ status: 403, json: { detail: 'Not you.' } })
    })
    await posts.nth(2).click()
    await expect.poll(() => posts.nth(2).innerText()).toBe('Query 4 ♥ 1')
    answer()
    await expect.poll(() => posts.nth(2).innerText()).toBe('Query 4 ♡ 0')
    expect(await page.getByText('Not you.').count()).toBe(1)

    await page.unroute('**/api/likes/')
    await posts.nth(2).click()
    await page.waitForFunction(
      async () => (await api.posts.list({ search: 'Query 4' }).page()).items[0]?.likes_count === 1,
    )
    await expect.poll(() => posts.nth(2).isEnabled()).toBe(true)
    await posts.nth(2).click()
    await page.waitForFunction(
      async () => (await api.posts.list({ search: 'Query 4' }).page()).items[0]?.likes_count === 0,
    )
    await expect.poll(() => posts.nth(2).innerText()).toBe('Query 4 ♡ 0')
    await context.close()
  })
})

function read(path: string): string {
  return readFileSync(path, 'utf8')
}
