import type { Column } from 'drizzle-orm'
import { type Effect, nameOf, tableOf } from './triggers'

/** A value that could be computed, but is stored so that reading it costs one row. */
export interface KeptValue {
  /** `table.column` */
  name: string
  /** Selects `(key, kept, truth)` where the two differ; null means that the row is missing. */
  differences: string
  /** Statements that correct the stored value, safe against concurrent writes. */
  repair: string[]
}

/** Values that are maintained together. */
export interface Kept {
  values: KeptValue[]
  /** The effects of triggers that maintain them; none if code does. */
  effects: Effect[]
  /** A table for them that drizzle cannot declare: its name, and the statement that creates it. */
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

/** A column maintained not by triggers but by the code that alone writes the table. */
export const keptByCode = (column: Column, truth: string): Kept => ({
  values: [columnValue(column, truth)],
  effects: [],
})
