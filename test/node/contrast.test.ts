/** What the pages show can be read, by day and by night: WCAG 2.1 AA, as axe-core measures contrast. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserPath, launch } from './browser'
import { type Server, startServer } from './server'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

describe.skipIf(!browserPath)('contrast', () => {
  let server: Server
  let browser: Browser

  beforeAll(async () => {
    server = await startServer()
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  /** What has too little, and how much. */
  async function faults(page: Page): Promise<string[]> {
    await page.evaluate(AXE)
    return page.evaluate(async () => {
      // The script before has put it there.
      const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
      const { violations } = await axe.run({ runOnly: ['color-contrast', 'link-in-text-block'] })
      return violations.flatMap(({ nodes }) =>
        nodes.map(
          ({ html, any }) =>
            `${any[0]?.message.replace(/^Element has insufficient |Expected contrast ratio of /g, '')}: ${html.slice(0, 120)}`,
        ),
      )
    })
  }

  it.each(['light', 'dark'] as const)('of the page at the root: %s', async (colorScheme) => {
    const page = await browser.newPage({ colorScheme, bypassCSP: true })
    await page.goto(server.url)
    expect(await faults(page)).toEqual([])
    await page.close()
  })

  it.each(['light', 'dark'] as const)(
    'of the reference, with calls of each method open: %s',
    async (colorScheme) => {
      const page = await browser.newPage({ colorScheme, bypassCSP: true })
      await page.goto(`${server.url}/docs/`)
      for (const id of ['getPost', 'createPost', 'replacePost', 'updatePost', 'deletePost', 'login'])
        await page.locator(`.opblock[id$="-${id}"] .opblock-summary-control`).click()
      await page.locator('.opblock[id$="-login"]').getByRole('button', { name: 'Try it out' }).click()
      await page.locator('.opblock[id$="-login"]').getByRole('button', { name: 'Execute' }).click()
      await page.locator('.live-responses-table .response').first().waitFor()
      expect(await faults(page)).toEqual([])
      await page.close()
    },
    // The reference is large, and axe looks at all of it.
    180_000,
  )
})
