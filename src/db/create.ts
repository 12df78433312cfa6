/** Creating a row: what came with the request (a key, an image) is dealt with in the batch that makes the row, or not at all. */
import type { SQL } from 'drizzle-orm'
import type { Db } from './client'
import type { Columns, RowOf, SelectList } from './columns'
import { type IdempotencyKey, rememberRowStatement } from './idempotency'
import { type LeasedImage, withLease } from './image-leases'
import type { ImageHash } from './schema'
import { type Statement, selectStatement } from './statements'

/** What a request that creates something brings besides its fields. */
export interface Creation {
  key: IdempotencyKey | undefined
  image?: LeasedImage | undefined
  /** Milliseconds since the epoch. */
  now: number
}

declare const created: unique symbol
/** A row whose key is remembered and whose image's lease has been given back. */
export type Created<Row> = Row & { readonly [created]: true }

interface NewRow<C extends Columns, M extends Columns> {
  /** The columns of the answer; `more` are those with parameters. */
  columns: SelectList<C>
  more?: M
  insert: (image: ImageHash | undefined) => Statement
  /** `from … where …`, which finds the new row. */
  from: SQL
}

/** Inserts the row and gives it as it is then. Throws `UniqueViolation` where the key was used, `ForeignKeyViolation`. */
export async function createRow<C extends Columns, M extends Columns = Record<never, never>>(
  db: Db,
  { key, image, now }: Creation,
  { columns, more, insert, from }: NewRow<C, M>,
): Promise<Created<RowOf<C> & RowOf<M>>> {
  const [, rows] = await db.batch(
    withLease(image, (hash) => [
      insert(hash ?? undefined),
      selectStatement(columns, from, more),
      ...(key ? [rememberRowStatement(key, { ...columns.columns, ...more }, from, now)] : []),
    ]),
  )
  const row = rows[0]
  if (!row) throw new Error('an insert left no row')
  // The mark is in the types only.
  return row as Created<RowOf<C> & RowOf<M>>
}
