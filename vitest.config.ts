import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers'
import { defineConfig } from 'vitest/config'

/** `LOGS=1 npm test` prints what the Worker logs; without it, only what it logged in tests that fail. */
const { LOGS } = process.env

export default defineConfig(async () => ({
  plugins: [
    cloudflareTest({
      // What workerd itself says, for instance of every client that hangs up.
      verbose: Boolean(LOGS),
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        // Its local stand-in, which keeps what it is given.
        email: { send_email: [{ name: 'SEND_EMAIL' }] },
        bindings: {
          JWT_SECRET: 'a secret of the tests, long enough to be taken',
          CLIENT_ORIGINS: 'http://localhost:3000',
          SERVER_TIMING: 'true',
          MAIL_FROM: 'noreply@example.com',
          MIGRATIONS: await readD1Migrations('./migrations'),
        },
      },
    }),
  ],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/node/**'],
    setupFiles: ['./test/setup.ts'],
    silent: LOGS ? false : 'passed-only',
    // The names of slower tests are printed. Some are slow on purpose.
    slowTestThreshold: 10_000,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
}))
