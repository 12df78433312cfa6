import type { Column } from 'drizzle-orm'
import { NEVER } from '../schema'
import { type Effect, nameOf, tableOf } from './triggers'
import { columnValue, type Kept } from './value'

/**
 * The number of rows that reference a row, and the largest id of these, `NEVER` if there are none. Both are columns of the referenced row:
 * an insert or a delete writes that row once.
 *
 * @param of The referencing column. It must never change.
 * @param unless A flag of the referencing row: it is not counted, though it exists. The newest may be such a row.
 * @param hidden A table with a row for each row that is not counted either: its column with the row's id, and its copy of `of`.
 */
export function countAndNewest({
  of,
  count,
  newest,
  unless,
  hidden,
}: {
  of: Column
  count: Column
  newest?: Column
  unless?: Column
  hidden?: { row: Column; of: Column }
}): Kept {
  const [table, reference, parent] = [tableOf(of), nameOf(of), tableOf(count)]
  if (newest && tableOf(newest) !== parent)
    throw new Error(`${nameOf(newest)} must be a column of ${parent}, as ${nameOf(count)} is`)
  const largest = (parentId: string) =>
    `coalesce((SELECT max(id) FROM \`${table}\` WHERE ${reference} = ${parentId}), ${NEVER})`
  /** Whether a row is counted. */
  const counts = (row: string) =>
    [
      ...(unless ? [`${row}.${nameOf(unless)} = 0`] : []),
      ...(hidden
        ? [`NOT EXISTS (SELECT 1 FROM \`${tableOf(hidden.row)}\` WHERE ${nameOf(hidden.row)} = ${row}.id)`]
        : []),
    ].join(' AND ')
  const update = (row: 'NEW' | 'OLD', sign: '+' | '-', newestId: (column: string) => string) => {
    const change = counts(row) && row === 'OLD' ? `(${counts(row)})` : '1'
    const set = [`${nameOf(count)} = ${nameOf(count)} ${sign} ${change}`]
    if (newest) set.push(`${nameOf(newest)} = ${newestId(nameOf(newest))}`)
    return `UPDATE \`${parent}\` SET ${set.join(',\n      ')}\n    WHERE id = ${row}.${reference}`
  }
  // Finding the largest may read every referencing row, so do it only if the largest was deleted.
  const largestLeft = (column: string) =>
    `CASE ${column} WHEN OLD.id
        THEN ${largest(`OLD.${reference}`)}
        ELSE ${column} END`
  /** Hiding or restoring a row changes the count, unless the row is deleted or otherwise hidden. */
  const recount = (on: 'insert' | 'delete', { row, of: same }: { row: Column; of: Column }): Effect => {
    const [hiding, sign] = on === 'insert' ? ['NEW', '-'] : ['OLD', '+']
    const isCounted = unless ? ` AND ${nameOf(unless)} = 0` : ''
    return {
      table: tableOf(row),
      on,
      statements: [
        `UPDATE \`${parent}\` SET ${nameOf(count)} = ${nameOf(count)} ${sign} 1 WHERE id = ${hiding}.${nameOf(same)}
    AND EXISTS (SELECT 1 FROM \`${table}\` WHERE id = ${hiding}.${nameOf(row)}${isCounted})`,
      ],
    }
  }
  const flip = (column: Column): Effect => {
    const isHidden = hidden
      ? `
    AND NOT EXISTS (SELECT 1 FROM \`${tableOf(hidden.row)}\` WHERE ${nameOf(hidden.row)} = NEW.id)`
      : ''
    return {
      table,
      on: 'update',
      where: column,
      statements: [
        `UPDATE \`${parent}\` SET ${nameOf(count)} = ${nameOf(count)} + OLD.${nameOf(column)} - NEW.${nameOf(column)}
    WHERE id = NEW.${reference}${isHidden}`,
      ],
    }
  }
  const truth = counts('r')
  return {
    values: [
      columnValue(
        count,
        `(select count(*) from ${table} r where r.${reference} = t.id${truth && ` and ${truth}`})`,
      ),
      ...(newest ? [columnValue(newest, largest('t.id'))] : []),
    ],
    effects: [
      { table, on: 'insert', statements: [update('NEW', '+', () => 'NEW.id')] },
      { table, on: 'delete', statements: [update('OLD', '-', largestLeft)] },
      ...(hidden ? [recount('insert', hidden), recount('delete', hidden)] : []),
      ...(unless ? [flip(unless)] : []),
    ],
  }
}

/**
 * A table's largest deleted id, and the number of deleted rows: see `sequences.ts`.
 *
 * @param hidden Columns of other tables with the ids of rows that are not counted, though they exist.
 */
export function sequence(table: string, hidden: readonly Column[] = []): Kept {
  const kept = (column: string) => `(select ${column} from sequences where name = '${table}')`
  const uncount = (hiding: Column, on: 'insert' | 'delete'): Effect => {
    const [row, change] = on === 'insert' ? ['NEW', '+'] : ['OLD', '-']
    // A row that two tables hide is still only one row less.
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
