/** A real browser: Debian's Chromium, driven by playwright-core, which brings none of its own. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** Where the browser is; undefined where there is none. */
export const browserPath = PLACES.find((path) => path && existsSync(path))

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
