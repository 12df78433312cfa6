/** The pages of moderators and admins in a real browser: everything that they do, on a desk and on a phone. `npm run test:browser`. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserPath, launch } from './browser'
import { PASSWORD } from './people'
import { type Server, startServer } from './server'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PHONE = { width: 360, height: 740 }
/** What somebody might write who wants it to be more than text. */
const HOSTILE = '<img src=x onerror="document.title=\'broken\'"><b>bold</b>'

/** JSON, of which the tests say what they expect. */
// biome-ignore lint/suspicious/noExplicitAny: it is compared, not used.
type Told = any

interface Someone {
  id: number
  username: string
  ask: (method: string, path: string, body?: object) => Promise<{ status: number; body: Told }>
}

describe.skipIf(!browserPath)('the pages of staff', () => {
  let server: Server
  let browser: Browser
  let [alice, bob, mona, anna] = [] as unknown as [Someone, Someone, Someone, Someone]

  async function signUp(username: string): Promise<Someone> {
    let token = ''
    const ask: Someone['ask'] = async (method, path, body) => {
      const answer = await fetch(server.url + path, {
        method,
        headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
        ...(body && { body: JSON.stringify(body) }),
      })
      return { status: answer.status, body: answer.status === 204 ? null : await answer.json() }
    }
    const passwords = { password1: PASSWORD, password2: PASSWORD }
    const { body } = await ask('POST', '/dj-rest-auth/registration/', { username, ...passwords })
    token = body.access_token
    return { id: body.user.pk, username, ask }
  }

  beforeAll(async () => {
    server = await startServer()
    browser = await launch()
    alice = await signUp('alice')
    bob = await signUp('bob')
    mona = await signUp('mona')
    anna = await signUp('anna')
    const made = spawnSync('node', ['scripts/role.ts', 'anna', 'admin', '--persist-to', server.state], {
      encoding: 'utf8',
    })
    expect(made.stdout + made.stderr).toBe(`anna (${anna.id}) is admin from now on.\n`)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  /** A tab of a browser of its own, whose every fault is noted. */
  async function tab(viewport = { width: 1100, height: 800 }, colorScheme: 'light' | 'dark' = 'light') {
    const context = await browser.newContext({ viewport, colorScheme })
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (message) => {
      // What the API refuses the browser notes as well.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(message.text())
    })
    page.setDefaultTimeout(10_000)
    await page.goto(`${server.url}/admin/`)
    return { context, page, faults }
  }

  async function signIn(page: Page, username: string) {
    await page.getByLabel('Username').fill(username)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }

  const go = async (page: Page, name: string) => {
    await page.getByRole('navigation').getByRole('link', { name }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
  }
  const done = (page: Page, text: string) =>
    page.locator('#status').getByText(text, { exact: true }).waitFor()

  /** Fills in the form for an action that is in sight. */
  async function act(page: Page, action: string, says: string, within = page.locator('main')) {
    await within.getByLabel('Action').selectOption(action)
    await within.getByLabel('Reason').selectOption('spam')
    await within.getByLabel('Words to the person concerned').fill(`${action}: ${HOSTILE}`)
    await within.getByRole('button', { name: 'Do it' }).click()
    await page.locator('#status').getByText(`Done: ${says}.`).waitFor()
  }

  async function openCase(page: Page, name: string) {
    await go(page, 'Cases')
    await page.getByRole('link', { name }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
  }

  /** What axe-core finds, of what WCAG 2.1 AA asks for. */
  async function faultsOf(context: BrowserContext, page: Page) {
    // The page's own policy lets no other script in, but for the debugger's.
    const session = await context.newCDPSession(page)
    await session.send('Runtime.evaluate', { expression: AXE })
    return page.evaluate(async () => {
      // The script before has put it there.
      const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
      const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`))
    })
  }

  it('are closed to whoever does not look after the service, and to other pages', async () => {
    const { context, page, faults } = await tab()
    await signIn(page, 'alice')
    await page.getByText('alice does not look after this service').waitFor()
    expect(await page.getByRole('navigation').isVisible()).toBe(false)
    await page.goto(`${server.url}/admin/#/log`)
    await page.getByText('alice does not look after this service').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Username').waitFor()
    await page.getByLabel('Username').fill('alice')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Unable to log in with provided credentials.').waitFor()
    expect(faults).toEqual([])
    const { headers } = await fetch(`${server.url}/admin/`)
    const policy = headers.get('content-security-policy')
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", 'trusted-types'])
      expect(policy).toContain(rule)
    expect(policy).not.toContain('unsafe')
    await context.close()
  })

  it('admins give roles, and what they have settled holds', async () => {
    const { context, page, faults } = await tab()
    await signIn(page, 'anna')
    await go(page, 'People')
    await page.getByLabel('The name begins with').fill('MO')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByRole('link', { name: 'mona' }).click()
    await page.getByLabel('Role').selectOption('moderator')
    await page.getByRole('button', { name: 'Give the role' }).click()
    await done(page, 'mona has the role: moderator.')
    expect((await mona.ask('GET', '/moderation/cases/')).status).toBe(200)

    await go(page, 'Settings')
    await page.getByLabel('Registration').selectOption('closed')
    await page.getByLabel('Reserved names').fill('root\nsupport')
    await page.getByLabel('Blocked mail').fill('spam.example\neve@mail.example')
    await page.getByRole('button', { name: 'Save' }).click()
    await done(page, 'Saved: the settings hold from now on.')
    const passwords = { password1: PASSWORD, password2: PASSWORD }
    const trySigningUp = (username: string, email?: string) =>
      alice.ask('POST', '/dj-rest-auth/registration/', { username, ...passwords, ...(email && { email }) })
    expect((await trySigningUp('late')).body.non_field_errors).toEqual(['Registration is closed.'])
    await page.getByLabel('Registration').selectOption('open')
    await page.getByRole('button', { name: 'Save' }).click()
    await done(page, 'Saved: the settings hold from now on.')
    expect(Object.keys((await trySigningUp('Support', 'a@spam.example')).body)).toEqual(['email', 'username'])

    await go(page, 'Log')
    await page.getByText('registration, reserved_names, blocked_mail').first().waitFor()
    await page.getByText('grant role').nth(1).waitFor()
    await page.getByText('by whoever runs the service').waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it('what was given is taken away: a role, and all sessions', async () => {
    const carla = await signUp('carla')
    const { context, page, faults } = await tab()
    await signIn(page, 'anna')
    await page.goto(`${server.url}/admin/#/people/${carla.id}`)
    for (const role of ['admin', 'none'] as const) {
      await page.getByLabel('Role').selectOption(role)
      await page.getByRole('button', { name: 'Give the role' }).click()
      await done(page, `carla has the role: ${role}.`)
      expect((await carla.ask('GET', '/moderation/settings/')).status).toBe(role === 'admin' ? 200 : 403)
    }
    await page.getByRole('button', { name: 'Sign out everywhere' }).click()
    await done(page, 'Signed out.')
    expect((await carla.ask('GET', '/dj-rest-auth/user/')).status).toBe(401)
    expect(faults).toEqual([])
    await context.close()
  })

  it('a report becomes a case, which is claimed and judged; an appeal brings back what was hidden', async () => {
    const { body: written } = await alice.ask('POST', '/posts/', { title: 'Cheap pills', content: HOSTILE })
    const path = `/posts/${written.id}/`
    await bob.ask('POST', '/posts/', { title: 'A holiday' })
    await bob.ask('POST', '/reports/', { post: written.id, category: 'spam', text: HOSTILE })
    const { context, page, faults } = await tab()
    await signIn(page, 'mona')
    expect(await page.getByRole('link', { name: 'Settings' }).count()).toBe(0)
    await openCase(page, 'post by alice')
    await page.getByText(HOSTILE).first().waitFor()
    expect(await page.locator('main b').count()).toBe(0)
    await page.getByRole('button', { name: 'Claim' }).click()
    await page.getByText('It is claimed, claimed by mona').waitFor()

    await page.getByRole('button', { name: 'Do it' }).click()
    await page.getByText('This field may not be blank.').waitFor()
    await act(page, 'hide', 'hide')
    expect((await bob.ask('GET', path)).status).toBe(404)
    const { body: notices } = await alice.ask('GET', '/moderation/notices/')
    const [notice] = notices.results
    expect(notice).toMatchObject({ action: 'hide', reason: 'spam', text: `hide: ${HOSTILE}`, appeal: null })
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByText('It is closed').waitFor()

    await alice.ask('POST', `/moderation/notices/${notice.id}/appeal/`, { text: `It is art. ${HOSTILE}` })
    await openCase(page, 'post by alice')
    await page.getByText(`It is art. ${HOSTILE}`).waitFor()
    await act(page, 'restore', 'restore')
    expect((await bob.ask('GET', path)).status).toBe(200)
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByText('It is closed').waitFor()
    const { body: answered } = await alice.ask('GET', '/moderation/notices/')
    expect(answered.results[0].action).toBe('restore')
    expect(answered.results[1].appeal.answered).not.toBeNull()

    // From the list of posts, too.
    await go(page, 'Posts')
    await page.getByLabel('Words', { exact: true }).fill('pills')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByText('A holiday').waitFor({ state: 'detached' })
    const card = page.locator('.card', { hasText: 'Cheap pills' })
    for (const [action, says, isThere] of [
      ['mark_sensitive', 'mark sensitive', true],
      ['unmark_sensitive', 'unmark sensitive', true],
      ['delete', 'delete', false],
      ['restore', 'restore', true],
    ] as const) {
      await card.locator('summary').click()
      await act(page, action, says, card)
      const seen = await bob.ask('GET', path)
      expect(seen.status).toBe(isThere ? 200 : 404)
      if (isThere) expect(seen.body.is_sensitive).toBe(action === 'mark_sensitive')
    }
    expect(faults).toEqual([])
    await context.close()
  })

  it('a reported message is read in its case, hidden, deleted and brought back', async () => {
    await alice.ask('POST', `/messages/${bob.id}/send/`, { content: 'Hello' })
    const { body: mean } = await alice.ask('POST', `/messages/${bob.id}/send/`, { content: HOSTILE })
    await bob.ask('POST', '/reports/', { message: mean.id, category: 'harassment' })
    const { context, page, faults } = await tab()
    await signIn(page, 'mona')
    await page.getByLabel('Kind').selectOption('message')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByText('Case 1:').waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'message by alice' }).click()
    await page.getByRole('heading', { level: 1, name: 'message by alice' }).waitFor()
    await page.getByText(HOSTILE).first().waitFor()
    for (const [action, isThere] of [
      ['hide', false],
      ['delete', false],
      ['restore', true],
    ] as const) {
      await act(page, action, action)
      const { body } = await bob.ask('GET', `/messages/${alice.id}/`)
      const texts = body.results.map(({ content }: { content: string }) => content)
      expect([action, texts]).toEqual([action, isThere ? ['Hello', HOSTILE] : ['Hello']])
    }
    await go(page, 'Log')
    await page.getByText('read', { exact: true }).first().waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it('people are warned, silenced, suspended and banned, and all of it is taken back', async () => {
    const { context, page, faults } = await tab()
    await signIn(page, 'mona')
    await go(page, 'People')
    await page.getByRole('link', { name: 'alice' }).click()
    await page.getByRole('button', { name: 'End this session' }).first().click()
    await done(page, 'Signed out.')
    const isListed = async () => {
      const { body } = await bob.ask('GET', '/posts/')
      return body.results.some(({ owner }: { owner: string }) => owner === 'alice')
    }
    const isShown = async () => (await bob.ask('GET', `/profiles/${alice.id}/`)).status === 200
    for (const [action, says, listed, shown] of [
      ['warn', 'warn', true, true],
      ['withdraw_warning', 'withdraw warning', true, true],
      ['silence', 'silence', false, true],
      ['unsilence', 'unsilence', true, true],
      ['suspend', 'suspend', false, false],
      ['unsuspend', 'unsuspend', true, true],
      ['ban', 'ban', false, false],
      ['unban', 'unban', true, true],
    ] as const) {
      await act(page, action, says)
      expect([action, await isListed(), await isShown()]).toEqual([action, listed, shown])
    }
    await page.getByRole('button', { name: 'Sign out everywhere' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Open the case of the profile' }).click()
    await page.getByRole('heading', { level: 1, name: 'profile by alice' }).waitFor()
    // Whoever has a role is an admin's to judge.
    await page.goto(`${server.url}/admin/#/people/${anna.id}`)
    await page.getByText('You do not have permission to perform this action.').waitFor()

    await go(page, 'Statistics')
    await page.getByRole('columnheader', { name: 'reports' }).waitFor()
    await go(page, 'Log')
    await page.getByText('unban', { exact: true }).waitFor()
    expect(faults).toEqual([])
    await context.close()
  })

  it.each(['light', 'dark'] as const)(
    'every page is to be read and used on a phone: %s',
    async (colorScheme) => {
      const { context, page, faults } = await tab(PHONE, colorScheme)
      const look = async (where: string) => {
        expect([where, await faultsOf(context, page)]).toEqual([where, []])
        const width = await page.evaluate(() => document.documentElement.scrollWidth)
        expect([where, width]).toEqual([where, PHONE.width])
      }
      await look('sign in')
      await signIn(page, 'anna')
      await page.getByRole('navigation').waitFor()
      for (const name of ['Cases', 'People', 'Posts', 'Settings', 'Statistics', 'Log']) {
        await go(page, name)
        await look(name)
      }
      await page.goto(`${server.url}/admin/#/cases?state=open`)
      await page.getByRole('link', { name: 'post by alice' }).click()
      await page.getByRole('heading', { level: 1, name: 'post by alice' }).waitFor()
      await look('a case')
      await page.getByRole('link', { name: 'alice' }).first().click()
      await page.getByRole('heading', { level: 1, name: 'alice' }).waitFor()
      await look('a person')
      expect(faults).toEqual([])
      await context.close()
    },
  )

  it('the keyboard alone is enough', async () => {
    const { context, page, faults } = await tab()
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
    const tabTo = async (name: string) => {
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab')
        if ((await focused()).startsWith(name)) return
      }
      throw new Error(`The keyboard does not get to ${name}.`)
    }
    await page.getByLabel('Username').focus()
    await page.keyboard.type('mona')
    await page.keyboard.press('Tab')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Cases' }).waitFor()
    // Where a page begins is told to whoever does not see it.
    await expect.poll(focused).toBe('Cases')
    await page.keyboard.press('Shift+Tab')
    await page.goto(`${server.url}/admin/#/cases?state=open`)
    await page.getByRole('link', { name: 'post by alice' }).waitFor()
    await tabTo('Case ')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'post by alice' }).waitFor()
    await tabTo('Claim')
    await page.keyboard.press('Enter')
    await done(page, 'Case 1 is claimed.')
    expect(faults).toEqual([])
    await context.close()
  })
})
