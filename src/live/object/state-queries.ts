/** Reads the state that a user's channel reports, in one call to D1. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../../db/client'
import { type Charge, chargeStatement } from '../../db/rate-limits'
import { selectedStatement, selectStatement } from '../../db/statements'
import { notBlocked, notMuted } from '../../db/visibility'
import {
  type Marks,
  marksStatement,
  type NotificationRow,
  newsStatement,
  type Unread,
  unreadStatement,
} from '../../notifications/queries'
import { newestPostStatement, newPostsStatement } from '../../posts/feed'
import type { Listener } from '../../sockets/listener'
import { listenersStatements, whoMayStay } from '../../sockets/live-sessions'

/** How many conversations `ready` lists, newest first. */
export const MAX_TOLD_CONVERSATIONS = 500

/** The other user, the `seq` of the conversation's newest change, and its number of unread messages. */
export type ConversationState = [user: number, seq: number, unread: number]

export interface Conversations {
  newest: ConversationState[]
  /** The number of changes in all conversations, including those not listed. */
  changes: number
}

const NOTHING: Unread = { notifications: 0, messages: 0, requests: 0 }
const NO_MARKS: Marks = { newest: 0, likes: 0 }

/** Reads 2 rows for each conversation. Leaves out those in which one user blocks the other. */
function conversationsStatements(userId: number) {
  const seen = (mine: SQL, theirs: SQL, unread: SQL) =>
    sql`select coalesce(c.last_message_id, 0), ${theirs}, c.seq, iif(${notMuted(theirs, userId)}, ${unread}, 0) from conversations c
      where ${mine} = ${userId} and c.seq > 0 and ${notBlocked(theirs, userId)}`
  const changes = (mine: SQL, theirs: SQL) =>
    sql`(select coalesce(sum(c.seq), 0) from conversations c where ${mine} = ${userId} and ${notBlocked(theirs, userId)})`
  const [a, b] = [sql`c.user_a`, sql`c.user_b`]
  const columns = {
    user: sql<number>`newest.user`,
    seq: sql<number>`newest.seq`,
    unread: sql<number>`newest.unread`,
  }
  return [
    // `recursive`, although nothing recurs, as in the list of conversations.
    selectedStatement(
      columns,
      sql`with recursive newest(last_id, user, seq, unread) as (
          ${seen(a, b, sql`c.unread_a`)} union all ${seen(b, a, sql`c.unread_b`)} union all
          select 0, 0, 0, 0 from newest where false order by 1 desc limit ${MAX_TOLD_CONVERSATIONS})
        select user, seq, unread from newest`,
    ),
    selectStatement({ changes: sql<number>`${changes(a, b)} + ${changes(b, a)}` }, sql``),
  ] as const
}

const conversationsOf = (
  rows: { user: number; seq: number; unread: number }[],
  [sum]: { changes: number }[],
): Conversations => ({
  newest: rows.map(({ user, seq, unread }): ConversationState => [user, seq, unread]),
  changes: sum?.changes ?? 0,
})

/**
 * The state that is sent when a socket opens. One call, which reads 2 rows for each conversation, 2 for each unseen notification (at most 100 of
 * them), and 13 more.
 */
export async function openingState(db: Db, userId: number, charged: readonly Charge[], now: number) {
  const [, unread, marks, posts, rows, sum] = await db.batch([
    chargeStatement(charged, now),
    unreadStatement(userId),
    marksStatement(userId),
    newestPostStatement(),
    ...conversationsStatements(userId),
  ])
  return {
    unread: unread[0] ?? NOTHING,
    marks: marks[0] ?? NO_MARKS,
    newestPost: posts[0]?.id ?? 0,
    conversations: conversationsOf(rows, sum),
  }
}

export interface Since {
  marks: Marks
  /** A post's id. */
  post: number
}

export interface State {
  /** Whether a listener's socket may stay open. */
  mayStay: (listener: Listener) => boolean
  unread: Unread
  marks: Marks
  /** The notifications after the marks, newest first. */
  news: NotificationRow[]
  /** Present only if `everything` was requested. */
  rest: { conversations: Conversations; newPosts: number[] } | undefined
}

/**
 * What has changed since. One call, which reads 2 rows for each listener, 3 for each new notification, 2 for each unseen one (at most 100 of them),
 * and 12 more. With `everything`, also 2 for each conversation and 1 for each newer post of anybody (at most 500 of them).
 */
export async function stateSince(
  db: Db,
  userId: number,
  { listeners, since, everything }: { listeners: Listener[]; since: Since; everything: boolean },
): Promise<State> {
  const statements = [
    ...listenersStatements(listeners, Date.now()),
    unreadStatement(userId),
    marksStatement(userId),
    newsStatement(userId, since.marks),
  ] as const
  if (!everything) {
    const [users, sessions, unread, marks, news] = await db.batch(statements)
    return stateOf({ users, sessions, unread, marks, news })
  }
  const [users, sessions, unread, marks, news, posts, rows, sum] = await db.batch([
    ...statements,
    newPostsStatement(userId, since.post),
    ...conversationsStatements(userId),
  ])
  const rest = { conversations: conversationsOf(rows, sum), newPosts: posts.map(({ id }) => id) }
  return { ...stateOf({ users, sessions, unread, marks, news }), rest }
}

interface Found {
  users: { id: number }[]
  sessions: { name: string }[]
  unread: Unread[]
  marks: Marks[]
  news: object[]
}

const stateOf = ({ users, sessions, unread, marks, news }: Found): State => ({
  mayStay: whoMayStay([users, sessions]),
  unread: unread[0] ?? NOTHING,
  marks: marks[0] ?? NO_MARKS,
  // The actor is left joined, so it can be null.
  news: news as NotificationRow[],
  rest: undefined,
})
