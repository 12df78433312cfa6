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
        bindings: {
          JWT_SECRET: 'a secret of the tests, long enough to be taken',
          CLIENT_ORIGINS: 'http://localhost:3000',
          SERVER_TIMING: 'true',
          // Limits are in force and counted, but no test reaches one that does not set it lower (test/limits/). Hashes wait for no turn.
          LIMITS: '1000, frames=20/20/1, hashes=off',
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
