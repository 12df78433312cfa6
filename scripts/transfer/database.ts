/** A database that rows are read from or written to: a file of `wrangler dev`, or D1 through its HTTP API. */

export type Value = string | number | null
export type Row = Value[]

export interface Command {
  sql: string
  values?: readonly Value[]
}

export interface Rows {
  table: string
  columns: readonly string[]
  rows: readonly Row[]
}

/** The progress of a job: a row of `jobs`, updated in the transaction that does the work. */
export interface Progress {
  job: string
  before: number
  after: number
}

/** How much one transaction may insert; whichever limit is reached first ends it. */
export interface Batch {
  rows: number
  characters: number
}

export interface Database {
  /** The transaction size that suits this database. */
  batch: Batch
  /** The rows of a query, each as an array. */
  read(sql: string, ...values: Value[]): Promise<Row[]>
  /** Runs the commands in one transaction. */
  write(commands: readonly Command[]): Promise<void>
  /** Inserts the rows and updates the job's progress in one transaction, which takes effect once, however often it is sent. */
  insert(rows: Rows, progress: Progress): Promise<void>
  /** Changes with every write by anybody: the bookmark of D1's Time Travel. */
  bookmark(): Promise<string>
  close(): void
}

/** Rows per page. */
export const PAGE_ROWS = 1_000

export const progressCommand = ({ job, before, after }: Progress): Command => ({
  sql: 'update jobs set done_to = ? where name = ? and done_to = ?',
  values: [after, job, before],
})
