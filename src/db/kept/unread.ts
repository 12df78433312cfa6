import type { Column } from 'drizzle-orm'
import { conversations, users } from '../schema'
import { type Effect, nameOf, tableOf } from './triggers'
import { columnValue, type Kept } from './value'

const SIDES: readonly [user: Column, unread: Column][] = [
  [conversations.userA, conversations.unreadA],
  [conversations.userB, conversations.unreadB],
]

/** A user's unread messages over all conversations. Writes one more row for each message, and each time that messages are read. */
export function unreadMessages(): Kept {
  const [table, kept] = [tableOf(conversations.id), nameOf(users.unreadMessages)]
  const sums = SIDES.map(
    ([user, unread]) =>
      `(select coalesce(sum(${nameOf(unread)}), 0) from ${table} where ${nameOf(user)} = t.id)`,
  )
  return {
    values: [columnValue(users.unreadMessages, `(${sums.join(' + ')})`)],
    effects: SIDES.flatMap(([userColumn, unreadColumn]): Effect[] => {
      const [user, unread] = [nameOf(userColumn), nameOf(unreadColumn)]
      const add = (change: string, row: 'NEW' | 'OLD', condition = '') =>
        `UPDATE \`users\` SET ${kept} = ${kept} ${change} WHERE id = ${row}.${user}${condition}`
      return [
        { table, on: 'insert', statements: [add(`+ NEW.${unread}`, 'NEW', ` AND NEW.${unread} > 0`)] },
        {
          table,
          on: 'update',
          where: unreadColumn,
          statements: [add(`+ NEW.${unread} - OLD.${unread}`, 'NEW')],
        },
        { table, on: 'delete', statements: [add(`- OLD.${unread}`, 'OLD', ` AND OLD.${unread} > 0`)] },
      ]
    }),
  }
}
