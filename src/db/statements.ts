/**
 * Statements: SQL that does nothing until `Db.batch` sends it.
 *
 * Functions that build one have names that end in `Statement` and take no `Db`; functions that take a `Db` send them. A
 * statement that is built and never sent fails the tests (`watchStatements`).
 */
import type { SQL } from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import type { RunnableQuery } from 'drizzle-orm/runnable-query'
import { type Columns, dialect, listed, type RowOf, SelectList } from './columns'

/** SQL and its parameters. */
export interface Query {
  sql: string
  params: unknown[]
}

/** Whether it may change rows. A SELECT that only mentions one of these words counts too. */
export const writes = ({ sql }: Query): boolean => /\b(insert|update|delete|replace)\b/i.test(sql)

/** What drizzle's own `batch` uses of a query (0.45), which its types leave out. */
interface Preparable {
  _prepare(): Prepared
}
interface Prepared {
  getQuery(): Query
  mapResult(result: D1Result, isFromBatch: true): unknown
}

/** One statement of a batch with its `Result`. It is not a promise: awaiting it would not send it, and does not compile. */
export class Statement<Result = unknown> {
  /** In types only. */
  declare readonly result: Result
  readonly #prepared: Prepared

  constructor(prepared: Prepared) {
    this.#prepared = prepared
    watcher?.made(this)
  }

  get query(): Query {
    watcher?.sent(this)
    return this.#prepared.getQuery()
  }

  /** Reads D1's answer. */
  read(result: D1Result): Result {
    return this.#prepared.mapResult(result, true) as Result
  }
}

/** What a tuple of statements gives. */
export type ResultsOf<S extends readonly Statement[]> = {
  -readonly [I in keyof S]: S[I] extends Statement<infer Result> ? Result : never
}

/** drizzle's query builder, for what it says plainly: `statement(build.select(…).from(…))`. Not for joins whose columns share a name. */
export { build } from './builder'

/** A query of the builder as a statement. */
export const statement = <Result>(query: RunnableQuery<Result, 'sqlite'>): Statement<Result> =>
  new Statement(preparedOf(query))

export const preparedOf = (query: RunnableQuery<unknown, 'sqlite'>): Prepared =>
  // See `Preparable`.
  (query as unknown as Preparable)._prepare()

/** `select <columns> <rest>`, where SQL has to be written by hand; `more` are columns with parameters. */
export function selectStatement<C extends Columns, M extends Columns = Record<never, never>>(
  columns: C | SelectList<C>,
  rest: SQL,
  more?: M,
): Statement<(RowOf<C> & RowOf<M>)[]> {
  const list = columns instanceof SelectList ? columns.sql : listed(columns)
  return rowsStatement(sql`select ${list}${more ? sql`, ${listed(more)}` : sql``} ${rest}`)
}

/** A SELECT that was put together around `listed` columns, as a union is: the caller says which columns. */
export const selectedStatement = <C extends Columns>(_columns: C | SelectList<C>, query: SQL) =>
  rowsStatement<RowOf<C>>(query)

/** A statement in SQL that gives no rows. drizzle's raw ones cannot have parameters in a batch (0.45). */
export const writeStatement = (write: SQL): Statement<never[]> => rowsStatement(write)

function rowsStatement<Row>(query: SQL): Statement<Row[]> {
  return new Statement<Row[]>({
    getQuery: () => dialect.sqlToQuery(query),
    mapResult: ({ results }) => results,
  })
}

/** Observes each statement that is built and each that is sent. */
interface Watcher {
  made(statement: Statement): void
  sent(statement: Statement): void
}
let watcher: Watcher | undefined

/** For tests: nothing else detects a statement that was built and never sent. */
export function watchStatements(one: Watcher): void {
  watcher = one
}
