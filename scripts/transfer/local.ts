/**
 * The database of `wrangler dev`, opened directly in its storage. Going through the runtime would cost ten times as much per row. Both lock the file
 * as SQLite does.
 */
import { createHash, createHmac, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { type Batch, type Command, type Database, progressCommand, type Row, type Value } from './database'

const OBJECT = 'miniflare-D1DatabaseObject'
export const LOCK_MS = 10_000
/** In KiB. */
const CACHE = 16_384
/** Pages of the write-ahead log, 32 MB: a page that many commits change is written to the database once. */
const CHECKPOINT = 8_192
/** An index page is written once for all the rows of a transaction that go into it. */
const BATCH: Batch = { rows: 10_000, characters: 4_000_000 }

/** `state` is the folder of `--persist-to`. `id` is wrangler's name of the database: its id, or its binding if it has none. */
export function localFile(state: string, id: string): string {
  const file = join(state, 'v3', 'd1', OBJECT, `${objectId(OBJECT, id)}.sqlite`)
  if (!existsSync(file)) throw new Error(`There is no local database: ${file}`)
  return file
}

/** The file name that workerd gives an object, from its class's unique key and the object's name. */
export function objectId(unique: string, name: string): string {
  const key = createHash('sha256').update(unique).digest()
  const hmac = (data: Buffer | string) => createHmac('sha256', key).update(data).digest().subarray(0, 16)
  const named = hmac(name)
  return Buffer.concat([named, hmac(named)]).toString('hex')
}

/** With `snapshot`, every read sees the database as it was when it was opened. */
export function openLocal(file: string, { snapshot = false } = {}): Database {
  const db = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: LOCK_MS })
  // A power failure may lose commits, but never part of one, and never an earlier one while a later one survives.
  db.exec(
    `pragma cache_size = -${CACHE}; pragma synchronous = normal; pragma wal_autocheckpoint = ${CHECKPOINT}`,
  )
  if (snapshot) {
    db.exec('begin')
    // A transaction begins with its first read.
    db.prepare('select count(*) from sqlite_schema').get()
  }
  /** Reads see this moment until the file is opened again. */
  const moment = randomUUID()
  const prepared = new Map<string, StatementSync>()
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known) return known
    const made = db.prepare(sql)
    made.setReturnArrays(true)
    prepared.set(sql, made)
    return made
  }
  const run = ({ sql, values = [] }: Command) => {
    statement(sql).run(...values)
  }
  const transaction = (work: () => void) => {
    db.exec('begin immediate')
    try {
      work()
      db.exec('commit')
    } catch (error) {
      db.exec('rollback')
      throw error
    }
  }
  return {
    batch: BATCH,
    // Arrays, as was set above.
    read: async (sql: string, ...values: Value[]) => statement(sql).all(...values) as unknown as Row[],
    write: async (commands) => transaction(() => commands.forEach(run)),
    insert: async ({ table, columns, rows }, progress) =>
      transaction(() => {
        const places = columns.map(() => '?').join(', ')
        const insert = statement(`insert into ${table} (${columns.join(', ')}) values (${places})`)
        for (const row of rows) insert.run(...row)
        run(progressCommand(progress))
      }),
    bookmark: async () => moment,
    close: () => db.close(),
  }
}
