/** Reads tables in key order, a page at a time. */
import { setImmediate } from 'node:timers/promises'
import { type Database, PAGE_ROWS, type Row, type Value } from './database'
import { MOVED, type Table } from './tables'

/** The largest id of each table at one moment. Later rows are left out of all tables, so that no row refers to one that is left out. */
export async function largestIds(db: Database): Promise<Map<string, number>> {
  const names = MOVED.filter(({ key }) => key.join() === 'id').map(({ name }) => name)
  const [row] = await db.read(`select ${names.map((name) => `(select coalesce(max(id), 0) from ${name})`)}`)
  return new Map(names.map((name, i) => [name, Number(row?.[i])]))
}

/** `from` is a table, or a query in brackets. Reads the rows whose ids are all within the limits, starting after `after`. */
export async function* readPages(
  db: Database,
  { name, columns, key, ids }: Pick<Table, 'name' | 'columns' | 'key' | 'ids'>,
  limits?: ReadonlyMap<string, number>,
  after?: readonly Value[],
): AsyncGenerator<Row[]> {
  const bounds = limits
    ? ids.flatMap(({ column, of }) =>
        limits.has(of) ? [`${column} is null or ${column} <= ${limits.get(of)}`] : [],
      )
    : []
  const places = key.map((column) => columns.indexOf(column))
  const behind = `(${key.join(', ')}) > (${key.map(() => '?').join(', ')})`
  for (let last = after; ; ) {
    const where = [...bounds, ...(last ? [behind] : [])].map((condition) => `(${condition})`).join(' and ')
    const sql = `select ${columns.join(', ')} from ${name} ${where && `where ${where}`} order by ${key.join(', ')} limit ${PAGE_ROWS}`
    const rows = await db.read(sql, ...(last ?? []))
    if (rows.length > 0) yield rows
    // A local database answers synchronously. Without a pause, memory would never be released.
    await setImmediate()
    const end = rows.at(-1)
    if (rows.length < PAGE_ROWS || !end) return
    last = places.map((place) => end[place] ?? null)
  }
}
