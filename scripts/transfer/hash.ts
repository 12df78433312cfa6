/**
 * The hash of a table: SHA-256 of its rows in key order, each as the JSON array of its columns and a newline. The same rows give the same hash
 * everywhere.
 */
import { createHash } from 'node:crypto'
import type { Database, Value } from './database'
import { readPages } from './pages'
import type { Table } from './tables'

export interface Digest {
  rows: number
  sha256: string
}

export class TableHash {
  #hash = createHash('sha256')
  #rows = 0

  /** `lines` are rows, each ended by a newline. */
  add(lines: string, rows: number): void {
    this.#hash.update(lines)
    this.#rows += rows
  }

  digest(): Digest {
    return { rows: this.#rows, sha256: this.#hash.digest('hex') }
  }
}

export const linesOf = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** Hashes some columns of a table in a database, for the rows after `after`. */
export async function hashTable(
  db: Database,
  table: Pick<Table, 'name' | 'columns' | 'key' | 'ids'>,
  after?: readonly Value[],
): Promise<Digest> {
  const hash = new TableHash()
  for await (const rows of readPages(db, table, undefined, after)) hash.add(linesOf(rows), rows.length)
  return hash.digest()
}

/** Throws if the two differ. */
export function requireEqual(name: string, here: Digest, there: Digest): void {
  if (here.rows !== there.rows || here.sha256 !== there.sha256)
    throw new Error(
      `${name} has come out otherwise than it went in: ${there.rows} rows (${there.sha256}) instead of ${here.rows} (${here.sha256}).`,
    )
}
