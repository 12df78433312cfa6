import type { Column } from 'drizzle-orm'
import { NEVER } from '../schema'
import { type Effect, nameOf, tableOf } from './triggers'
import { columnValue, type Kept } from './value'

/**
 * How many rows refer to a row, and the largest id of these, `NEVER` where there are none. Both are columns of the row that is referred to:
 * an insert or a deletion writes it once.
 *
 * @param of The column that refers. It must not change while its row lives.
 * @param hidden The same column in a table with a row for each row that is not counted, though it is there.
 */
export function countAndNewest({
  of,
  count,
  newest,
  hidden,
}: {
  of: Column
  count: Column
  newest?: Column
  hidden?: Column
}): Kept {
  const [table, reference, parent] = [tableOf(of), nameOf(of), tableOf(count)]
  if (newest && tableOf(newest) !== parent)
    throw new Error(`${nameOf(newest)} must be a column of ${parent}, as ${nameOf(count)} is`)
  const largest = (parentId: string) =>
    `coalesce((SELECT max(id) FROM \`${table}\` WHERE ${reference} = ${parentId}), ${NEVER})`
  const update = (row: 'NEW' | 'OLD', change: string, newestId: (column: string) => string) => {
    const set = [`${nameOf(count)} = ${nameOf(count)} ${change}`]
    if (newest) set.push(`${nameOf(newest)} = ${newestId(nameOf(newest))}`)
    return `UPDATE \`${parent}\` SET ${set.join(',\n      ')}\n    WHERE id = ${row}.${reference}`
  }
  // Looking for the largest may read all that refers to the row, so only where the largest has gone.
  const largestLeft = (column: string) =>
    `CASE ${column} WHEN OLD.id
        THEN ${largest(`OLD.${reference}`)}
        ELSE ${column} END`
  const uncount = (on: 'insert' | 'delete', hiding: Column): Effect => ({
    table: tableOf(hiding),
    on,
    statements: [
      `UPDATE \`${parent}\` SET ${nameOf(count)} = ${nameOf(count)} ${on === 'insert' ? '- 1' : '+ 1'} WHERE id = ${on === 'insert' ? 'NEW' : 'OLD'}.${nameOf(hiding)}`,
    ],
  })
  const hiddenRows = hidden
    ? ` - (select count(*) from ${tableOf(hidden)} where ${nameOf(hidden)} = t.id)`
    : ''
  return {
    values: [
      columnValue(count, `(select count(*) from ${table} where ${reference} = t.id)${hiddenRows}`),
      ...(newest ? [columnValue(newest, largest('t.id'))] : []),
    ],
    effects: [
      { table, on: 'insert', statements: [update('NEW', '+ 1', () => 'NEW.id')] },
      { table, on: 'delete', statements: [update('OLD', '- 1', largestLeft)] },
      ...(hidden ? [uncount('insert', hidden), uncount('delete', hidden)] : []),
    ],
  }
}

/**
 * The largest id that a table has lost, and how many rows: see `sequences.ts`.
 *
 * @param hidden The columns of other tables that hold the ids of rows that are not counted, though they are there.
 */
export function sequence(table: string, hidden: readonly Column[] = []): Kept {
  const kept = (column: string) => `(select ${column} from sequences where name = '${table}')`
  const uncount = (hiding: Column, on: 'insert' | 'delete'): Effect => {
    const [row, change] = on === 'insert' ? ['NEW', '+'] : ['OLD', '-']
    // Two tables may hide the same row, which is one row less all the same.
    const elsewhere = hidden
      .filter((other) => other !== hiding)
      .map(
        (other) =>
          ` AND NOT EXISTS (SELECT 1 FROM \`${tableOf(other)}\` WHERE ${nameOf(other)} = ${row}.${nameOf(hiding)})`,
      )
    return {
      table: tableOf(hiding),
      on,
      statements: [
        `UPDATE \`sequences\` SET deleted = deleted ${change} 1 WHERE name = '${table}'${elsewhere.join('')}`,
      ],
    }
  }
  const hiddenIds = hidden.map((column) => `select ${nameOf(column)} from ${tableOf(column)}`)
  const hiddenRows = hidden.length > 0 ? ` + (select count(*) from (${hiddenIds.join(' union ')}))` : ''
  const truth = `(select max(coalesce(max(id), 0), coalesce(${kept('last_id')}, 0)) - count(*) from ${table})${hiddenRows}`
  return {
    values: [
      {
        name: `sequences.${table}`,
        differences: `select '${table}' as key, ${kept('deleted')} as kept, ${truth} as truth where kept is not truth`,
        repair: [
          `insert into sequences (name, deleted) select '${table}', ${truth} where true
  on conflict (name) do update set deleted = excluded.deleted`,
        ],
      },
    ],
    effects: [
      {
        table,
        on: 'delete',
        statements: [
          `UPDATE \`sequences\` SET deleted = deleted + 1, last_id = max(last_id, OLD.id) WHERE name = '${table}'`,
        ],
      },
      ...hidden.flatMap((column) => [uncount(column, 'insert'), uncount(column, 'delete')]),
    ],
  }
}
