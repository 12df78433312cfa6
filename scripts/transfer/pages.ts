/** Reads tables in the order of their keys, a page at a time. */
import { setImmediate } from 'node:timers/promises'
import { type Database, PAGE_ROWS, type Row, type Value } from './database'
import { MOVED, type Table } from './tables'

/** The largest id of each table, of one moment: what comes later is left out everywhere, so that nothing refers to what is not there. */
export async function largestIds(db: Database): Promise<Map<string, number>> {
  const names = MOVED.filter(({ key }) => key.join() === 'id').map(({ name }) => name)
  const [row] = await db.read(`select ${names.map((name) => `(select coalesce(max(id), 0) from ${name})`)}`)
  return new Map(names.map((name, i) => [name, Number(row?.[i])]))
}

/** `from` is a table, or a query in brackets. Rows whose ids are all below the limits, from the one behind `after` on. */
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
    // A local database answers at once: without a pause, what has been read is never let go.
    await setImmediate()
    const end = rows.at(-1)
    if (rows.length < PAGE_ROWS || !end) return
    last = places.map((place) => end[place] ?? null)
  }
}
