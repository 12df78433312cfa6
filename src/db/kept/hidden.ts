import type { Column } from 'drizzle-orm'
import { nameOf, tableOf } from './triggers'
import type { Kept } from './value'

/**
 * What says that a row is hidden goes with the row. Not by a foreign key: a table to which others refer could never be made anew
 * (`scripts/database/complete.ts`).
 *
 * @param hidden The column that holds the row's id.
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
