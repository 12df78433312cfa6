/**
 * Loads rows into an empty database, with all that it keeps beside them. Triggers are away meanwhile: rows come with what is kept of them, or it is
 * computed at the end. A row of `jobs` says how many rows are in; it changes in the transaction that inserts them, so whoever is killed goes on.
 */
import { KEPT_VALUES, TRIGGERS } from '../../src/db/kept'
import type { KeptValue } from '../../src/db/kept/value'
import { BATCH, type Command, type Database, type Row, type Rows } from './database'
import { MOVED } from './tables'

/** How many rows of the job are in; undefined where it has not begun. */
export async function progressOf(db: Database, job: string): Promise<number | undefined> {
  const [row] = await db.read('select done_to from jobs where name = ?', job)
  return row && Number(row[0])
}

/** Tables that have rows. What migrations fill does not count. */
export async function filledTables(db: Database): Promise<string[]> {
  const names = MOVED.map(({ name }) => name).filter((name) => name !== 'sequences')
  const [row] = await db.read(`select ${names.map((name) => `exists (select 1 from ${name})`)}`)
  return names.filter((_, i) => row?.[i] === 1)
}

/** Begins the job. Drops the triggers, which `finish` makes again; not where there are rows already, as others may be writing. */
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
  for await (const page of rows) {
    for (const batch of batchesOf(page.rows)) {
      const after = before + batch.length
      await db.insert({ ...page, rows: batch }, { job, before, after })
      before = after
    }
    tell(page.table, before)
  }
}

function batchesOf(rows: readonly Row[]): (readonly Row[])[] {
  const batches: (readonly Row[])[] = []
  let start = 0
  let characters = 0
  for (const [i, row] of rows.entries()) {
    for (const value of row) characters += typeof value === 'string' ? value.length : 10
    if (characters < BATCH.characters && i - start + 1 < BATCH.rows) continue
    batches.push(rows.slice(start, i + 1))
    start = i + 1
    characters = 0
  }
  if (start < rows.length) batches.push(rows.slice(start))
  return batches
}

/** Some of what is kept is made of other kept values: it is repaired so often at most. */
const ROUNDS = 4

/** Makes everything true that the database keeps, and the triggers that are missing. */
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
  // An answer may be lost, and the batch sent again.
  const makeAgain = missing.map(
    ({ sql }): Command => ({ sql: sql.replace('CREATE TRIGGER', 'CREATE TRIGGER IF NOT EXISTS') }),
  )
  if (makeAgain.length > 0) await db.write(makeAgain)
  await db.write([{ sql: 'delete from jobs where name = ?', values: [job] }])
}

/** Kept values that are not what they should be: what `npm run recount -- --check` compares. */
async function untrueValues(db: Database): Promise<KeptValue[]> {
  const wrong: KeptValue[] = []
  for (const value of KEPT_VALUES)
    if ((await db.read(`select 1 from (${value.differences}) limit 1`)).length > 0) wrong.push(value)
  return wrong
}
