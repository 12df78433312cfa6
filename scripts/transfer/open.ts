/** The database and the bucket that a command's options name, as wrangler names them. */
import { resolve } from 'node:path'
import { unstable_readConfig as readConfig } from 'wrangler'
import { migrate } from '../migrate'
import { type Bucket, openLocalBucket, openRemoteBucket } from './bucket'
import { openAccount } from './cloudflare'
import type { Database } from './database'
import { localFile, openLocal } from './local'
import { openRemote } from './remote'

/** For `parseArgs`. */
export const PLACE = {
  remote: { type: 'boolean', default: false },
  env: { type: 'string' },
  'persist-to': { type: 'string' },
} as const

export interface Place {
  remote?: boolean
  env?: string
  'persist-to'?: string
}

const stateOf = (place: Place) => resolve(place['persist-to'] ?? '.wrangler/state')
const configOf = ({ env }: Place) => readConfig({ config: 'wrangler.toml', ...(env && { env }) })

/** `snapshot` where it is only read, `migrated` where it is to be brought up to date first. */
export async function openDatabase(
  place: Place,
  { snapshot = false, migrated = false }: { snapshot?: boolean; migrated?: boolean },
): Promise<Database> {
  const [database] = configOf(place).d1_databases
  if (!database?.database_name) throw new Error('wrangler.toml names no database.')
  if (migrated) {
    const more = place['persist-to'] === undefined ? [] : ['--persist-to', place['persist-to']]
    migrate(place.remote ? '--remote' : '--local', ...(place.env ? ['--env', place.env] : []), ...more)
  }
  if (place.remote) return openRemote(openAccount(), database.database_name)
  return openLocal(localFile(stateOf(place), database.database_id ?? database.binding), { snapshot })
}

export async function openBucket(place: Place): Promise<Bucket> {
  if (!place.remote) return openLocalBucket(stateOf(place))
  const [bucket] = configOf(place).r2_buckets
  if (!bucket?.bucket_name) throw new Error('wrangler.toml names no bucket.')
  return openRemoteBucket(openAccount(), bucket.bucket_name)
}
