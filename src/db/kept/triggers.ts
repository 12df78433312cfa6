/** Triggers, put together from what each kept value (`kept.ts`) needs: one for each table, event and condition. */
import { type Column, getTableName } from 'drizzle-orm'
import { CasingCache } from 'drizzle-orm/casing'

/** Something to do after rows were inserted, updated or deleted, whoever does it: requests, cascades, SQL by hand. */
export type Effect = {
  /** The table, by its name in the database. */
  table: string
  /** Statements without the semicolon; the row is `NEW` or `OLD`. */
  statements: string[]
} & (
  | { on: 'insert' | 'delete' /** Only rows in which this column is not null. */; where?: Column }
  | { on: 'update' /** Only rows in which this column becomes another. */; where: Column }
)

export interface Trigger {
  name: string
  table: string
  /** The text that makes it, without the semicolon: SQLite keeps it to the letter. */
  sql: string
}

const casing = new CasingCache('snake_case')

/** The column's name in the database. */
export const nameOf = (column: Column) => casing.getColumnCasing(column)

/** The name of the column's table in the database. */
export const tableOf = (column: Column) => getTableName(column.table)

const EVENTS = { insert: 'inserted', update: 'updated', delete: 'deleted' }

export const triggerName = ({ table, on, where }: Effect) =>
  `${table}_${EVENTS[on]}${where ? `_${nameOf(where)}` : ''}`

/** The triggers that have these effects, in the order of their names. */
export function triggersOf(effects: readonly Effect[]): Trigger[] {
  const grouped = new Map<string, Effect[]>()
  for (const effect of effects) {
    const name = triggerName(effect)
    grouped.set(name, [...(grouped.get(name) ?? []), effect])
  }
  return [...grouped]
    .map(([name, group]) => triggerOf(name, group))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function triggerOf(name: string, [first, ...more]: Effect[]): Trigger {
  if (!first) throw new Error(`${name} has no effects`)
  const statements = [first, ...more].flatMap((effect) => effect.statements)
  const body = statements.map((statement) => `  ${statement};\n`).join('')
  return {
    name,
    table: first.table,
    sql: `CREATE TRIGGER \`${name}\` AFTER ${eventOf(first)} ON \`${first.table}\`${conditionOf(first)} BEGIN\n${body}END`,
  }
}

const eventOf = (effect: Effect) =>
  effect.on === 'update' ? `UPDATE OF \`${nameOf(effect.where)}\`` : effect.on.toUpperCase()

function conditionOf({ on, where }: Effect): string {
  if (!where) return ''
  const column = nameOf(where)
  if (on === 'update') return ` WHEN NEW.${column} IS NOT OLD.${column}`
  return ` WHEN ${on === 'insert' ? 'NEW' : 'OLD'}.${column} IS NOT NULL`
}
