/** A real browser: Debian's Chromium, driven by playwright-core, which brings none of its own. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** Where the browser is; undefined where there is none, and tests may do without. */
export function findBrowser(places: (string | undefined)[], isRequired: boolean): string | undefined {
  const found = places.find((path) => path && existsSync(path))
  if (!found && isRequired) throw new Error(`There is no browser at ${places.filter(Boolean).join(', ')}.`)
  return found
}

/** Where `REQUIRE_BROWSER` is set, as in CI, tests fail for want of one, instead of being skipped. */
export const browserPath = findBrowser(PLACES, Boolean(process.env.REQUIRE_BROWSER))

export const launch = (): Promise<Browser> =>
  chromium.launch({
    ...(browserPath && { executablePath: browserPath }),
    // As root, without a graphics card, and without calling home.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // A name without https, as of a machine on a local network: not the secure context that localhost is.
      '--host-resolver-rules=MAP api.lan 127.0.0.1',
      // A page that a test makes up has no address, and so may not open sockets to a local one.
      '--disable-features=LocalNetworkAccessChecks',
    ],
  })
