/** The bucket of `wrangler dev`, opened directly in its storage, as in `local.ts`: the runtime would need more memory than everything else. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Bucket, UNKNOWN_TYPE } from './bucket'
import { LOCK_MS, objectId } from './local'

const OBJECT = 'miniflare-R2BucketObject'

/** As miniflare creates it. miniflare adds what is missing. */
const TABLE = `create table if not exists _mf_objects (
  key text primary key, blob_id text, version text not null, size integer not null, etag text not null, uploaded integer not null,
  checksums text not null, http_metadata text not null, custom_metadata text not null)`

/** `state` is the folder of `--persist-to`. */
export function openLocalBucket(state: string, name: string): Bucket {
  const blobs = join(state, 'v3', 'r2', name, 'blobs')
  const objects = join(state, 'v3', 'r2', OBJECT)
  for (const folder of [blobs, objects]) mkdirSync(folder, { recursive: true })
  const db = new DatabaseSync(join(objects, `${objectId(OBJECT, name)}.sqlite`), { timeout: LOCK_MS })
  db.exec(`pragma journal_mode = wal; pragma synchronous = normal; ${TABLE}`)
  const find = db.prepare('select blob_id, http_metadata from _mf_objects where key = ?')
  const set = db.prepare(`insert or replace into _mf_objects
    (key, blob_id, version, size, etag, uploaded, checksums, http_metadata, custom_metadata) values (?, ?, ?, ?, ?, ?, '{}', ?, '{}')`)
  const pathOf = (blob: unknown) => join(blobs, String(blob))
  return {
    async get(key) {
      const row = find.get(key)
      // Multipart uploads have no blob of their own; nothing here creates any.
      if (!row || row.blob_id === null) return undefined
      const { contentType = UNKNOWN_TYPE }: { contentType?: string } = JSON.parse(String(row.http_metadata))
      return { bytes: readFileSync(pathOf(row.blob_id)), type: contentType }
    },
    async put(key, { bytes, type }) {
      const before = find.get(key)?.blob_id
      const blob = randomBytes(40).toString('hex')
      writeFileSync(pathOf(blob), bytes)
      const etag = createHash('md5').update(bytes).digest('hex')
      const version = randomBytes(16).toString('hex')
      set.run(key, blob, version, bytes.length, etag, Date.now(), JSON.stringify({ contentType: type }))
      if (before && existsSync(pathOf(before))) rmSync(pathOf(before))
    },
    async close() {
      db.close()
    },
  }
}
