/** The database and the bucket that a command's options select, named as in wrangler. */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { migrate } from '../migrate'
import { type Bucket, openRemoteBucket } from './bucket'
import { openAccount } from './cloudflare'
import type { Database } from './database'
import { localFile, openLocal } from './local'
import { openLocalBucket } from './local-bucket'
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

interface Stores {
  database?: { binding: string; database_name?: string; database_id?: string }
  bucket?: { bucket_name?: string }
}

async function storesOf({ env }: Place): Promise<Stores> {
  const script = 'scripts/read-config.ts'
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    script,
    ...(env ? [env] : []),
  ])
  return JSON.parse(stdout)
}

/** `snapshot` if it is only read, `migrated` if it must be migrated first. */
export async function openDatabase(
  place: Place,
  { snapshot = false, migrated = false }: { snapshot?: boolean; migrated?: boolean },
): Promise<Database> {
  // Started before wrangler migrates, which takes as long, so that both run in parallel.
  const stores = storesOf(place)
  if (migrated) {
    const more = place['persist-to'] === undefined ? [] : ['--persist-to', place['persist-to']]
    migrate(place.remote ? '--remote' : '--local', ...(place.env ? ['--env', place.env] : []), ...more)
  }
  const { database } = await stores
  if (!database?.database_name) throw new Error('wrangler.toml names no database.')
  if (place.remote) return openRemote(openAccount(), database.database_name)
  return openLocal(localFile(stateOf(place), database.database_id ?? database.binding), { snapshot })
}

export async function openBucket(place: Place): Promise<Bucket> {
  const { bucket } = await storesOf(place)
  if (!bucket?.bucket_name) throw new Error('wrangler.toml names no bucket.')
  if (!place.remote) return openLocalBucket(stateOf(place), bucket.bucket_name)
  return openRemoteBucket(openAccount(), bucket.bucket_name)
}
