import { mkdirSync, writeFileSync } from 'node:fs'
import type { unstable_readConfig } from 'wrangler'

/**
 * Writes a configuration with only the two stores of wrangler.toml, because without the Worker wrangler complains about its objects. `readConfig` is
 * wrangler's, passed in because wrangler takes 90 MB to load and not every caller has loaded it.
 */
export function storesOnly(readConfig: typeof unstable_readConfig): string {
  const { compatibility_date, d1_databases, r2_buckets } = readConfig({ config: 'wrangler.toml' })
  mkdirSync('.wrangler', { recursive: true })
  const path = '.wrangler/stores.json'
  writeFileSync(path, JSON.stringify({ compatibility_date, d1_databases, r2_buckets }))
  return path
}
