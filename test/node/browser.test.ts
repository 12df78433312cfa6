/** The client and the docs in a real browser. `npm run test:browser`; skipped where there is none. */
import { build } from 'esbuild'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient as createHere } from '../../client/index'
import { png } from '../fixtures/images'
import { browserPath, launch } from './browser'
import { type Server, startServer } from './server'

const PASSWORD = 'Zx9!kkqwPlum'

/** Keeps the sockets that the page opens, so that a test can cut them. */
const TAB = `<!doctype html><title>A tab</title><script type="module">
  import { createClient } from '/client.js'
  const sockets = []
  globalThis.WebSocket = class extends WebSocket {
    constructor(...how) { super(...how); sockets.push(this) }
  }
  Object.assign(globalThis, { createClient, sockets })
</script>`

/** Tokens of six seconds have run out then: they end at whole seconds, up to one later. */
const TOKEN_GONE_MS = 7_500

if (!browserPath)
  console.log('No Chromium here (apt-get install chromium, or CHROMIUM=path): nothing to test.')

describe.skipIf(!browserPath)('in a browser', () => {
  let server: Server
  let browser: Browser
  let script: string

  beforeAll(async () => {
    const built = await build({ entryPoints: ['client/index.ts'], bundle: true, format: 'esm', write: false })
    script = built.outputFiles[0]?.text ?? ''
    server = await startServer({ ACCESS_TOKEN_SECONDS: '6' })
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  /** A tab of ours on the API's origin that has the client as `api`. */
  async function tab(context: BrowserContext, auth: 'bearer' | 'cookie'): Promise<Page> {
    const page = await context.newPage()
    await page.route('**/blank.html', (route) => route.fulfill({ contentType: 'text/html', body: TAB }))
    await page.route('**/client.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: script }),
    )
    await page.goto(`${server.url}/blank.html`)
    await page.waitForFunction(() => 'createClient' in globalThis)
    await page.evaluate((auth) => {
      const storage = auth === 'bearer' ? { storage: localStorage } : {}
      Object.assign(globalThis, { api: createClient({ baseUrl: location.origin, auth, ...storage }) })
    }, auth)
    return page
  }

  const register = (page: Page, username: string): Promise<number> =>
    page.evaluate(
      async ([username, password]) => {
        const { pk } = await api.register({ username, password1: password, password2: password })
        return pk
      },
      [username, PASSWORD] as const,
    )

  it('two tabs whose token ran out renew it once between them', async () => {
    const context = await browser.newContext()
    const one = await tab(context, 'bearer')
    const two = await tab(context, 'bearer')
    await register(one, 'tabs')
    const refreshes: string[] = []
    context.on('request', (request) => {
      if (request.url().includes('/token/refresh/')) refreshes.push(request.url())
    })
    await one.waitForTimeout(TOKEN_GONE_MS)
    const names = await Promise.all(
      [one, two, one, two].map((page) => page.evaluate(async () => (await api.me()).username)),
    )
    expect(names).toEqual(['tabs', 'tabs', 'tabs', 'tabs'])
    expect(refreshes).toHaveLength(1)
    await context.close()
  })

  it('a page that has only cookies stays signed in, and its scripts cannot read them', async () => {
    const context = await browser.newContext()
    const page = await tab(context, 'cookie')
    await register(page, 'cookies')
    expect(await page.evaluate(() => document.cookie)).toBe('')
    await page.waitForTimeout(TOKEN_GONE_MS)
    expect(await page.evaluate(async () => (await api.me()).username)).toBe('cookies')
    const again = await tab(context, 'cookie')
    expect(await again.evaluate(async () => (await api.me()).username)).toBe('cookies')
    await context.close()
  })

  it('three messages written offline arrive when the browser is back: all, once, in order, for both', async () => {
    const [atMia, atNoa] = [await browser.newContext(), await browser.newContext()]
    const mia = await tab(atMia, 'cookie')
    const noa = await tab(atNoa, 'bearer')
    const miaId = await register(mia, 'mia')
    const noaId = await register(noa, 'noa')
    for (const [page, other] of [
      [mia, noaId],
      [noa, miaId],
    ] as const) {
      await page.evaluate((other) => {
        const chat = api.conversation(other)
        const seen: string[] = []
        Object.assign(globalThis, { chat, seen, isOnline: false })
        void (async () => {
          for await (const event of chat) {
            if (event.type === 'message') seen.push(event.message.content)
            if (event.type === 'online') Object.assign(globalThis, { isOnline: true })
          }
        })()
      }, other)
      await page.waitForFunction(() => isOnline)
    }
    await noa.evaluate(() => chat.send('before'))
    await mia.waitForFunction(() => seen.length === 1)
    // The emulation spares sockets that are open.
    await atMia.setOffline(true)
    await mia.evaluate(() => {
      for (const socket of sockets) socket.close()
    })
    await mia.evaluate(() => {
      Object.assign(globalThis, {
        written: Promise.all(['one', 'two', 'three'].map((text) => chat.send(text))),
      })
    })
    await noa.evaluate(() => chat.send('meanwhile'))
    await mia.waitForTimeout(4_000)
    await atMia.setOffline(false)
    await mia.evaluate(() => written)
    await noa.evaluate(() => chat.send('after'))
    for (const page of [mia, noa]) await page.waitForFunction(() => seen.length >= 6)
    const [byMia, byNoa] = await Promise.all([mia, noa].map((page) => page.evaluate(() => seen)))
    expect(byMia).toEqual(byNoa)
    expect(byMia).toHaveLength(6)
    expect(byMia?.filter((text) => ['one', 'two', 'three'].includes(text))).toEqual(['one', 'two', 'three'])
    expect(new Set(byMia).size).toBe(6)
    await atMia.close()
    await atNoa.close()
  })

  it('/docs signs somebody in, tries a call and uploads an image, and asks nobody else for anything', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    const elsewhere: string[] = []
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== server.url && !request.url().startsWith('data:'))
        elsewhere.push(request.url())
    })
    await register(await tab(await browser.newContext(), 'bearer'), 'reader')
    await page.goto(`${server.url}/docs/`)

    /** Opens an operation, fills it in, executes it; gives the answer's status and text. */
    async function tryOut(id: string, fill: (operation: Locator) => Promise<void>) {
      const operation = page.locator(`.opblock[id$="-${id}"]`)
      await operation.locator('.opblock-summary-control').click()
      await operation.getByRole('button', { name: 'Try it out' }).click()
      await fill(operation)
      await operation.getByRole('button', { name: 'Execute' }).click()
      const answer = operation.locator('.live-responses-table .response')
      return {
        status: await answer.locator('.response-col_status').innerText(),
        text: await answer.innerText(),
      }
    }

    const login = await tryOut('login', (operation) =>
      operation.locator('textarea').fill(JSON.stringify({ username: 'reader', password: PASSWORD })),
    )
    expect(login.status).toContain('200')
    // The cookies that login set do the rest.
    const me = await tryOut('getUser', async () => undefined)
    expect(me.status).toContain('200')
    expect(me.text).toContain('"username": "reader"')
    const created = await tryOut('createPost', async (operation) => {
      await operation
        .locator('.body-param-content-type select, .content-type')
        .first()
        .selectOption('multipart/form-data')
      await operation.locator('[data-property-name="title"] input').fill('From the reference')
      const file = { name: 'a.png', mimeType: 'image/png', buffer: Buffer.from(png(3, 2)) }
      await operation.locator('input[type=file]').setInputFiles(file)
    })
    expect(created.status).toContain('201')
    expect(created.text).toMatch(/"image": "[^"]*\/media\/[0-9a-f]{64}"/)
    expect(elsewhere).toEqual([])
    await context.close()
  })

  it('the example: two people chat, as fast as they like, and a reload shows the same', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    let opened = 0
    page.on('websocket', () => {
      opened += 1
    })
    const shown = async (texts: string[]) => {
      for (const list of [0, 1]) {
        await expect
          .poll(() => page.locator('ol').nth(list).locator('li:not(.unsent)').allTextContents(), {
            timeout: 10_000,
          })
          .toEqual(texts)
      }
    }
    await page.goto(`${server.url}/examples/chat.html`)
    const all = Array.from({ length: 25 }, (_, i) => `message ${i}`)
    const input = page.locator('input').first()
    for (const text of all) {
      await input.fill(text)
      await input.press('Enter')
    }
    await shown(all)
    // An edited message comes last when all is replayed, and stays where it was.
    const ann = createHere({ baseUrl: server.url })
    await ann.login('example-ann', 'A lighthouse at 4 am')
    const [chat] = await ann.messages.conversations()
    const [first] = (await ann.messages.thread(chat?.id ?? 0).page()).items
    await ann.messages.update(first?.id ?? 0, { content: 'edited' })
    opened = 0
    await page.reload()
    await shown(['edited', ...all.slice(1)])
    await page.waitForTimeout(2_000)
    expect(opened).toBe(2)
    await context.close()
  })
})
