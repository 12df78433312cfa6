/** Images in a real browser, with its cache: from another origin, and of messages. Skipped where there is no browser. */
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../client/index'
import { png } from '../fixtures/images'
import { browserPath, launch } from './browser'
import { type Server, startServer } from './server'

const PASSWORD = 'Zx9!kkqwPlum'
const image = (width: number) => new File([png(width, 20)], 'image.png', { type: 'image/png' })

describe.skipIf(!browserPath)('images in a browser', () => {
  let server: Server
  let browser: Browser
  let frontEnd: HttpServer
  let origin: string

  beforeAll(async () => {
    // A server and not a route of the browser's, as routes turn its cache off.
    frontEnd = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>Front end</title>'),
    )
    await new Promise<void>((done) => frontEnd.listen(0, '127.0.0.1', done))
    origin = `http://localhost:${(frontEnd.address() as AddressInfo).port}`
    server = await startServer({ CLIENT_ORIGINS: origin })
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    frontEnd?.close()
    await server?.stop()
  })

  async function person(username: string) {
    const client = createClient({ baseUrl: server.url, auth: 'bearer' })
    const { pk } = await client.register({ username, password1: PASSWORD, password2: PASSWORD })
    return { client, id: pk }
  }

  /** The width in which `<img>` shows what is there; 0 where it shows nothing. */
  const shownWidth = (page: Page, url: string, attributes: Record<string, string> = {}) =>
    page.evaluate(
      ([url, attributes]) =>
        new Promise<number>((done) => {
          const shown = Object.assign(new Image(), attributes)
          shown.onload = () => done(shown.naturalWidth)
          shown.onerror = () => done(0)
          shown.src = url
        }),
      [url, attributes] as const,
    )
  const fetchedBytes = (page: Page, url: string) =>
    page.evaluate(async (url) => (await (await fetch(url)).arrayBuffer()).byteLength, url)

  it('shown by a plain <img>, the same URL is fetched and shown with CORS, out of the cache', async () => {
    const { client } = await person('shows')
    const page = await (await browser.newContext()).newPage()
    await page.goto(origin)
    const post = await client.posts.create({ title: 'An image', image: image(31) })
    const { image: standIn } = await client.posts.create({ title: 'None' })
    for (const [url, width] of [
      [post.image, 31],
      [standIn, undefined],
    ] as const) {
      const plain = await shownWidth(page, url)
      expect(plain).toBeGreaterThan(0)
      if (width !== undefined) expect(plain).toBe(width)
      expect(await fetchedBytes(page, url)).toBeGreaterThan(0)
      expect(await shownWidth(page, url, { crossOrigin: 'anonymous' })).toBe(plain)
    }
  })

  it('that of a message is shown to its two people, and to nobody else', async () => {
    const [one, two, third] = [await person('writes'), await person('reads'), await person('looks')]
    const message = await one.client.messages.send(two.id, { image: image(33) })
    if (message.image === null) throw new Error('The message shows no image.')
    const unsigned = `${server.url}/media/messages/${message.id}/`

    /** A tab of the front end where somebody is signed in by cookies. */
    async function tabOf(username: string): Promise<Page> {
      const page = await (await browser.newContext()).newPage()
      // The policy of the API's own pages lets scripts call nothing: the front end's may.
      await page.goto(origin)
      const status = await page.evaluate(
        async ([url, body]) =>
          (
            await fetch(`${url}/dj-rest-auth/login/`, {
              credentials: 'include',
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify(body),
            })
          ).status,
        [server.url, { username, password: PASSWORD }] as const,
      )
      expect(status).toBe(200)
      return page
    }
    const [theirs, others] = [await tabOf('reads'), await tabOf('looks')]
    const withCookies = { crossOrigin: 'use-credentials' }
    expect(await shownWidth(others, unsigned, withCookies)).toBe(0)
    expect(await shownWidth(theirs, unsigned, withCookies)).toBe(33)
    // Cookies that come with no CORS from another origin say nothing of who asks.
    expect(await shownWidth(theirs, unsigned)).toBe(0)
    // Where there is no cookie there is the URL that the message has.
    const foreign = await (await browser.newContext()).newPage()
    await foreign.goto(origin)
    expect(await shownWidth(foreign, unsigned)).toBe(0)
    const [received] = (await two.client.messages.thread(one.id).page()).items
    expect(await shownWidth(foreign, received?.image ?? '')).toBe(33)
    expect(third.id).not.toBe(two.id)
  })
})
