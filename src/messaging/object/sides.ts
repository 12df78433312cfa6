/** The columns of a conversation that belong to one of its two users. */
import type { SQL } from 'drizzle-orm'
import { conversations } from '../../db/schema'

interface Values {
  read?: SQL
  unread: SQL
}

export const SIDES = {
  a: {
    user: conversations.userA,
    read: conversations.readA,
    unread: conversations.unreadA,
    /** The values for drizzle's `set`. */
    set: ({ read, unread }: Values) => ({ readA: read, unreadA: unread }),
  },
  b: {
    user: conversations.userB,
    read: conversations.readB,
    unread: conversations.unreadB,
    set: ({ read, unread }: Values) => ({ readB: read, unreadB: unread }),
  },
}
