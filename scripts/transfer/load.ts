/**
 * Loads rows into an empty database and restores the values that it maintains. There are no triggers during this time: maintained values are loaded
 * with the rows, or computed at the end. A row of `jobs` stores how many rows are loaded. It changes in the transaction that inserts them, so a
 * killed job can continue.
 */
import { KEPT_VALUES, TRIGGERS } from '../../src/db/kept'
import type { KeptValue } from '../../src/db/kept/value'
import type { Batch, Command, Database, Row, Rows } from './database'
import { MOVED } from './tables'

/** How many rows of the job are loaded; undefined if it has not begun. */
export async function progressOf(db: Database, job: string): Promise<number | undefined> {
  const [row] = await db.read('select done_to from jobs where name = ?', job)
  return row && Number(row[0])
}

/** Tables that have rows. Rows inserted by migrations do not count. */
export async function filledTables(db: Database): Promise<string[]> {
  const names = MOVED.map(({ name }) => name).filter((name) => name !== 'sequences')
  const [row] = await db.read(`select ${names.map((name) => `exists (select 1 from ${name})`)}`)
  return names.filter((_, i) => row?.[i] === 1)
}

/** Begins the job. Drops the triggers, which `finish` creates again, unless `keepsTriggers`: if there are rows already, others may be writing. */
export async function begin(db: Database, job: string, keepsTriggers = false): Promise<void> {
  await db.write([
    { sql: 'insert or ignore into jobs (name, done_to) values (?, 0)', values: [job] },
    ...(keepsTriggers ? [] : TRIGGERS.map(({ name }) => ({ sql: `drop trigger if exists ${name}` }))),
  ])
}

export async function load(
  db: Database,
  job: string,
  rows: AsyncIterable<Rows>,
  done: number,
  tell: (table: string, done: number) => void,
): Promise<void> {
  let before = done
  for await (const batch of batchesOf(rows, db.batch)) {
    const after = before + batch.rows.length
    await db.insert(batch, { job, before, after })
    before = after
    tell(batch.table, before)
  }
}

/** Splits the rows of pages, of one table each, into batches that fit a transaction. */
async function* batchesOf(pages: AsyncIterable<Rows>, most: Batch): AsyncGenerator<Rows> {
  let batch: Row[] = []
  let of: Omit<Rows, 'rows'> | undefined
  let characters = 0
  for await (const { rows, ...table } of pages) {
    if (of && of.table !== table.table && batch.length > 0) {
      yield { ...of, rows: batch }
      batch = []
      characters = 0
    }
    of = table
    for (const row of rows) {
      batch.push(row)
      for (const value of row) characters += typeof value === 'string' ? value.length : 10
      if (characters < most.characters && batch.length < most.rows) continue
      yield { ...of, rows: batch }
      batch = []
      characters = 0
    }
  }
  if (of && batch.length > 0) yield { ...of, rows: batch }
}

/** Some maintained values are derived from others, so repairs are repeated up to this often. */
const ROUNDS = 4

/** Corrects every maintained value, and creates the missing triggers. */
export async function finish(db: Database, job: string): Promise<void> {
  for (let round = 1; ; round++) {
    const wrong = await untrueValues(db)
    if (wrong.length === 0) break
    if (round > ROUNDS) throw new Error(`${wrong[0]?.name} is not true: npm run recount says more.`)
    for (const { repair } of wrong) await db.write(repair.map((sql) => ({ sql })))
  }
  const there = new Set(
    (await db.read("select name from sqlite_schema where type = 'trigger'")).map(([name]) => name),
  )
  const missing = TRIGGERS.filter(({ name }) => !there.has(name))
  // The answer may be lost and the batch sent again.
  const makeAgain = missing.map(
    ({ sql }): Command => ({ sql: sql.replace('CREATE TRIGGER', 'CREATE TRIGGER IF NOT EXISTS') }),
  )
  if (makeAgain.length > 0) await db.write(makeAgain)
  await db.write([{ sql: 'delete from jobs where name = ?', values: [job] }])
}

/** Maintained values that are wrong: the comparison of `npm run recount -- --check`. */
async function untrueValues(db: Database): Promise<KeptValue[]> {
  const wrong: KeptValue[] = []
  for (const value of KEPT_VALUES)
    if ((await db.read(`select 1 from (${value.differences}) limit 1`)).length > 0) wrong.push(value)
  return wrong
}
