import { mkdirSync, writeFileSync } from 'node:fs'
import { unstable_readConfig as readConfig } from 'wrangler'

/** A configuration with the two stores of wrangler.toml and nothing else: without the Worker, wrangler complains of its objects. */
export function storesOnly(): string {
  const { compatibility_date, d1_databases, r2_buckets } = readConfig({ config: 'wrangler.toml' })
  mkdirSync('.wrangler', { recursive: true })
  const path = '.wrangler/stores.json'
  writeFileSync(path, JSON.stringify({ compatibility_date, d1_databases, r2_buckets }))
  return path
}
