/** Creating a row: an idempotency key and an image are handled in the batch that inserts the row, or not at all. */
import type { SQL } from 'drizzle-orm'
import type { Db } from './client'
import type { Columns, RowOf, SelectList } from './columns'
import { type IdempotencyKey, isUnused, rememberRowStatement } from './idempotency'
import { type LeasedImage, withLease } from './image-leases'
import { type Charge, chargeStatement } from './rate-limits'
import type { ImageHash } from './schema'
import { type Statement, selectStatement } from './statements'
import type { ToldStatement } from './told'

/** What a request that creates something brings besides its fields. */
export interface Creation {
  key: IdempotencyKey | undefined
  image?: LeasedImage | undefined
  /** The limit that it counts against, unless its key was used: repeating the first answer counts for nothing. */
  charges: readonly Charge[]
  /** Columns with text from the request: not stored with the key, because a repeated request contains them. */
  given: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  now: number
}

declare const created: unique symbol
/** A row whose key has been stored and whose image lease has been released. */
export type Created<Row> = Row & { readonly [created]: true }

interface NewRow<C extends Columns, M extends Columns> {
  /** The columns of the answer; `more` are those with parameters. */
  columns: SelectList<C>
  more?: M
  insert: (image: ImageHash | undefined) => Statement
  /** Statements that run before it, in the same batch. */
  before?: readonly Statement[]
  /** The users whose channels are told about it. */
  told?: readonly ToldStatement[]
  /** `from … where …`, which finds the new row. */
  from: SQL
}

/** Inserts the row and gives it as it is then. Throws `Throttled`, `UniqueViolation` where the key was used, `ForeignKeyViolation`. */
export async function createRow<C extends Columns, M extends Columns = Record<never, never>>(
  db: Db,
  { key, image, charges, given, now }: Creation,
  { columns, more, insert, before = [], told = [], from }: NewRow<C, M>,
): Promise<Created<RowOf<C> & RowOf<M>>> {
  const results = await db.batch(
    withLease(image, (hash) => [
      chargeStatement(charges, now, key && isUnused(key)),
      ...before,
      insert(hash ?? undefined),
      selectStatement(columns, from, more),
      ...told,
      ...(key ? [rememberRowStatement(key, { ...columns.columns, ...more }, given, from, now)] : []),
    ]),
  )
  // After the charge, the preceding statements, and the insert.
  const [row] = results[before.length + 2] as (RowOf<C> & RowOf<M>)[]
  if (!row) throw new Error('an insert left no row')
  // The mark is in the types only.
  return row as Created<RowOf<C> & RowOf<M>>
}
