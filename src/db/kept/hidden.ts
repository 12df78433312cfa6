import type { Column } from 'drizzle-orm'
import { nameOf, tableOf } from './triggers'
import type { Kept } from './value'

/**
 * Deletes the mark of a hidden row together with the row. Not by a foreign key: a table that others reference could never be rebuilt
 * (`scripts/database/complete.ts`).
 *
 * @param hidden The column with the row's id.
 */
export const goesWith = (hidden: Column, of: Column): Kept => ({
  values: [],
  effects: [
    {
      table: tableOf(of),
      on: 'delete',
      statements: [`DELETE FROM \`${tableOf(hidden)}\` WHERE ${nameOf(hidden)} = OLD.id`],
    },
  ],
})
