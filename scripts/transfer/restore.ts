/** Restores a backup into an empty database. The whole file is read before anything is written. */
import type { Bucket } from './bucket'
import { type Database, PAGE_ROWS, type Row, type Rows } from './database'
import { type EndLine, FORMAT, type Header, isRow, type Line } from './format'
import { readLines } from './gzip-lines'
import { type Digest, hashTable, requireEqual, TableHash } from './hash'
import { begin, filledTables, finish, load, progressOf } from './load'
import { bar, type Show } from './show'
import { MOVED, type Table } from './tables'

export interface Backup {
  header: Header
  /** With the columns that the backup has. */
  tables: { table: Table; digest: Digest }[]
  end: EndLine['end']
}

/** Reads the whole backup. Throws if it is cut off, damaged, or another kind of file. */
export async function readBackup(path: string): Promise<Backup> {
  let header: Header | undefined
  let end: EndLine['end'] | undefined
  const tables: { table: Table; hash: TableHash }[] = []
  for await (const lines of readLines(path)) {
    for (const line of lines) {
      if (isRow(line)) {
        const table = tables.at(-1)
        if (!table) throw new Error('This is no backup: it has rows before it names a table.')
        table.hash.add(`${line}\n`, 1)
        continue
      }
      const read = readLine(line)
      if ('format' in read) header = read
      else if ('table' in read)
        tables.push({ table: tableOf(read.table, read.columns), hash: new TableHash() })
      else if ('end' in read) end = read.end
    }
  }
  if (header?.format !== FORMAT) throw new Error('This is no backup, or one of another format.')
  if (!end) throw new Error('The backup is cut off: it has no end.')
  const digests = tables.map(({ table, hash }) => ({ table, digest: hash.digest() }))
  for (const { table, digest } of digests) {
    const told = end.tables[table.name]
    if (!told) throw new Error(`The backup has come to harm: its end does not know ${table.name}.`)
    requireEqual(table.name, told, digest)
  }
  return { header, tables: digests, end }
}

function readLine(line: string): Exclude<Line, Row> {
  try {
    return JSON.parse(line)
  } catch {
    throw new Error('This is no backup: it has lines that are no JSON.')
  }
}

function tableOf(name: string, columns: string[]): Table {
  const table = MOVED.find((one) => one.name === name)
  const unknown = table ? columns.find((column) => !table.columns.includes(column)) : ''
  if (!table || unknown !== undefined)
    throw new Error(
      `The backup has ${name}${unknown ? `.${unknown}` : ''}, which this version does not know: restore it with the version that it is of, then migrate.`,
    )
  return { ...table, columns }
}

/** Continues a stopped restore. `bucket` is where its images go; undefined leaves them out. */
export async function restore(
  db: Database,
  path: string,
  { header, tables, end }: Backup,
  { bucket, show }: { bucket: Bucket | undefined; show: Show },
): Promise<void> {
  const migrations = (await db.read('select name from d1_migrations')).map(([name]) =>
    String(name).replace(/\.sql$/, ''),
  )
  if (!migrations.includes(header.migration))
    throw new Error(
      `The backup is of a later version (${header.migration}): update, and migrate the database.`,
    )

  const job = `restore ${header.created}`
  const before = await progressOf(db, job)
  if (before === undefined) {
    const filled = await filledTables(db)
    if (filled.length > 0) throw new Error(`The database is not empty: there are ${filled.join(', ')}.`)
    await begin(db, job)
    // The only table that migrations fill.
    await db.write([{ sql: 'delete from sequences' }])
  }
  const total = tables.reduce((sum, { digest }) => sum + digest.rows, 0)
  await load(db, job, rowsOf(path, before ?? 0), before ?? 0, (table, done) => show(bar(table, done, total)))
  for (const { table, digest } of tables) {
    show(`Comparing ${table.name}`)
    requireEqual(table.name, digest, await hashTable(db, table))
  }
  if (!end.consistent) await db.write(LATER_CHANGES)
  if (bucket && header.images) await putImages(path, bucket, end.images, show)
  await finish(db, job)
}

/** If others wrote during the backup, it may contain changes of a conversation that are newer than the conversation's row. */
const LATER_CHANGES = [
  {
    sql: `update conversations as c set seq = (select max(seq) from changes where conversation_id = c.id)
      where seq < (select max(seq) from changes where conversation_id = c.id)`,
  },
]

/** The rows after the first `skip`, in pages. */
async function* rowsOf(path: string, skip: number): AsyncGenerator<Rows> {
  let table: Omit<Rows, 'rows'> | undefined
  let rows: Row[] = []
  let skipped = 0
  for await (const lines of readLines(path)) {
    for (const line of lines) {
      const read = isRow(line) ? undefined : readLine(line)
      if (!read && skipped < skip) skipped++
      else if (!read) rows.push(JSON.parse(line))
      if (table && (rows.length === PAGE_ROWS || (read && rows.length > 0))) {
        yield { ...table, rows }
        rows = []
      }
      if (read && 'table' in read) table = read
    }
  }
}

/** Putting an image again changes nothing, so a stopped run starts over. */
export async function putImages(path: string, bucket: Bucket, total: number, show: Show): Promise<void> {
  let done = 0
  for await (const lines of readLines(path)) {
    for (const line of lines) {
      if (!line.startsWith('{"image"')) continue
      const read = readLine(line)
      if (!('image' in read)) continue
      await bucket.put(read.image, { bytes: Buffer.from(read.base64, 'base64'), type: read.type })
      done++
      show(bar('Images', done, total))
    }
  }
}
