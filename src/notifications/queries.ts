/** Notifications in D1: `db/kept/notifications.ts` writes them. */
import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { fixed, type RowOf, selectList } from '../db/columns'
import { ListOrder } from '../db/list-order'
import { KINDS, type Kind, type Level, LIKE_DELAY_MS, NOTIFICATION_DAYS } from '../db/notification-kinds'
import { databaseNow } from '../db/now'
import type { Change } from '../db/owned'
import type { PageRequest } from '../db/page'
import { chargeStatement } from '../db/rate-limits'
import { notificationSettings, notifications, users } from '../db/schema'
import { selectStatement, writeStatement } from '../db/statements'
import { selfToldStatement } from '../db/told'
import { notBlocked, notMuted, visibleTo } from '../db/visibility'

/** How many notifications a page reads at most, including those that it does not show. */
export const WINDOW = 200
/** Unread notifications are counted among this many of the newest. */
export const UNREAD_LIMIT = 100

const n = alias(notifications, 'n')
const u = alias(users, 'u')

const areLikesTold = sql`${databaseNow} - ${sql.raw(String(LIKE_DELAY_MS))}`
const isTold = fixed(sql`(${n.kind} <> 'like' or ${n.seq} <= ${areLikesTold})`)

/** Whether the recipient is shown it now: the actor must be visible to the recipient and not muted, and the post must be visible. */
const isVisible = (
  userId: number,
) => sql<number>`${isTold} and ${visibleTo(userId).user(n.actorId)} and ${notMuted(n.actorId, userId)}
  and (${n.postId} is null or ${visibleTo(userId).postOf(n.postId)})`

const NOTIFICATION = selectList({
  seq: n.seq,
  kind: sql<Kind>`${n.kind}`,
  postId: n.postId,
  commentId: n.commentId,
  actorId: n.actorId,
  actor: u.username,
  actorImage: u.image,
})
/** The actor is left joined, so it can be null. */
export type NotificationRow = Omit<RowOf<typeof NOTIFICATION>, 'actor'> & {
  actor: string | null
  isVisible: number
}

/** For cursors. A notification has no id besides its `seq`, which is unique per recipient. */
export const NEWEST_NOTIFICATIONS = new ListOrder<NotificationRow>('notifications:newest', [
  { column: n.seq, descending: true, of: (row) => row.seq },
])

/** Up to which `seq` a user has seen notifications. Likes have their own mark, because they are shown later. */
const SEEN = selectList({ seenTo: users.notificationsSeenTo, likesSeenTo: users.likesSeenTo })
export type Seen = RowOf<typeof SEEN>

const newest = (userId: number, range: SQL, limit: number) =>
  sql`from (select * from notifications where recipient_id = ${userId} and ${range} order by seq desc limit ${limit}) n`

/** Newest first, one more than a page reads. Reads 3 rows for each, and 2 more. */
export async function listNotifications(db: Db, userId: number, after: PageRequest['after']) {
  const range = after ? NEWEST_NOTIFICATIONS.after(after, [sql`seq`]) : sql`true`
  const [rows, [seen]] = await db.batch([
    selectStatement(
      NOTIFICATION,
      sql`${newest(userId, range, WINDOW + 1)} left join users u on u.id = n.actor_id order by n.seq desc`,
      { isVisible: isVisible(userId) },
    ),
    selectStatement(SEEN, sql`from users where id = ${userId}`),
  ])
  return { rows: rows as NotificationRow[], seen: seen ?? { seenTo: 0, likesSeenTo: 0 } }
}

/** How many of the newest users that the user blocks or mutes, or that block the user, are left out of the unread messages. */
const HIDDEN_LIMIT = 100

/** The number of unread messages from those users. Reads 2 rows for each of them. */
function unreadOfHidden(userId: number): SQL<number> {
  const unreadOf = (other: SQL, table: SQL, where: SQL) =>
    sql`coalesce((select sum(iif(c.user_a = ${userId}, c.unread_a, c.unread_b))
      from (select ${other} as other_id from ${table} where ${where} order by id desc limit ${HIDDEN_LIMIT}) h
      cross join conversations c on c.user_a = min(${userId}, h.other_id) and c.user_b = max(${userId}, h.other_id)), 0)`
  const [blocked, blocker, muted] = [sql`blocked_id`, sql`owner_id`, sql`mutes.muted_id`]
  return sql<number>`${unreadOf(blocked, sql`blocks`, sql`owner_id = ${userId}`)}
    + ${unreadOf(blocker, sql`blocks`, sql`blocked_id = ${userId}`)}
    + ${unreadOf(muted, sql`mutes`, sql`owner_id = ${userId} and ${notBlocked(muted, userId)}`)}`
}

export const unreadStatement = (userId: number) => {
  const mark = (column: SQL) => sql`(select ${column} from users where id = ${userId})`
  const [seenTo, likesSeenTo] = [mark(sql`notifications_seen_to`), mark(sql`likes_seen_to`)]
  return selectStatement(
    {
      notifications: sql<number>`(select count(*) ${newest(userId, sql`seq > ${likesSeenTo}`, UNREAD_LIMIT)}
        where (${n.kind} = 'like' or ${n.seq} > ${seenTo}) and ${isVisible(userId)})`,
      messages: sql<number>`${users.unreadMessages} - (${unreadOfHidden(userId)})`,
      requests: users.followRequestsCount,
    },
    sql`from users where id = ${userId}`,
  )
}
export interface Unread {
  notifications: number
  messages: number
  /** Follow requests. */
  requests: number
}
const NOTHING: Unread = { notifications: 0, messages: 0, requests: 0 }

/** Reads 2 rows for each unseen notification (at most 100 of them), and 8 more. */
export async function countUnread(db: Db, userId: number): Promise<Unread> {
  const [[unread]] = await db.batch([unreadStatement(userId)])
  return unread ?? NOTHING
}

/** Marks as seen what was shown up to this `seq`, and counts what remains unseen. Writes 2 rows if that changes anything, else none. */
export async function markSeen(
  db: Db,
  userId: number,
  upTo: number,
  { charges, now }: Change,
): Promise<Unread> {
  const known = sql`min(${upTo}, coalesce((select max(seq) from notifications where recipient_id = ${userId}), 0))`
  const told = sql`min(${known}, ${areLikesTold})`
  const isNews = sql`id = ${userId} and (notifications_seen_to < ${known} or likes_seen_to < ${told})`
  const [, , [unread]] = await db.batch([
    chargeStatement(charges, now, sql`exists (select 1 from users where ${isNews})`),
    writeStatement(sql`update users set notifications_seen_to = max(notifications_seen_to, ${known}),
      likes_seen_to = max(likes_seen_to, ${told}) where ${isNews}`),
    unreadStatement(userId),
    selfToldStatement(userId),
  ])
  return unread ?? NOTHING
}

/** The ends of a user's list of notifications. */
export interface Marks {
  /** The newest `seq`. */
  newest: number
  /** The newest `seq` up to which likes are shown. */
  likes: number
}

/** Reads 2 rows. */
export const marksStatement = (userId: number) => {
  const max = (range: SQL) =>
    sql<number>`coalesce((select max(seq) from notifications where recipient_id = ${userId} and ${range}), 0)`
  return selectStatement({ newest: max(sql`true`), likes: max(sql`seq <= ${areLikesTold}`) }, sql``)
}

/** Finds the notifications after these marks that open channels report, newest first, one more than a page reads. Reads 3 rows for each. */
export const newsStatement = (userId: number, { newest: from, likes }: Marks) =>
  selectStatement(
    NOTIFICATION,
    sql`${newest(userId, sql`seq > ${Math.min(from, likes)}`, WINDOW + 1)} left join users u on u.id = n.actor_id
      where iif(${n.kind} = 'like', ${n.seq} > ${likes} and ${isTold}, ${n.seq} > ${from})
        and not exists (select 1 from notification_settings where user_id = ${userId} and kind = ${n.kind} and level <> 'live')
      order by n.seq desc`,
    { isVisible: isVisible(userId) },
  )

/** The user's setting for each kind. Reads a row for each. */
export async function findSettings(db: Db, userId: number): Promise<SettingRow[]> {
  const [rows] = await db.batch([settingsStatement(userId)])
  return rows
}

const settingsStatement = (userId: number) =>
  selectStatement(
    {
      kind: sql<Kind>`${notificationSettings.kind}`,
      level: sql<Level>`${notificationSettings.level}`,
    },
    sql`from notification_settings where user_id = ${userId}`,
  )
export interface SettingRow {
  kind: Kind
  level: Level
}

/** Writes 1 row for each kind whose setting changes, and 1 more if any does. */
export async function changeSettings(
  db: Db,
  userId: number,
  levels: Partial<Record<Kind, Level | undefined>>,
  { charges, now }: Change,
): Promise<SettingRow[]> {
  const isNews = sql`exists (select 1 from json_each(${JSON.stringify(levels)}) j
    left join notification_settings s on s.user_id = ${userId} and s.kind = j.key where s.level is not j.value)`
  const [, , rows] = await db.batch([
    chargeStatement(charges, now, isNews),
    writeStatement(sql`insert into notification_settings (user_id, kind, level)
      select ${userId}, key, value from json_each(${JSON.stringify(levels)}) where true
      on conflict do update set level = excluded.level where level <> excluded.level`),
    settingsStatement(userId),
  ])
  return rows
}

/** The statements that delete notifications past their retention, one for each kind, `limit` rows each. */
export const deleteOldNotificationsStatements = KINDS.map(
  (kind) => (now: number, limit: number) =>
    // The index holds the notifications of a kind in order of age.
    writeStatement(sql`delete from notifications where (recipient_id, seq) in (select recipient_id, seq from
      (select recipient_id, seq from notifications indexed by notifications_cause where kind = ${kind} order by cause_id limit ${limit})
      where seq < ${now - NOTIFICATION_DAYS * 86_400_000}) returning 1`),
)
