/** Imports a dump of the original: reads all of it into staging and reports what is wrong before it writes anything. */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Bucket } from '../bucket'
import type { Database, Row, Rows } from '../database'
import { type Digest, hashTable, linesOf, requireEqual, TableHash } from '../hash'
import { begin, filledTables, finish, load, progressOf } from '../load'
import { openLocal } from '../local'
import { largestIds, readPages } from '../pages'
import { bar, type Show } from '../show'
import { badRows, findBadRows, shareNoAddress, someBadRows, takenNames } from './checks'
import { type PictureSource, putPictures, resolvePictures } from './pictures'
import { type Report, reportOf } from './report'
import { makeConversations, SOURCES, type Source } from './rows'
import { scanObjects } from './scan'
import { newStaging, openStaging, stage } from './staging'

export interface ImportOptions {
  dump: string
  pictures: PictureSource
  /** Maps old names to new ones. */
  renamed: ReadonlyMap<string, string>
  skipBad: boolean
  /** Imports into a database that has data. New ids follow the existing ones. */
  add: boolean
  dryRun: boolean
  /** The folder for staging. */
  work: string
  /** Identifies the target: another target is another import. */
  place: string
}

export interface Imported {
  report: Report
  /** By table; undefined if nothing was written. */
  tables: { name: string; digest: Digest }[] | undefined
  /** The file with the rows that could not be imported. */
  badFile: string | undefined
}

const SHOWN = 20

/** Continues a stopped import. If the dump cannot be imported, throws and changes nothing. */
export async function importDump(
  target: Database,
  options: ImportOptions,
  { openBucket, show }: { openBucket: () => Promise<Bucket>; show: Show },
): Promise<Imported> {
  const job = `import ${fingerprint(options)}`
  const before = await progressOf(target, job)
  const filled = before === undefined ? await filledTables(target) : []
  if (filled.length > 0 && !options.add && !options.dryRun)
    throw new Error(
      `The database is not empty (${filled.join(', ')}). Try --dry-run, then --add: rows then get ids behind those that are there.`,
    )

  const path = join(options.work, `${job.replace(' ', '-')}.sqlite`)
  const staging = await stageOnce(path, target, options, filled.length > 0 || options.add, show)
  try {
    const report = reportOf(staging)
    const badCount = badRows(staging)
    if (!options.skipBad && badCount + report.pictures.missing.length > 0)
      throw new Error(complaint(staging, report, options.dump))
    if (options.dryRun) return { report, tables: undefined, badFile: undefined }
    const badFile = badCount > 0 ? await writeBadRows(staging, options.dump) : undefined
    const offsets: Record<string, number> = JSON.parse(String(metaOf(staging, 'offsets')))
    if (before === undefined) await begin(target, job, Object.keys(offsets).length > 0)
    await putPictures(staging, openBucket, (done) => show(`Pictures: ${done}`))
    const tables = await copy(path, target, { job, before: before ?? 0, offsets, show })
    await finish(target, job)
    return { report, tables, badFile }
  } finally {
    staging.close()
    if (options.dryRun || (await progressOf(target, job)) === undefined)
      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
  }
}

function fingerprint({ dump, pictures, renamed, skipBad, place }: ImportOptions): string {
  const { size, mtimeMs } = statSync(dump)
  const all = JSON.stringify([resolve(dump), size, mtimeMs, pictures, [...renamed], skipBad, place])
  return createHash('sha256').update(all).digest('hex').slice(0, 16)
}

/** Staging is kept unchanged until the import is done, because an import that continues must write the same rows. */
async function stageOnce(
  path: string,
  target: Database,
  { dump, renamed, pictures }: ImportOptions,
  isAdded: boolean,
  show: Show,
): Promise<DatabaseSync> {
  if (existsSync(path)) {
    const known = openStaging(path)
    if (metaOf(known, 'is ready') !== undefined) return known
    known.close()
  }
  const db = newStaging(path)
  try {
    const { counts, leftOut } = await stage(db, dump, renamed, (objects) =>
      show(`Reading: ${objects.toLocaleString('en')} objects`),
    )
    show('Checking')
    findBadRows(db, await takenNames(db, target))
    const meta = {
      offsets: isAdded ? Object.fromEntries(await largestIds(target)) : {},
      counts: [...counts],
      leftOut: [...leftOut],
      sharedAddresses: await shareNoAddress(db, target),
      readAfterUnread: makeConversations(db),
      pictures: resolvePictures(db, pictures),
      'is ready': true,
    }
    const insert = db.prepare('insert into meta (key, value) values (?, ?)')
    for (const [key, value] of Object.entries(meta)) insert.run(key, JSON.stringify(value))
    return db
  } catch (error) {
    db.close()
    rmSync(path, { force: true })
    throw error
  }
}

const metaOf = (db: DatabaseSync, key: string): unknown => {
  const isThere = db.prepare("select 1 from sqlite_schema where name = 'meta'").get()
  return isThere && db.prepare('select value from meta where key = ?').get(key)?.value
}

function complaint(db: DatabaseSync, { pictures }: Report, dump: string): string {
  const count = badRows(db)
  const lines = someBadRows(db, SHOWN).map(
    ({ object, model, pk, reason }) => `${dump}, object ${object} (${model} ${pk ?? ''}): ${reason}`,
  )
  if (count > SHOWN) lines.push(`… and ${count - SHOWN} more`)
  for (const { name, reason } of pictures.missing.slice(0, SHOWN)) lines.push(`picture ${name}: ${reason}`)
  if (pictures.missing.length > SHOWN) lines.push(`… and ${pictures.missing.length - SHOWN} more pictures`)
  return `${lines.join('\n')}\nNothing was written. --rename old=new gives a name that is free; --skip-bad leaves out such rows (into ${dump}.bad.jsonl) and pictures.`
}

/** Writes one line for each bad row: where it is, why it was left out, and its content. */
async function writeBadRows(db: DatabaseSync, dump: string): Promise<string> {
  const path = `${dump}.bad.jsonl`
  writeFileSync(path, '')
  const reasonOf = db.prepare('select reason from bad where object = ?')
  let object = 0
  for await (const texts of scanObjects(dump)) {
    for (const text of texts) {
      object++
      const reason = reasonOf.get(object)?.reason
      if (reason !== undefined)
        appendFileSync(path, linesOf([{ file: dump, object, reason, data: JSON.parse(text) }]))
    }
  }
  return path
}

/** Copies the staged rows, and compares the hashes of both sides. */
async function copy(
  path: string,
  target: Database,
  {
    job,
    before,
    offsets,
    show,
  }: { job: string; before: number; offsets: Record<string, number>; show: Show },
): Promise<{ name: string; digest: Digest }[]> {
  const staged = openLocal(path)
  try {
    let total = 0
    for (const { query } of SOURCES)
      total += Number((await staged.read(`select count(*) from ${query}`))[0]?.[0])
    const hashes = new Map(SOURCES.map((source) => [source, new TableHash()]))
    await load(target, job, rowsOf(staged, hashes, before, offsets), before, (table, done) =>
      show(bar(table, done, total)),
    )
    const tables: { name: string; digest: Digest }[] = []
    for (const [source, hash] of hashes) {
      show(`Comparing ${source.table}`)
      const digest = hash.digest()
      const firstKey = source.key.map((column) => shiftOf(source, column, offsets) ?? 0)
      requireEqual(source.table, digest, await hashTable(target, { ...source, name: source.table }, firstKey))
      tables.push({ name: source.table, digest })
    }
    return tables
  } finally {
    staged.close()
  }
}

/** All rows after the first `skip`. The skipped ones are only read, for the hash of their table. */
async function* rowsOf(
  staged: Database,
  hashes: ReadonlyMap<Source, TableHash>,
  skip: number,
  offsets: Record<string, number>,
): AsyncGenerator<Rows> {
  let left = skip
  for (const [source, hash] of hashes) {
    for await (const rows of stagedPages(staged, source, offsets)) {
      hash.add(linesOf(rows), rows.length)
      if (left < rows.length) yield { table: source.table, columns: source.columns, rows: rows.slice(left) }
      left = Math.max(0, left - rows.length)
    }
  }
}

async function* stagedPages(
  staged: Database,
  source: Source,
  offsets: Record<string, number>,
): AsyncGenerator<Row[]> {
  const shifts = source.columns.map((column) => shiftOf(source, column, offsets))
  const isShifted = shifts.some((shift) => shift !== undefined)
  for await (const rows of readPages(staged, { ...source, name: source.query, ids: [] }))
    yield isShifted
      ? rows.map((row) =>
          row.map((value, i) => (typeof value === 'number' ? value + (shifts[i] ?? 0) : value)),
        )
      : rows
}

/** By how much the ids in a column move; undefined if it holds no ids. */
function shiftOf({ ids }: Source, column: string, offsets: Record<string, number>): number | undefined {
  const of = ids.find((id) => id.column === column)?.of
  return of === undefined ? undefined : offsets[of]
}
