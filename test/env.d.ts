import type { D1Migration } from '@cloudflare/vitest-pool-workers'

declare global {
  namespace Cloudflare {
    /** Besides what wrangler.toml has (worker-configuration.d.ts). */
    interface Env {
      MIGRATIONS: D1Migration[]
      /** What `npm run chaos` was told; blank in the tests. */
      CHAOS_SEED: string
      CHAOS_MINUTES: string
      EVERY_ERROR: string
      LIVE_STEPS: string
    }
  }
}
