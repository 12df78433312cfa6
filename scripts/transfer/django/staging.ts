/**
 * A separate database that a dump is read into before anything else is written. Problems are found there with SQL, in constant memory and whatever
 * the dump's order, and rows are copied from there.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { emailKey } from '../../../src/db/email'
import { fold, searchKey } from '../../../src/db/text'
import type { Value } from '../database'
import { BadField } from './fields'
import { MODELS, type Model, NOT_NEEDED } from './models'
import { scanObjects } from './scan'

/** In KiB. */
const CACHE = 16_384
const COMMIT_OBJECTS = 20_000

/** Columns besides those of the fields, by which our tables are searched and compared. */
const MORE: Readonly<Record<string, (row: Record<string, Value>) => Record<string, Value>>> = {
  users: ({ username, email }) => ({
    username_key: fold(String(username)),
    search_key: searchKey(String(username)),
    email_key: email === '' ? null : emailKey(String(email)),
  }),
  posts: ({ title }) => ({ title_key: searchKey(String(title)) }),
}
const MORE_NAMES: Readonly<Record<string, readonly string[]>> = {
  users: ['username_key', 'search_key', 'email_key'],
  posts: ['title_key'],
}

export interface Scanned {
  /** Objects by model, including those that are not needed. */
  counts: Map<string, number>
  /** Fields that have no place here, and how often they occurred. */
  leftOut: Map<string, number>
}

export function openStaging(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true })
  const db = new DatabaseSync(path)
  // If it is lost, it is built again.
  db.exec(`pragma journal_mode = wal; pragma synchronous = off; pragma cache_size = -${CACHE}`)
  return db
}

/** Deletes what a previous attempt has left. */
export function newStaging(path: string): DatabaseSync {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
  const db = openStaging(path)
  db.exec('create table bad (object integer, model text, pk, reason text)')
  db.exec('create table meta (key text primary key, value)')
  for (const { table, fields } of Object.values(MODELS)) {
    // Without types, so that a natural key stays a text.
    const columns = [...Object.keys(fields), ...(MORE_NAMES[table] ?? [])]
    db.exec(`create table ${table} (id integer primary key, object integer, ${columns.join(', ')})`)
  }
  return db
}

/** Reads the dump into staging. Throws if the file is not a dump of the original. */
export async function stage(
  db: DatabaseSync,
  path: string,
  renamed: ReadonlyMap<string, string>,
  tell: (objects: number) => void,
): Promise<Scanned> {
  const scanned: Scanned = { counts: new Map(), leftOut: new Map() }
  const inserts = new Map(Object.values(MODELS).map((model) => [model, insertOf(db, model)]))
  const bad = db.prepare('insert into bad (object, model, pk, reason) values (?, ?, ?, ?)')
  let object = 0
  db.exec('begin')
  for await (const texts of scanObjects(path)) {
    for (const text of texts) {
      object++
      const read = parse(text, path, object)
      scanned.counts.set(read.model, (scanned.counts.get(read.model) ?? 0) + 1)
      const model = MODELS[read.model]
      const insert = model && inserts.get(model)
      if (!model || !insert) {
        if (!NOT_NEEDED.test(read.model))
          throw new Error(
            `${path}, object ${object}: ${read.model} is of another project. Dump these: ${Object.keys(MODELS).join(' ')}`,
          )
        continue
      }
      const reason = insertObject(insert, model, object, read, { leftOut: scanned.leftOut, renamed })
      if (reason) bad.run(object, read.model, idOf(read.pk), reason)
      if (object % COMMIT_OBJECTS === 0) {
        db.exec('commit; begin')
        tell(object)
      }
    }
  }
  db.exec('commit')
  if (!Object.keys(MODELS).some((model) => scanned.counts.has(model)))
    throw new Error(`${path} has nothing of ${Object.keys(MODELS).join(', ')}.`)
  return scanned
}

interface DumpedObject {
  model: string
  pk: unknown
  fields: Record<string, unknown>
}

function parse(text: string, path: string, object: number): DumpedObject {
  const where = `${path}, object ${object}`
  try {
    const read: Partial<DumpedObject> = JSON.parse(text)
    if (typeof read.model === 'string' && typeof read.fields === 'object' && read.fields !== null)
      return { model: read.model.toLowerCase(), pk: read.pk, fields: read.fields }
  } catch (error) {
    throw new Error(`${where} is no JSON: ${error instanceof Error ? error.message : error}`)
  }
  throw new Error(`${where} is no object of a dump: it needs "model" and "fields".`)
}

const idOf = (pk: unknown): Value => (typeof pk === 'number' || typeof pk === 'string' ? pk : null)

function insertOf(db: DatabaseSync, { table, fields }: Model): StatementSync {
  const columns = ['id', 'object', ...Object.keys(fields), ...(MORE_NAMES[table] ?? [])]
  return db.prepare(
    `insert or ignore into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
  )
}

/** Returns why the object cannot be imported; undefined if it was. */
function insertObject(
  insert: StatementSync,
  { table, fields }: Model,
  object: number,
  { model, pk, fields: given }: DumpedObject,
  { leftOut, renamed }: { leftOut: Map<string, number>; renamed: ReadonlyMap<string, string> },
): string | undefined {
  // With natural primary keys, users have no key.
  const hasNoKey = pk === undefined || pk === null
  if (!(hasNoKey ? model === 'auth.user' : Number.isSafeInteger(pk) && Number(pk) > 0))
    return `its key is ${JSON.stringify(pk)}, not a positive integer`
  const row: Record<string, Value> = {}
  for (const [name, read] of Object.entries(fields)) {
    try {
      row[name] = read(given[name])
    } catch (error) {
      if (error instanceof BadField) return `${name} ${error.message}`
      throw error
    }
  }
  for (const name of Object.keys(given))
    if (!(name in fields)) leftOut.set(`${model}.${name}`, (leftOut.get(`${model}.${name}`) ?? 0) + 1)
  if (table === 'users') row.username = renamed.get(String(row.username)) ?? row.username ?? null
  const more = MORE[table]?.(row) ?? {}
  const id = hasNoKey ? null : Number(pk)
  const { changes } = insert.run(id, object, ...Object.values(row), ...Object.values(more))
  return changes === 0 ? 'its key is there twice' : undefined
}
