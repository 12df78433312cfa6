/**
 * What the database has besides the columns of `schema.ts`, declared once: values that triggers or code maintain, the search index, and
 * how tables are stored.
 *
 * `npm run migration` writes it into migrations, `npm run check:database` fails where these lack some of it, and `npm run recount` compares
 * stored values with the actual ones.
 */
import { type Column, getTableColumns, getTableName, is, SQL } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { dialect } from './columns'
import { countAndNewest, sequence } from './kept/counts'
import { logGuards, userGuard } from './kept/guard'
import { heldUsernames } from './kept/held-usernames'
import { goesWith } from './kept/hidden'
import { hiddenAccounts } from './kept/hidden-accounts'
import { imageReferences, newestImages } from './kept/images'
import { notifications } from './kept/notifications'
import { reservedUsernames } from './kept/reserved-usernames'
import { postSearch, userSearch } from './kept/search'
import { nameOf, triggersOf } from './kept/triggers'
import { unreadMessages } from './kept/unread'
import { type Kept, keptByCode } from './kept/value'
import * as schema from './schema'
import { nextId } from './sequences'

const {
  cases,
  blocks,
  changes,
  comments,
  conversations,
  deletedAccounts,
  followers,
  hiddenComments,
  hiddenMessages,
  hiddenPosts,
  followRequests,
  idempotencyKeys,
  likes,
  listeners,
  messages,
  mutes,
  posts,
  reports,
  suspendedAccounts,
  users,
} = schema

/** The post images that a profile shows. */
const NEWEST_IMAGES = 6

type ColumnsOf<T> = T extends { _: { columns: infer C } } ? C : never
type ImagesOf<T> = {
  [Name in keyof ColumnsOf<T> as ColumnsOf<T>[Name] extends { _: { data: schema.ImageHash } }
    ? Name
    : never]: ColumnsOf<T>[Name]
}
type Schema = typeof schema

/** Every column of type `ImageHash`: leaving one out does not compile, because its images would be deleted as unreferenced. */
const IMAGES: {
  [T in keyof Schema as keyof ImagesOf<Schema[T]> extends never ? never : T]: ImagesOf<Schema[T]>
} = {
  users: { image: users.image },
  posts: { image: posts.image },
  messages: { image: messages.image },
  reports: { evidenceImage: reports.evidenceImage },
  hiddenMessages: { image: hiddenMessages.image },
}

/** Images that only some users may see. */
const PRIVATE_IMAGES: ReadonlySet<Column> = new Set([
  messages.image,
  reports.evidenceImage,
  hiddenMessages.image,
])

/** Columns with the ids of rows that exist but that nobody is shown. */
const HIDDEN: Record<string, Column[]> = {
  users: [deletedAccounts.userId, suspendedAccounts.userId],
  posts: [hiddenPosts.postId],
  comments: [hiddenComments.commentId],
}

const imageColumns = Object.values(IMAGES).flatMap((columns): Column[] => Object.values(columns))

/** The other user's messages that a participant has not read. */
const unread = (user: Column, read: Column) =>
  `(select count(*) from messages where conversation_id = t.id and id > t.cleared_to and sender_id <> t.${nameOf(user)} and seq > t.${nameOf(read)})`

export const TABLES: SQLiteTable[] = Object.values(schema).filter((value) => is(value, SQLiteTable))

/** Tables with small rows that are only found by primary key: WITHOUT ROWID saves the second tree and halves the cost of a write. */
export const WITHOUT_ROWID: SQLiteTable[] = [
  changes,
  idempotencyKeys,
  listeners,
  schema.messagePolicies,
  schema.privateAccounts,
  schema.notifications,
  schema.notificationSettings,
  schema.rateLimits,
  schema.heldUsernames,
  schema.deletedAccounts,
  schema.suspendedAccounts,
  schema.accountHidings,
  schema.hiddenPosts,
  schema.hiddenComments,
  schema.appeals,
  schema.silencedAccounts,
  schema.clearedConversations,
  schema.settings,
  schema.dailySizes,
]

export const KEPT: Kept[] = [
  ...TABLES.filter(hasSequence).map((table) => sequence(getTableName(table), HIDDEN[getTableName(table)])),

  countAndNewest({
    of: posts.ownerId,
    count: users.postsCount,
    hidden: { row: hiddenPosts.postId, of: hiddenPosts.ownerId },
  }),
  countAndNewest({ of: likes.ownerId, count: users.likesGivenCount }),
  countAndNewest({
    of: followers.ownerId,
    count: users.followingCount,
    newest: users.lastFollowingId,
    unless: followers.isFollowedHidden,
  }),
  countAndNewest({
    of: followers.followedId,
    count: users.followersCount,
    newest: users.lastFollowedId,
    unless: followers.isOwnerHidden,
  }),
  countAndNewest({
    of: likes.postId,
    count: posts.likesCount,
    newest: posts.lastLikeId,
    unless: likes.isOwnerHidden,
  }),
  countAndNewest({
    of: comments.postId,
    count: posts.commentsCount,
    unless: comments.isOwnerHidden,
    hidden: { row: hiddenComments.commentId, of: hiddenComments.postId },
  }),
  countAndNewest({ of: reports.caseId, count: cases.reportsCount }),

  goesWith(hiddenPosts.postId, posts.id),
  goesWith(hiddenComments.commentId, comments.id),
  countAndNewest({ of: blocks.ownerId, count: users.blocksCount }),
  countAndNewest({ of: mutes.ownerId, count: users.mutesCount }),
  countAndNewest({ of: followRequests.followedId, count: users.followRequestsCount }),

  imageReferences(imageColumns, (column) => !PRIVATE_IMAGES.has(column)),
  newestImages({
    image: posts.image,
    of: posts.ownerId,
    kept: users.newestImages,
    limit: NEWEST_IMAGES,
    hidden: { row: hiddenPosts.postId, of: hiddenPosts.ownerId },
  }),
  postSearch(),
  userSearch(),
  heldUsernames(),
  reservedUsernames(),
  hiddenAccounts(),
  ...notifications(),
  unreadMessages(),

  // Maintained by the conversation's object (`messaging/`).
  keptByCode(
    conversations.messagesCount,
    '(select count(*) from messages where conversation_id = t.id and id > t.cleared_to)',
  ),
  keptByCode(
    conversations.lastMessageId,
    '(select max(id) from messages where conversation_id = t.id and id > t.cleared_to)',
  ),
  keptByCode(conversations.unreadA, unread(conversations.userA, conversations.readA)),
  keptByCode(conversations.unreadB, unread(conversations.userB, conversations.readB)),
]

export const KEPT_VALUES = KEPT.flatMap(({ values }) => values)

export const TRIGGERS = [...triggersOf(KEPT.flatMap(({ effects }) => effects)), userGuard, ...logGuards].sort(
  (a, b) => (a.name < b.name ? -1 : 1),
)

/**
 * Whether the table's ids come from `nextId`, which every table with a single integer key must use: SQLite alone would reuse the ids of
 * deleted rows, and lists would have no count.
 */
function hasSequence(table: SQLiteTable): boolean {
  const name = getTableName(table)
  const keys = Object.values(getTableColumns(table)).filter(
    (column) => column.primary && column.getSQLType() === 'integer',
  )
  for (const column of keys) {
    const id = column.defaultFn?.()
    if (nameOf(column) !== 'id' || !is(id, SQL) || textOf(id) !== textOf(nextId(name)))
      throw new Error(`${name}: its key must be \`id: id('${name}')\`, which never gives an id again`)
  }
  return keys.length > 0
}

function textOf(query: SQL): string {
  return dialect.sqlToQuery(query).sql
}
