import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers'
import { defineConfig } from 'vitest/config'

/** Bundled once, as each file loads the whole API anew: module by module these take most of its start. */
const DEPENDENCIES = [
  ...['drizzle-orm', 'drizzle-orm/casing', 'drizzle-orm/sqlite-core'],
  ...['delete', 'insert', 'select', 'update'].map((name) => `drizzle-orm/sqlite-core/query-builders/${name}`),
  ...['@hono/zod-validator', 'hono', 'hono/cookie', 'hono/cors', 'hono/factory', 'hono/html'],
  ...['jose/errors', 'jose/jwt/sign', 'jose/jwt/verify', 'zod/mini'],
]

/** `LOGS=1 npm test` prints what the Worker logs; without it, only what it logged in tests that fail. */
const { LOGS, CHAOS_SEED = '', CHAOS_MINUTES = '', EVERY_ERROR = '', LIVE_STEPS = '' } = process.env

// wrangler says for each file where it found secrets, which are below.
process.env.WRANGLER_LOG ??= 'error'

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
          // Limits are in force and counted, but no test reaches one that does not set it lower (test/limits/).
          LIMITS: '1000, hashes=off, frames=20/20/1',
          // See scripts/chaos.ts.
          CHAOS_SEED,
          CHAOS_MINUTES,
          EVERY_ERROR,
          LIVE_STEPS,
          // It takes longer than tokens last, otherwise.
          ...((EVERY_ERROR || LIVE_STEPS) && { ACCESS_TOKEN_SECONDS: '3600' }),
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
    silent: LOGS ? false : ('passed-only' as const),
    // The names of slower tests are printed. Some are slow on purpose.
    slowTestThreshold: 10_000,
    deps: { optimizer: { ssr: { enabled: true, include: DEPENDENCIES } } },
    // Tests wait for storage more than they compute, so two at once keep a small machine busy.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
}))
