/**
 * Every table and index. What drizzle cannot express (triggers, the search index, WITHOUT ROWID) is declared in `kept.ts`.
 *
 * Times are integers, in milliseconds since the epoch. Ids are never reused: see `sequences.ts`.
 */
import { type SQL, sql } from 'drizzle-orm'
import {
  check,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'
import { CASE_KINDS, CASE_STATES, ROLES } from './moderation-words'
import { KINDS, LEVELS } from './notification-kinds'
import { nextId } from './sequences'

const id = (table: string) =>
  integer()
    .primaryKey()
    .$defaultFn((): SQL<number> => nextId(table))

/**
 * The value of a column that sorts by the newest like (or follow) if there is none: larger than any id, so that
 * such rows come last in ascending and first in descending order, as in the original's database.
 */
export const NEVER = Number.MAX_SAFE_INTEGER

declare const imageHash: unique symbol
/** The hash of an image that a row shows. Only a lease yields one (`image-leases.ts`), in the batch that writes the row. */
export type ImageHash = string & { readonly [imageHash]: true }

/** An account and its profile, which are created together and share their id. */
export const users = sqliteTable(
  'users',
  {
    id: id('users'),
    username: text().notNull(),
    /** `fold(username)`: unique without regard to case. */
    usernameKey: text().notNull(),
    /** `skeleton(username)`: unique, against impersonation by a similar name. Null for names that already looked alike when the column was added. */
    usernameSkeleton: text(),
    /** `searchKey(username)`, which searches of posts and conversations use. */
    searchKey: text().notNull().default(''),
    email: text().notNull().default(''),
    /** `fold(email)`, null without an address. */
    emailKey: text(),
    /** When the user proved that they receive mail at this address; null if they have not. */
    emailVerifiedAt: integer(),
    firstName: text().notNull().default(''),
    lastName: text().notNull().default(''),
    /** PHC string, see `auth/password.ts`. */
    passwordHash: text().notNull(),
    isActive: integer({ mode: 'boolean' }).notNull().default(true),
    /** Moderator or admin; null for nearly all users. */
    role: text({ enum: ROLES }),
    createdAt: integer().notNull(),

    profileName: text().notNull().default(''),
    profileContent: text().notNull().default(''),
    /** Key in the bucket; null for the default image. */
    image: text().$type<ImageHash>(),
    /** As in `posts`. */
    imageWidth: integer(),
    imageHeight: integer(),
    imageThumbhash: text(),
    profileUpdatedAt: integer().notNull(),

    postsCount: integer().notNull().default(0),
    likesGivenCount: integer().notNull().default(0),
    followersCount: integer().notNull().default(0),
    followingCount: integer().notNull().default(0),
    blocksCount: integer().notNull().default(0),
    mutesCount: integer().notNull().default(0),
    /** Requests to follow this user. */
    followRequestsCount: integer().notNull().default(0),
    /** Ids of the newest follow by, and of, this user. Not indexed: that would cost each follow two rows more. */
    lastFollowingId: integer().notNull().default(NEVER),
    lastFollowedId: integer().notNull().default(NEVER),
    /** Unread messages in all of the user's conversations. */
    unreadMessages: integer().notNull().default(0),
    /** The largest `seq` of the notifications that the user has seen; likes have their own, because they appear later. */
    notificationsSeenTo: integer().notNull().default(0),
    likesSeenTo: integer().notNull().default(0),
    /** JSON: the images of the user's six newest posts, newest first; null for the default image. */
    newestImages: text().notNull().default('[]'),
  },
  (t) => [
    uniqueIndex('users_username_key').on(t.usernameKey),
    uniqueIndex('users_username_skeleton').on(t.usernameSkeleton),
    uniqueIndex('users_email_key').on(t.emailKey),
    index('users_posts_count').on(t.postsCount),
    index('users_followers_count').on(t.followersCount),
    index('users_following_count').on(t.followingCount),
  ],
)

export const posts = sqliteTable(
  'posts',
  {
    id: id('posts'),
    ownerId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    title: text().notNull(),
    /** `searchKey(title)`, for searching and sorting. */
    titleKey: text().notNull(),
    content: text().notNull().default(''),
    /** Users mentioned in title and content, with positions: see `mentions.ts`. */
    titleMentions: text().notNull().default('[]'),
    contentMentions: text().notNull().default('[]'),
    image: text().$type<ImageHash>(),
    imageFilter: text().notNull().default('normal'),
    /** In pixels, with the image upright; null for the default image and for images older than these columns. */
    imageWidth: integer(),
    imageHeight: integer(),
    /** A placeholder image, computed by the client. */
    imageThumbhash: text(),
    /** Alternative text. */
    imageAlt: text().notNull().default(''),
    /** Set by moderators: front ends show the post only to users who choose to see it. */
    isSensitive: integer({ mode: 'boolean' }).notNull().default(false),
    createdAt: integer().notNull(),
    updatedAt: integer().notNull(),
    likesCount: integer().notNull().default(0),
    commentsCount: integer().notNull().default(0),
    /** No new comments are accepted. */
    commentsClosed: integer({ mode: 'boolean' }).notNull().default(false),
    lastLikeId: integer().notNull().default(NEVER),
  },
  (t) => [
    index('posts_owner').on(t.ownerId),
    index('posts_likes_count').on(t.likesCount),
    index('posts_comments_count').on(t.commentsCount),
    index('posts_last_like').on(t.lastLikeId),
  ],
)

export const comments = sqliteTable(
  'comments',
  {
    id: id('comments'),
    postId: integer()
      .notNull()
      .references(() => posts.id, { onDelete: 'cascade' }),
    ownerId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    content: text().notNull(),
    /** Mentioned users, with positions: see `mentions.ts`. */
    mentions: text().notNull().default('[]'),
    createdAt: integer().notNull(),
    updatedAt: integer().notNull(),
    /** The owner's account is hidden, so the row is left out of all counts: see `account-hidings.ts`. */
    isOwnerHidden: integer({ mode: 'boolean' }).notNull().default(false),
  },
  (t) => [index('comments_post').on(t.postId), index('comments_owner').on(t.ownerId)],
)

export const likes = sqliteTable(
  'likes',
  {
    id: id('likes'),
    ownerId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    postId: integer()
      .notNull()
      .references(() => posts.id, { onDelete: 'cascade' }),
    createdAt: integer().notNull(),
    /** The owner's account is hidden, so the row is left out of all counts: see `account-hidings.ts`. */
    isOwnerHidden: integer({ mode: 'boolean' }).notNull().default(false),
  },
  (t) => [
    uniqueIndex('likes_owner_post').on(t.ownerId, t.postId),
    index('likes_owner').on(t.ownerId),
    index('likes_post').on(t.postId),
  ],
)

/** `owner` follows `followed`. */
export const followers = sqliteTable(
  'followers',
  {
    id: id('followers'),
    ownerId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    followedId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt: integer().notNull(),
    /** This account is hidden, so the row is left out of the other account's count: see `account-hidings.ts`. */
    isOwnerHidden: integer({ mode: 'boolean' }).notNull().default(false),
    isFollowedHidden: integer({ mode: 'boolean' }).notNull().default(false),
  },
  (t) => [
    uniqueIndex('followers_owner_followed').on(t.ownerId, t.followedId),
    index('followers_followed_owner').on(t.followedId, t.ownerId),
    index('followers_followed').on(t.followedId),
    // SQLite appends the id, which gives newest follows first.
    index('followers_owner').on(t.ownerId),
    check('followers_not_self', sql`${t.ownerId} <> ${t.followedId}`),
  ],
)

/** Accounts whose posts, likes and follows only followers may see: see `visibility.ts`. A table of its own, so that public accounts cost no row. */
export const privateAccounts = sqliteTable(
  'private_accounts',
  {
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
  },
  (t) => [primaryKey({ columns: [t.userId] })],
)

/** Who may start a conversation with the user: those whom the user follows, or nobody. Without a row, everybody. */
export const messagePolicies = sqliteTable(
  'message_policies',
  {
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    policy: text({ enum: ['following', 'nobody'] }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.userId] })],
)

/** `owner` requests to follow `followed`, whose account is private. */
export const followRequests = sqliteTable(
  'follow_requests',
  {
    id: id('follow_requests'),
    ownerId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    followedId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt: integer().notNull(),
  },
  (t) => [
    uniqueIndex('follow_requests_owner_followed').on(t.ownerId, t.followedId),
    index('follow_requests_followed').on(t.followedId),
  ],
)

/** Neither user sees anything of the other: see `visibility.ts`. */
export const blocks = sqliteTable(
  'blocks',
  {
    id: id('blocks'),
    ownerId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    blockedId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt: integer().notNull(),
  },
  (t) => [
    uniqueIndex('blocks_owner_blocked').on(t.ownerId, t.blockedId),
    index('blocks_blocked_owner').on(t.blockedId, t.ownerId),
    index('blocks_owner').on(t.ownerId),
    check('blocks_not_self', sql`${t.ownerId} <> ${t.blockedId}`),
  ],
)

/** Lists do not show `owner` what `muted` writes, unless they request that user. */
export const mutes = sqliteTable(
  'mutes',
  {
    id: id('mutes'),
    ownerId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    mutedId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt: integer().notNull(),
  },
  (t) => [
    uniqueIndex('mutes_owner_muted').on(t.ownerId, t.mutedId),
    index('mutes_muted').on(t.mutedId),
    index('mutes_owner').on(t.ownerId),
    check('mutes_not_self', sql`${t.ownerId} <> ${t.mutedId}`),
  ],
)

/** Accounts that their owners deleted: hidden at once (`visibility.ts`), erased in pieces (`account/erase-queries.ts`). A row stays as long as its user's. */
export const deletedAccounts = sqliteTable(
  'deleted_accounts',
  {
    userId: integer()
      .notNull()
      .references(() => users.id),
    deletedAt: integer().notNull(),
    /** When erasure is due; null once everything is erased. */
    eraseAt: integer(),
    /** When erasure began: from then on the account cannot be restored. */
    erasingSince: integer(),
    /** The user's messages are erased in conversations up to this id: see `conversationsToErase`. */
    conversationsDoneTo: integer().notNull().default(0),
    /** When others may take the name; null before erasure and once the name is free. */
    nameFreeAt: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.userId] }),
    index('deleted_accounts_erase').on(t.eraseAt).where(sql`erase_at is not null`),
    index('deleted_accounts_name').on(t.nameFreeAt).where(sql`name_free_at is not null`),
  ],
)

/** Suspended accounts: unusable and hidden until the suspension ends (`visibility.ts`). A ban is a suspension without an end. */
export const suspendedAccounts = sqliteTable(
  'suspended_accounts',
  {
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** `NEVER` means permanently. */
    until: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.userId] }), index('suspended_accounts_until').on(t.until)],
)

/**
 * Accounts that were hidden or restored and whose likes, comments and follows must be removed from, or added to, the counts. The columns hold the
 * last id processed of each kind, `NEVER` if it is done. See `account-hidings.ts`.
 */
export const accountHidings = sqliteTable(
  'account_hidings',
  {
    /** No foreign key: a trigger writes the row, even while the user is being deleted. */
    userId: integer().notNull(),
    likesTo: integer().notNull().default(0),
    commentsTo: integer().notNull().default(0),
    followingTo: integer().notNull().default(0),
    followersTo: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.userId] })],
)

/** Accounts that only lists which request that user show. */
export const silencedAccounts = sqliteTable(
  'silenced_accounts',
  {
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    silencedAt: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.userId] })],
)

/** Settings that admins change while the service runs: see `moderation/settings-queries.ts`. */
export const settings = sqliteTable('settings', {
  name: text().primaryKey(),
  /** JSON. */
  value: text().notNull(),
})

/** Each sequence's last id at the end of a day: the difference between two days is the number of rows added. */
export const dailySizes = sqliteTable(
  'daily_sizes',
  {
    /** `2024-08-27`, in UTC. */
    day: text().notNull(),
    name: text().notNull(),
    lastId: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.day, t.name] })],
)

/** Posts hidden by moderators, and large deleted posts until they are erased. A table of its own, so that visible posts cost no row (`visibility.ts`). */
export const hiddenPosts = sqliteTable(
  'hidden_posts',
  {
    /** A trigger deletes the row together with the post (`kept/hidden.ts`). */
    postId: integer().notNull(),
    /** Copied from the post, which may be deleted first. */
    ownerId: integer().notNull(),
    hiddenAt: integer().notNull(),
    /** When it is due to be erased; null if it is only hidden. */
    eraseAt: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.postId] }),
    index('hidden_posts_erase').on(t.eraseAt).where(sql`erase_at is not null`),
  ],
)

/** Comments hidden by moderators. */
export const hiddenComments = sqliteTable(
  'hidden_comments',
  {
    commentId: integer().notNull(),
    /** Copied from the comment, which may be deleted first. */
    postId: integer().notNull(),
    hiddenAt: integer().notNull(),
    eraseAt: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.commentId] }),
    index('hidden_comments_erase').on(t.eraseAt).where(sql`erase_at is not null`),
  ],
)

/**
 * Messages hidden by moderators, moved out of `messages` so that reads of a conversation need no condition. Only the conversation's object
 * moves them (`messaging/object/moderate-statements.ts`).
 */
export const hiddenMessages = sqliteTable(
  'hidden_messages',
  {
    messageId: integer().notNull(),
    conversationId: integer()
      .notNull()
      .references(() => conversations.id, { onDelete: 'cascade' }),
    senderId: integer().notNull(),
    content: text().notNull(),
    image: text().$type<ImageHash>(),
    /** As in `posts`. */
    imageWidth: integer(),
    imageHeight: integer(),
    imageThumbhash: text(),
    createdAt: integer().notNull(),
    editedAt: integer(),
    /** The change that created the message. */
    seq: integer().notNull(),
    hiddenAt: integer().notNull(),
    /** When it is due to be erased; null if it is only hidden. */
    eraseAt: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.messageId] }),
    index('hidden_messages_conversation').on(t.conversationId),
    index('hidden_messages_sender').on(t.senderId),
    index('hidden_messages_erase').on(t.eraseAt).where(sql`erase_at is not null`),
  ],
)

/** A case for moderators: one per reported thing, however many reports it gets. */
export const cases = sqliteTable(
  'cases',
  {
    id: id('cases'),
    kind: text({ enum: CASE_KINDS }).notNull(),
    /** The reported thing's id; for a profile, the user's. No foreign key: a case outlives its subject. */
    subjectId: integer().notNull(),
    /** The owner of the reported thing. */
    authorId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    state: text({ enum: CASE_STATES }).notNull().default('open'),
    /** The moderator who works on the case, or did last. */
    claimedBy: integer(),
    reportsCount: integer().notNull().default(0),
    /** Whether an appeal is waiting for an answer. */
    isAppealed: integer({ mode: 'boolean' }).notNull().default(false),
    openedAt: integer().notNull(),
    closedAt: integer(),
  },
  (t) => [
    uniqueIndex('cases_subject').on(t.kind, t.subjectId),
    // SQLite appends the id to both, which gives oldest first.
    index('cases_state').on(t.state),
    index('cases_state_kind').on(t.state, t.kind),
    index('cases_author').on(t.authorId),
  ],
)

/** One user's report of a thing. */
export const reports = sqliteTable(
  'reports',
  {
    id: id('reports'),
    caseId: integer()
      .notNull()
      .references(() => cases.id, { onDelete: 'cascade' }),
    reporterId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    category: text().notNull(),
    text: text().notNull(),
    /** The message's text and image when it was reported, for moderators only; null for other kinds. */
    evidence: text(),
    evidenceImage: text().$type<ImageHash>(),
    createdAt: integer().notNull(),
  },
  (t) => [
    uniqueIndex('reports_reporter_case').on(t.reporterId, t.caseId),
    index('reports_case').on(t.caseId),
  ],
)

/** The audit log of moderation. Triggers refuse to change or delete a row (`kept/guard.ts`). */
export const moderationActions = sqliteTable(
  'moderation_actions',
  {
    id: id('moderation_actions'),
    /** Null for manual actions of the operator. No foreign keys: the log outlives everything that it mentions. */
    actorId: integer(),
    action: text().notNull(),
    caseId: integer(),
    /** The affected user. */
    userId: integer(),
    kind: text({ enum: CASE_KINDS }),
    subjectId: integer(),
    reason: text(),
    /** Text for that user. */
    text: text().notNull().default(''),
    /** When the effect expires. */
    until: integer(),
    /** Whether that user gets a notice. */
    isNotice: integer({ mode: 'boolean' }).notNull().default(false),
    createdAt: integer().notNull(),
  },
  (t) => [
    index('moderation_actions_case').on(t.caseId).where(sql`case_id is not null`),
    index('moderation_actions_user').on(t.userId).where(sql`user_id is not null`),
    index('moderation_actions_notices').on(t.userId).where(sql`is_notice = 1`),
  ],
)

/** Appeals by affected users: at most one for each action. */
export const appeals = sqliteTable(
  'appeals',
  {
    actionId: integer()
      .notNull()
      .references(() => moderationActions.id),
    text: text().notNull(),
    createdAt: integer().notNull(),
    /** When the case was closed again. */
    answeredAt: integer(),
  },
  (t) => [primaryKey({ columns: [t.actionId] })],
)

/**
 * Gives every list its size without counting: a table has as many rows as its largest id ever, less the number of
 * deleted rows. An insert writes nothing here, a delete one row. See `sequences.ts`.
 */
export const sequences = sqliteTable('sequences', {
  name: text().primaryKey(),
  /** The largest id ever deleted. */
  lastId: integer().notNull().default(0),
  deleted: integer().notNull().default(0),
})

/** Issued refresh tokens. */
export const sessions = sqliteTable(
  'sessions',
  {
    /** SHA-256 (hex) of the token's `jti`: reading this table yields no usable token. */
    jtiHash: text().primaryKey(),
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt: integer().notNull(),
    lastUsedAt: integer().notNull(),
    expiresAt: integer().notNull(),
    revokedAt: integer(),
    userAgent: text().notNull().default(''),
    /** A readable device name, derived from the user agent; empty in old sessions. */
    device: text().notNull().default(''),
  },
  (t) => [index('sessions_user').on(t.userId), index('sessions_expires').on(t.expiresAt)],
)

/** Requested password resets; a row is deleted when it is used. */
export const passwordResets = sqliteTable(
  'password_resets',
  {
    tokenHash: text().primaryKey(),
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    expiresAt: integer().notNull(),
  },
  (t) => [index('password_resets_user').on(t.userId), index('password_resets_expires').on(t.expiresAt)],
)

/** Mailed keys that verify an address or undo a change of address; each is deleted when it is used. */
export const emailKeys = sqliteTable(
  'email_keys',
  {
    keyHash: text().primaryKey(),
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The account's address after the key is used. */
    email: text().notNull(),
    purpose: text({ enum: ['prove', 'undo'] }).notNull(),
    expiresAt: integer().notNull(),
  },
  (t) => [index('email_keys_user').on(t.userId), index('email_keys_expires').on(t.expiresAt)],
)

/** The newest export of each account: when it began, and how many of its parts were requested. */
export const accountExports = sqliteTable(
  'account_exports',
  {
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    startedAt: integer().notNull(),
    parts: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.userId] })],
)

/** An image in the bucket and the number of its users: see `image-leases.ts`. */
export const images = sqliteTable(
  'images',
  {
    /** SHA-256 (hex) of the bytes: its key in the bucket. */
    hash: text().primaryKey(),
    /** Rows that show the image; maintained by triggers. */
    refs: integer().notNull().default(0),
    /** Those of them that are public, which means all except messages. */
    publicRefs: integer().notNull().default(0),
    /** Uploads in progress that will reference the image, and when these leases expire. */
    leases: integer().notNull().default(0),
    leasedUntil: integer().notNull().default(0),
    /** Set while the object is being deleted: uploads must not rely on it. */
    deletingAt: integer(),
    /** How often an upload overtook an unfinished deletion: part of the object's key (`imageKey`). */
    generation: integer().notNull().default(0),
  },
  (t) => [index('images_unreferenced').on(t.hash).where(sql`refs = 0`)],
)

/** For images without a row: deletions of generations below this may still arrive until this time. See `image-leases.ts`. */
export const imageFences = sqliteTable(
  'image_fences',
  {
    hash: text().primaryKey(),
    generation: integer().notNull(),
    until: integer().notNull(),
  },
  (t) => [index('image_fences_until').on(t.until)],
)

/** A conversation of two users. Only its Durable Object writes it (`messaging/`). */
export const conversations = sqliteTable(
  'conversations',
  {
    id: id('conversations'),
    /** The smaller and the larger of the two ids. */
    userA: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    userB: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** Number of the newest change. */
    seq: integer().notNull().default(0),
    /** Null while there are no messages. */
    lastMessageId: integer(),
    messagesCount: integer().notNull().default(0),
    /** The `seq` up to which each user has read what the other sent. */
    readA: integer().notNull().default(0),
    readB: integer().notNull().default(0),
    unreadA: integer().notNull().default(0),
    unreadB: integer().notNull().default(0),
    /** Messages up to this id count as deleted, though some may not be erased yet: see `clearedConversations`. */
    clearedTo: integer().notNull().default(0),
    /** Ids of abandoned changes, newest first: if one still arrives, it fails. */
    revokedChanges: text().notNull().default(''),
  },
  (t) => [
    uniqueIndex('conversations_pair').on(t.userA, t.userB),
    index('conversations_user_b').on(t.userB),
    check('conversations_ordered', sql`${t.userA} < ${t.userB}`),
  ],
)

export const messages = sqliteTable(
  'messages',
  {
    id: id('messages'),
    conversationId: integer()
      .notNull()
      .references(() => conversations.id, { onDelete: 'cascade' }),
    /** One of the two users. No foreign key, which would need an index: deleting a user deletes the conversation. */
    senderId: integer().notNull(),
    content: text().notNull(),
    image: text().$type<ImageHash>(),
    /** As in `posts`. */
    imageWidth: integer(),
    imageHeight: integer(),
    imageThumbhash: text(),
    createdAt: integer().notNull(),
    editedAt: integer(),
    /** The change that created the message, and the newest one that affected it. */
    seq: integer().notNull(),
    changedSeq: integer().notNull(),
  },
  // SQLite appends the id, in whose order threads are read. The key of `changes` keeps each `seq` unique.
  (t) => [index('messages_conversation').on(t.conversationId)],
)

/** Cleared conversations with so many messages that the scheduled job erases them. */
export const clearedConversations = sqliteTable(
  'cleared_conversations',
  {
    conversationId: integer()
      .notNull()
      .references(() => conversations.id, { onDelete: 'cascade' }),
  },
  (t) => [primaryKey({ columns: [t.conversationId] })],
)

/**
 * Conversations on which a user has open sockets, so that these can be closed. Only the conversation's object writes here
 * (`messaging/object/listening.ts`).
 */
export const listeners = sqliteTable(
  'listeners',
  {
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The other user. No foreign key, which would need an index: the row is deleted with the last socket in any case. */
    otherId: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.userId, t.otherId] })],
)

/** The gapless change log of each conversation, from which clients catch up. */
export const changes = sqliteTable(
  'changes',
  {
    conversationId: integer()
      .notNull()
      .references(() => conversations.id, { onDelete: 'cascade' }),
    seq: integer().notNull(),
    kind: text({ enum: ['message', 'edited', 'deleted', 'cleared', 'read'] }).notNull(),
    /** Who did it. */
    userId: integer().notNull(),
    messageId: integer(),
    /** For `read`: how far the user has read. */
    upTo: integer(),
    /** An id from the object, which finds out by it whether a change whose answer was lost was committed. Null in old entries. */
    changeId: text(),
  },
  (t) => [primaryKey({ columns: [t.conversationId, t.seq] })],
)

/**
 * A row for each recipient and cause, inserted and deleted together with its cause (`kept/notifications.ts`).
 */
export const notifications = sqliteTable(
  'notifications',
  {
    recipientId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** D1's time of writing in milliseconds, advanced past every `seq` that the recipient has or has seen. */
    seq: integer().notNull(),
    kind: text({ enum: KINDS }).notNull(),
    /** The id of the like, comment or follow (and so on) that caused it. */
    causeId: integer().notNull(),
    /** Who caused it. This and the next two are no foreign keys, as each would need an index: the row is deleted with its cause. */
    actorId: integer(),
    postId: integer(),
    commentId: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.recipientId, t.seq] }),
    uniqueIndex('notifications_cause').on(t.kind, t.causeId, t.recipientId),
  ],
)

/** The level that a user chose for a kind of notification; `live` without a row. */
export const notificationSettings = sqliteTable(
  'notification_settings',
  {
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    kind: text({ enum: KINDS }).notNull(),
    level: text({ enum: LEVELS }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.userId, t.kind] })],
)

/** First answers to requests that may be repeated: see `idempotency.ts`. */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    route: text().notNull(),
    key: text().notNull(),
    /** SHA-256 (hex) of the request. */
    requestHash: text().notNull(),
    /** JSON: the row that the answer shows. */
    answer: text().notNull(),
    createdAt: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.userId, t.route, t.key] }),
    index('idempotency_keys_created').on(t.createdAt),
  ],
)

/** Progress of jobs that process a whole table in pieces: see `search-keys.ts`. */
export const jobs = sqliteTable('jobs', {
  name: text().primaryKey(),
  /** The largest id processed. */
  doneTo: integer().notNull().default(0),
})

/** Use of the rate limits: see `rate-limits.ts`. */
export const rateLimits = sqliteTable('rate_limits', {
  /** The limit's name, and the user or thing that it counts for. */
  key: text().primaryKey(),
  /** Until when the key has used up its share: see `limits/gcra.ts`. */
  at: real().notNull(),
})

/** Names that accounts gave up: for a while nobody else may take one, to prevent impersonation. See `kept/held-usernames.ts`. */
export const heldUsernames = sqliteTable(
  'held_usernames',
  {
    usernameKey: text().primaryKey(),
    /** Who may take the name back. No foreign key: the name stays held when the account is gone. */
    userId: integer().notNull(),
    until: integer().notNull(),
  },
  (t) => [index('held_usernames_until').on(t.until)],
)
