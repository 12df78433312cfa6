/** How everything stands for somebody, as their channel tells it: one call to D1. */
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

/** So many conversations are told of, newest first. */
export const MAX_TOLD_CONVERSATIONS = 500

/** The other person, the seq of its newest change, and what is unread. */
export type ConversationState = [user: number, seq: number, unread: number]

export interface Conversations {
  newest: ConversationState[]
  /** How many changes there are in all conversations, also in those that are not told of. */
  changes: number
}

const NOTHING: Unread = { notifications: 0, messages: 0, requests: 0 }
const NO_MARKS: Marks = { newest: 0, likes: 0 }

/** Reads 2 rows for each conversation, and none of those in which one blocks the other. */
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
    // A recursion that never recurs, as in the list of conversations.
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

/** What somebody is told who opens a socket. One call: reads 2 rows for each conversation, 2 for each notification that was not seen, of 100 at most, and 13. */
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
  /** The id of a post. */
  post: number
}

export interface State {
  /** Whether a listener may go on. */
  mayStay: (listener: Listener) => boolean
  unread: Unread
  marks: Marks
  /** The notifications behind the marks, newest first. */
  news: NotificationRow[]
  /** Only where everything was asked for. */
  rest: { conversations: Conversations; newPosts: number[] } | undefined
}

/**
 * What has become of it since. One call: reads 2 rows for each listener, 3 for each new notification, 2 for each that was not seen, of 100 at most, and 12;
 * and where everything is asked for, 2 for each conversation and 1 for each post of anybody since then, of 500 at most.
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
  // Left joined, so that there may be no actor.
  news: news as NotificationRow[],
  rest: undefined,
})
