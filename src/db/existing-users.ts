import { sql } from 'drizzle-orm'
import { users } from './schema'
import { selectStatement } from './statements'
import { type ViewerId, visibleTo } from './visibility'

/** The statement that finds those of the ids that are of users whom the viewer sees. Reads a row for each. */
export const existingUsersStatement = (ids: (number | undefined)[], viewer: ViewerId) =>
  selectStatement(
    { id: users.id },
    sql`from users where id in (select value from json_each(${JSON.stringify(ids.filter((id) => id !== undefined))}))
      and ${visibleTo(viewer).user(users.id)}`,
  )

/** The ids that the statement has found. */
export const idsOf = (rows: { id: number }[]): ReadonlySet<number> => new Set(rows.map(({ id }) => id))
