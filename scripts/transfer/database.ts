/** A database that rows come out of, or go into: a file of `wrangler dev`, or one of D1's by its HTTP API. */

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

/** How far a job has come: a row of `jobs`, which goes on in the transaction that does the work. */
export interface Progress {
  job: string
  before: number
  after: number
}

/** How much one transaction may insert: what ends it is whichever comes first. */
export interface Batch {
  rows: number
  characters: number
}

export interface Database {
  /** What a transaction is worth here. */
  batch: Batch
  /** The rows that a query gives, each as an array. */
  read(sql: string, ...values: Value[]): Promise<Row[]>
  /** One transaction. */
  write(commands: readonly Command[]): Promise<void>
  /** Inserts the rows in one transaction with the job's progress, once however often it is sent. */
  insert(rows: Rows, progress: Progress): Promise<void>
  /** What changes with every write by anybody: that of D1's Time Travel. */
  bookmark(): Promise<string>
  close(): void
}

/** Rows that are read at once. */
export const PAGE_ROWS = 1_000

export const progressCommand = ({ job, before, after }: Progress): Command => ({
  sql: 'update jobs set done_to = ? where name = ? and done_to = ?',
  values: [after, job, before],
})
