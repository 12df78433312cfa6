import type { Column } from 'drizzle-orm'
import { type Effect, nameOf, tableOf } from './triggers'

/** A value that could be computed, and is kept so that reading it costs one row. */
export interface KeptValue {
  /** `table.column` */
  name: string
  /** Selects `(key, kept, truth)` where the two differ; null stands for a row that is not there. */
  differences: string
  /** Statements that make the one the other, whatever happens meanwhile. */
  repair: string[]
}

/** Values that are kept together. */
export interface Kept {
  values: KeptValue[]
  /** What triggers do for them; nothing where code keeps them. */
  effects: Effect[]
  /** A table that they are kept in and that drizzle cannot declare: its name, and the statement that creates it. */
  table?: { name: string; sql: string }
}

/** A column of each row; `truth` is an SQL expression over that row, `t`. */
export function columnValue(column: Column, truth: string): KeptValue {
  const [table, name] = [tableOf(column), nameOf(column)]
  return {
    name: `${table}.${name}`,
    differences: `select id as key, ${name} as kept, ${truth} as truth from ${table} t where ${name} is not ${truth}`,
    repair: [`update ${table} as t set ${name} = ${truth} where ${name} is not ${truth}`],
  }
}

/** A column that no trigger keeps, but the code that alone writes the table. */
export const keptByCode = (column: Column, truth: string): Kept => ({
  values: [columnValue(column, truth)],
  effects: [],
})
