/** Keys of rows that were written when text was folded otherwise, or had no such key: a job, in pieces, which goes on where it stopped. */
import { gt, type SQL, sql } from 'drizzle-orm'
import type { Db } from './client'
import { skeleton } from './look-alikes'
import { jobs } from './schema'
import { build, selectStatement, statement, writeStatement } from './statements'
import { searchKey } from './text'

/** Named for the folding: a row in `jobs` under another name begins anew. */
const JOBS = {
  'search keys of users, 1': { name: 'users', text: 'username', key: 'search_key', fold: searchKey },
  'search keys of posts, 1': { name: 'posts', text: 'title', key: 'title_key', fold: searchKey },
  'skeletons of users, 1': { name: 'users', text: 'username', key: 'username_skeleton', fold: skeleton },
} as const

/** Rows that a piece reads, and may write: each key that changes writes its row and its entry in the index. */
const PIECE_ROWS = 500
const MAX_PIECES = 10

/** Renews up to `MAX_PIECES` pieces of each table; each is two calls. Returns whether all is done. */
export async function renewSearchKeys(db: Db): Promise<boolean> {
  let isDone = true
  for (const name of Object.keys(JOBS) as (keyof typeof JOBS)[]) {
    let pieces = 0
    let more = true
    while (more && pieces < MAX_PIECES) {
      more = await renewPiece(db, name)
      pieces++
    }
    isDone &&= !more
  }
  return isDone
}

/** Whether there may be more. */
async function renewPiece(db: Db, job: keyof typeof JOBS): Promise<boolean> {
  const { name, text, key, fold } = JOBS[job]
  const [table, textColumn, keyColumn] = [name, text, key].map((part) => sql.raw(part)) as [SQL, SQL, SQL]
  const doneTo = sql`coalesce((select done_to from jobs where name = ${job}), 0)`
  const [rows] = await db.batch([
    selectStatement(
      { id: sql<number>`id`, text: sql<string>`${textColumn}`, key: sql<string | null>`${keyColumn}` },
      sql`from ${table} where id > ${doneTo} order by id limit ${PIECE_ROWS}`,
    ),
  ])
  const last = rows.at(-1)
  if (!last) return false
  const renewed = rows
    .map((row) => ({ ...row, renewed: fold(row.text) }))
    // An erased account has no name, and holds the one it had.
    .filter((row) => row.renewed !== row.key && row.text !== '')
  const values = JSON.stringify(renewed.map((row) => [row.id, row.text, row.renewed]))
  await db.batch([
    // Only where the text is still what was folded: whoever changed it has written its key too. Of two names that look alike the older has the key.
    writeStatement(sql`update or ignore ${table} set ${keyColumn} = value ->> 2 from json_each(${values})
      where ${table}.id = value ->> 0 and ${table}.${textColumn} = value ->> 1`),
    statement(
      build
        .insert(jobs)
        .values({ name: job, doneTo: last.id })
        .onConflictDoUpdate({
          target: jobs.name,
          set: { doneTo: last.id },
          setWhere: gt(sql`excluded.done_to`, jobs.doneTo),
        }),
    ),
  ])
  return rows.length === PIECE_ROWS
}
