import type { D1Migration } from '@cloudflare/vitest-pool-workers'
import type { Bindings } from '../src/http/env'

declare global {
  namespace Cloudflare {
    interface Env extends Bindings {
      MIGRATIONS: D1Migration[]
    }
    interface GlobalProps {
      mainModule: typeof import('../src/index')
    }
  }
}
