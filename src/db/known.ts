import { sql } from 'drizzle-orm'
import type { Db } from './client'

/** The statement that finds those of the ids that are users'. Reads a row for each. */
export const selectKnown = (db: Db, ids: (number | undefined)[]) =>
  db.rows<{ id: number }>(
    sql`select id from users where id in (select value from json_each(${JSON.stringify(ids.filter((id) => id !== undefined))}))`,
  )
