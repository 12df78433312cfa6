/**
 * The hash of a table: SHA-256 over its rows in the order of their keys, each as the JSON array of its columns and a newline. It is the same
 * wherever the same rows are.
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

/** Of some columns of a table that is in a database; of the rows behind `after`. */
export async function hashTable(
  db: Database,
  table: Pick<Table, 'name' | 'columns' | 'key' | 'ids'>,
  after?: readonly Value[],
): Promise<Digest> {
  const hash = new TableHash()
  for await (const rows of readPages(db, table, undefined, after)) hash.add(linesOf(rows), rows.length)
  return hash.digest()
}

/** Throws where the two are not the same. */
export function requireEqual(name: string, here: Digest, there: Digest): void {
  if (here.rows !== there.rows || here.sha256 !== there.sha256)
    throw new Error(
      `${name} has come out otherwise than it went in: ${there.rows} rows (${there.sha256}) instead of ${here.rows} (${here.sha256}).`,
    )
}
