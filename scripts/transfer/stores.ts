import { mkdirSync, writeFileSync } from 'node:fs'
import type { unstable_readConfig } from 'wrangler'

/**
 * A configuration with the two stores of wrangler.toml and nothing else: without the Worker, wrangler complains of its objects. `readConfig` is
 * wrangler's, which takes 90 MB to load: not every caller has it.
 */
export function storesOnly(readConfig: typeof unstable_readConfig): string {
  const { compatibility_date, d1_databases, r2_buckets } = readConfig({ config: 'wrangler.toml' })
  mkdirSync('.wrangler', { recursive: true })
  const path = '.wrangler/stores.json'
  writeFileSync(path, JSON.stringify({ compatibility_date, d1_databases, r2_buckets }))
  return path
}
