/**
 * Every table and index. What drizzle cannot express (triggers, the search index, WITHOUT ROWID) is declared in `kept.ts`.
 *
 * Times are integers, milliseconds since the epoch. Ids are never used again: see `sequences.ts`.
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
 * What a column that orders by "the newest like" (or follow) holds where there is none: larger than any id, so
 * that such rows come last ascending and first descending, as in the database of the original.
 */
export const NEVER = Number.MAX_SAFE_INTEGER

declare const imageHash: unique symbol
/** The hash of an image that a row shows. Only a lease gives one (`image-leases.ts`), in the batch that writes the row. */
export type ImageHash = string & { readonly [imageHash]: true }

/** An account and its profile, which are created together and share their id. */
export const users = sqliteTable(
  'users',
  {
    id: id('users'),
    username: text().notNull(),
    /** `fold(username)`: unique without regard to case. */
    usernameKey: text().notNull(),
    /** `skeleton(username)`: unique, so that nobody is taken for somebody else. Null where two names looked alike before it was kept. */
    usernameSkeleton: text(),
    /** `searchKey(username)`, by which posts and conversations are searched. */
    searchKey: text().notNull().default(''),
    email: text().notNull().default(''),
    /** `fold(email)`, null where there is no address. */
    emailKey: text(),
    /** When they proved that they read what is sent there; null where they have not. */
    emailVerifiedAt: integer(),
    firstName: text().notNull().default(''),
    lastName: text().notNull().default(''),
    /** PHC string, see `auth/password.ts`. */
    passwordHash: text().notNull(),
    isActive: integer({ mode: 'boolean' }).notNull().default(true),
    /** What they may do for the service besides using it; null for nearly everybody. */
    role: text({ enum: ROLES }),
    createdAt: integer().notNull(),

    profileName: text().notNull().default(''),
    profileContent: text().notNull().default(''),
    /** Key in the bucket, null for the default image. */
    image: text().$type<ImageHash>(),
    /** As those of a post. */
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
    /** Unread messages of all their conversations. */
    unreadMessages: integer().notNull().default(0),
    /** How far they have seen their notifications, by `seq`; of likes, which are told later, only so far. */
    notificationsSeenTo: integer().notNull().default(0),
    likesSeenTo: integer().notNull().default(0),
    /** JSON: the images of their six newest posts, newest first, null for the default one. */
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
    /** `searchKey(title)`: searched and sorted by. */
    titleKey: text().notNull(),
    content: text().notNull().default(''),
    /** Whom title and content name, and where: see `mentions.ts`. */
    titleMentions: text().notNull().default('[]'),
    contentMentions: text().notNull().default('[]'),
    image: text().$type<ImageHash>(),
    imageFilter: text().notNull().default('normal'),
    /** In pixels, upright; null for the default image, and for those from before they were kept. */
    imageWidth: integer(),
    imageHeight: integer(),
    /** A placeholder, as the client made it. */
    imageThumbhash: text(),
    /** What the image shows, in words. */
    imageAlt: text().notNull().default(''),
    /** Marked by moderators: front ends show it only to those who want to see it. */
    isSensitive: integer({ mode: 'boolean' }).notNull().default(false),
    createdAt: integer().notNull(),
    updatedAt: integer().notNull(),
    likesCount: integer().notNull().default(0),
    commentsCount: integer().notNull().default(0),
    /** Nobody may comment any more. */
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
    /** Whom it names, and where: see `mentions.ts`. */
    mentions: text().notNull().default('[]'),
    createdAt: integer().notNull(),
    updatedAt: integer().notNull(),
    /** Whether it counts for nothing, as its owner's account is not there: see `account-hidings.ts`. */
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
    /** Whether it counts for nothing, as its owner's account is not there: see `account-hidings.ts`. */
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
    /** Whether it counts for nothing to the one, as the other's account is not there: see `account-hidings.ts`. */
    isOwnerHidden: integer({ mode: 'boolean' }).notNull().default(false),
    isFollowedHidden: integer({ mode: 'boolean' }).notNull().default(false),
  },
  (t) => [
    uniqueIndex('followers_owner_followed').on(t.ownerId, t.followedId),
    index('followers_followed_owner').on(t.followedId, t.ownerId),
    index('followers_followed').on(t.followedId),
    // Ends in the id: the newest follow first.
    index('followers_owner').on(t.ownerId),
    check('followers_not_self', sql`${t.ownerId} <> ${t.followedId}`),
  ],
)

/** Accounts whose posts, likes and follows are for their followers: see `visibility.ts`. A table, as who is not in it costs no row. */
export const privateAccounts = sqliteTable(
  'private_accounts',
  {
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
  },
  (t) => [primaryKey({ columns: [t.userId] })],
)

/** Who may begin a conversation with somebody: those whom they follow, or nobody. Everybody, where there is no row. */
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

/** `owner` asks to follow `followed`, whose account is private. */
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

/** Neither of the two sees anything of the other: see `visibility.ts`. */
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

/** `owner` is not shown what `muted` writes, unless they ask for it. */
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

/** Accounts that their owners have deleted: hidden (`visibility.ts`), and erased in pieces (`account/erase-queries.ts`). Rows stay as long as their users'. */
export const deletedAccounts = sqliteTable(
  'deleted_accounts',
  {
    userId: integer()
      .notNull()
      .references(() => users.id),
    deletedAt: integer().notNull(),
    /** When erasing begins, or began; null once all is erased. */
    eraseAt: integer(),
    /** When it began: from then on nothing brings the account back. */
    erasingSince: integer(),
    /** Up to where what they sent is gone from their conversations: see `conversationsToErase`. */
    conversationsDoneTo: integer().notNull().default(0),
    /** When somebody else may take the name; null before it is erased and after the name is free. */
    nameFreeAt: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.userId] }),
    index('deleted_accounts_erase').on(t.eraseAt).where(sql`erase_at is not null`),
    index('deleted_accounts_name').on(t.nameFreeAt).where(sql`name_free_at is not null`),
  ],
)

/** Accounts that may not be used for a while, and are hidden as long (`visibility.ts`). A ban is a suspension without an end. */
export const suspendedAccounts = sqliteTable(
  'suspended_accounts',
  {
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** `NEVER`: for good. */
    until: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.userId] }), index('suspended_accounts_until').on(t.until)],
)

/**
 * Accounts that were hidden or shown again, and whose likes, comments and follows are still to count for nothing, or again: how far that has
 * come, by their ids, `NEVER` where it is done. See `account-hidings.ts`.
 */
export const accountHidings = sqliteTable(
  'account_hidings',
  {
    /** No reference: a trigger writes it, also while a user is deleted. */
    userId: integer().notNull(),
    likesTo: integer().notNull().default(0),
    commentsTo: integer().notNull().default(0),
    followingTo: integer().notNull().default(0),
    followersTo: integer().notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.userId] })],
)

/** Accounts that are out of all lists that nobody asked for them. */
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

/** What admins decide while the service runs: see `moderation/settings-queries.ts`. */
export const settings = sqliteTable('settings', {
  name: text().primaryKey(),
  /** JSON. */
  value: text().notNull(),
})

/** How far each sequence had come at the end of a day, so that what a day has brought is a difference. */
export const dailySizes = sqliteTable(
  'daily_sizes',
  {
    /** `2024-08-27`, of UTC. */
    day: text().notNull(),
    name: text().notNull(),
    lastId: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.day, t.name] })],
)

/** Posts that moderators have hidden, and large ones that their owners have deleted and that are not erased yet. Tables of their own, so that posts that are shown cost no row more (`visibility.ts`). */
export const hiddenPosts = sqliteTable(
  'hidden_posts',
  {
    /** Goes with the post by a trigger (`kept/hidden.ts`). */
    postId: integer().notNull(),
    /** Of the post: known also when that has gone first. */
    ownerId: integer().notNull(),
    hiddenAt: integer().notNull(),
    /** When it is deleted for good; null where it is only hidden. */
    eraseAt: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.postId] }),
    index('hidden_posts_erase').on(t.eraseAt).where(sql`erase_at is not null`),
  ],
)

/** Comments that moderators have hidden. */
export const hiddenComments = sqliteTable(
  'hidden_comments',
  {
    commentId: integer().notNull(),
    /** Of the comment: known also when that has gone first. */
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
 * Messages that moderators have hidden, taken out of `messages`: so nothing that reads a conversation has to think of them. Only the conversation's object
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
    /** As those of a post. */
    imageWidth: integer(),
    imageHeight: integer(),
    imageThumbhash: text(),
    createdAt: integer().notNull(),
    editedAt: integer(),
    /** The change that made it. */
    seq: integer().notNull(),
    hiddenAt: integer().notNull(),
    /** When it is deleted for good; null where it is only hidden. */
    eraseAt: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.messageId] }),
    index('hidden_messages_conversation').on(t.conversationId),
    index('hidden_messages_sender').on(t.senderId),
    index('hidden_messages_erase').on(t.eraseAt).where(sql`erase_at is not null`),
  ],
)

/** What moderators look into: one thing, however many people report it and however often. */
export const cases = sqliteTable(
  'cases',
  {
    id: id('cases'),
    kind: text({ enum: CASE_KINDS }).notNull(),
    /** The thing's id; of a profile its user's. No reference: a case outlives it. */
    subjectId: integer().notNull(),
    /** Whose it is. */
    authorId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    state: text({ enum: CASE_STATES }).notNull().default('open'),
    /** The moderator who works on it, or did last. */
    claimedBy: integer(),
    reportsCount: integer().notNull().default(0),
    /** Whether somebody waits for an answer to their appeal. */
    isAppealed: integer({ mode: 'boolean' }).notNull().default(false),
    openedAt: integer().notNull(),
    closedAt: integer(),
  },
  (t) => [
    uniqueIndex('cases_subject').on(t.kind, t.subjectId),
    // Both end in the id: the oldest first.
    index('cases_state').on(t.state),
    index('cases_state_kind').on(t.state, t.kind),
    index('cases_author').on(t.authorId),
  ],
)

/** That somebody has reported a thing. */
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
    /** What a message said and showed when it was reported, for moderators only; null for other things. */
    evidence: text(),
    evidenceImage: text().$type<ImageHash>(),
    createdAt: integer().notNull(),
  },
  (t) => [
    uniqueIndex('reports_reporter_case').on(t.reporterId, t.caseId),
    index('reports_case').on(t.caseId),
  ],
)

/** The log of moderation: what was done, by whom, to whom and why. Triggers refuse to change or delete a row (`kept/guard.ts`). */
export const moderationActions = sqliteTable(
  'moderation_actions',
  {
    id: id('moderation_actions'),
    /** Null: whoever runs the service, by hand. No references: the log outlives all that it tells of. */
    actorId: integer(),
    action: text().notNull(),
    caseId: integer(),
    /** The person concerned. */
    userId: integer(),
    kind: text({ enum: CASE_KINDS }),
    subjectId: integer(),
    reason: text(),
    /** Words to that person. */
    text: text().notNull().default(''),
    /** When it ends by itself. */
    until: integer(),
    /** Whether that person is told. */
    isNotice: integer({ mode: 'boolean' }).notNull().default(false),
    createdAt: integer().notNull(),
  },
  (t) => [
    index('moderation_actions_case').on(t.caseId).where(sql`case_id is not null`),
    index('moderation_actions_user').on(t.userId).where(sql`user_id is not null`),
    index('moderation_actions_notices').on(t.userId).where(sql`is_notice = 1`),
  ],
)

/** That somebody asks to look again at what was done to them: once for each action. */
export const appeals = sqliteTable(
  'appeals',
  {
    actionId: integer()
      .notNull()
      .references(() => moderationActions.id),
    text: text().notNull(),
    createdAt: integer().notNull(),
    /** When its case was closed again. */
    answeredAt: integer(),
  },
  (t) => [primaryKey({ columns: [t.actionId] })],
)

/**
 * What every list needs to know without counting: a table's rows are the ids ever given out (the largest) less
 * the rows deleted, so that an insert writes nothing here and a delete one row. See `sequences.ts`.
 */
export const sequences = sqliteTable('sequences', {
  name: text().primaryKey(),
  /** The largest id ever deleted. */
  lastId: integer().notNull().default(0),
  deleted: integer().notNull().default(0),
})

/** A refresh token that was issued. */
export const sessions = sqliteTable(
  'sessions',
  {
    /** SHA-256 (hex) of the token's `jti`: reading this table gives nobody a token. */
    jtiHash: text().primaryKey(),
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt: integer().notNull(),
    lastUsedAt: integer().notNull(),
    expiresAt: integer().notNull(),
    revokedAt: integer(),
    userAgent: text().notNull().default(''),
    /** What people call the device, by its user agent; empty in old sessions. */
    device: text().notNull().default(''),
  },
  (t) => [index('sessions_user').on(t.userId), index('sessions_expires').on(t.expiresAt)],
)

/** A password reset that was asked for; the row goes when it is used. */
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

/** Keys that were mailed to prove an address, or to undo the change to another; each goes when it is used. */
export const emailKeys = sqliteTable(
  'email_keys',
  {
    keyHash: text().primaryKey(),
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The address that the account has once the key is used. */
    email: text().notNull(),
    purpose: text({ enum: ['prove', 'undo'] }).notNull(),
    expiresAt: integer().notNull(),
  },
  (t) => [index('email_keys_user').on(t.userId), index('email_keys_expires').on(t.expiresAt)],
)

/** The newest export of each account: when it began, and how many of its parts were asked for. */
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

/** An image in the bucket, and who needs it: see `image-leases.ts`. */
export const images = sqliteTable(
  'images',
  {
    /** SHA-256 (hex) of the bytes: its key in the bucket. */
    hash: text().primaryKey(),
    /** Rows that show it; kept by triggers. */
    refs: integer().notNull().default(0),
    /** Those of them that everybody sees: all but messages. */
    publicRefs: integer().notNull().default(0),
    /** Uploads under way that will refer to it, and until when they count. */
    leases: integer().notNull().default(0),
    leasedUntil: integer().notNull().default(0),
    /** Set while the object is being deleted: no upload may rely on it. */
    deletingAt: integer(),
    /** How often a deletion that had not ended was overtaken by an upload: part of the object's key (`imageKey`). */
    generation: integer().notNull().default(0),
  },
  (t) => [index('images_unreferenced').on(t.hash).where(sql`refs = 0`)],
)

/** Generations below which a deletion of a forgotten image may still arrive, and until when that is feared: see `image-leases.ts`. */
export const imageFences = sqliteTable(
  'image_fences',
  {
    hash: text().primaryKey(),
    generation: integer().notNull(),
    until: integer().notNull(),
  },
  (t) => [index('image_fences_until').on(t.until)],
)

/** What two people have said to each other. Only its Durable Object writes it (`messaging/`). */
export const conversations = sqliteTable(
  'conversations',
  {
    id: id('conversations'),
    /** The smaller id of the two, and the larger. */
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
    /** Each has read what the other sent up to here. */
    readA: integer().notNull().default(0),
    readB: integer().notNull().default(0),
    unreadA: integer().notNull().default(0),
    unreadB: integer().notNull().default(0),
    /** Messages up to this id are gone, for everybody and everything, though some may not be erased yet: see `clearedConversations`. */
    clearedTo: integer().notNull().default(0),
    /** Ids of changes that were given up, newest first: should one of them arrive after all, it fails. */
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
    /** One of the two, with whom the conversation goes; hence no reference of its own, which would want an index. */
    senderId: integer().notNull(),
    content: text().notNull(),
    image: text().$type<ImageHash>(),
    /** As those of a post. */
    imageWidth: integer(),
    imageHeight: integer(),
    imageThumbhash: text(),
    createdAt: integer().notNull(),
    editedAt: integer(),
    /** The change that made it, and the newest that touched it. */
    seq: integer().notNull(),
    changedSeq: integer().notNull(),
  },
  // Ends in the id, by which a thread is read; that no seq is there twice, the key of `changes` sees to.
  (t) => [index('messages_conversation').on(t.conversationId)],
)

/** Conversations of which so many messages were cleared at once that erasing them is left to the scheduled job. */
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
 * Which conversations somebody listens to: where their sockets are, so that these can be closed. Only the conversation's object writes it
 * (`messaging/object/listening.ts`).
 */
export const listeners = sqliteTable(
  'listeners',
  {
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** With whom. No reference, which would want an index: the row goes with the last socket, whatever becomes of that user. */
    otherId: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.userId, t.otherId] })],
)

/** Every change of a conversation, without a gap: what a client that was away has to catch up with. */
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
    /** How far was read. */
    upTo: integer(),
    /** What its object called it: whether a change whose answer was lost is here, is found out by this. Null in old entries. */
    changeId: text(),
  },
  (t) => [primaryKey({ columns: [t.conversationId, t.seq] })],
)

/**
 * What somebody is told of: a row for each recipient and cause, written and taken back with its cause (`kept/notifications.ts`).
 */
export const notifications = sqliteTable(
  'notifications',
  {
    recipientId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** When it was written, in milliseconds by D1's clock, moved on until it is larger than all that the recipient has, or has seen. */
    seq: integer().notNull(),
    kind: text({ enum: KINDS }).notNull(),
    /** The id of the row that is told of: of a like, a comment, a follow. */
    causeId: integer().notNull(),
    /** Who did it. No reference, nor are the next two, as each would want an index: the row goes with its cause. */
    actorId: integer(),
    postId: integer(),
    commentId: integer(),
  },
  (t) => [
    primaryKey({ columns: [t.recipientId, t.seq] }),
    uniqueIndex('notifications_cause').on(t.kind, t.causeId, t.recipientId),
  ],
)

/** Kinds of notifications of which somebody has said what they want; without a row it is `live`. */
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

/** The first answers to requests that may be sent again: see `idempotency.ts`. */
export const idempotencyKeys = sqliteTable(
  'idempotency_keys',
  {
    userId: integer()
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    route: text().notNull(),
    key: text().notNull(),
    /** SHA-256 (hex) of what was asked. */
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

/** How far the jobs have come that go through a whole table in pieces: see `search-keys.ts`. */
export const jobs = sqliteTable('jobs', {
  name: text().primaryKey(),
  /** The largest id that is done. */
  doneTo: integer().notNull().default(0),
})

/** What has been used up of limits: see `rate-limits.ts`. */
export const rateLimits = sqliteTable('rate_limits', {
  /** The limit's name, and who or what it counts. */
  key: text().primaryKey(),
  /** Until when it has used up what it is due: see `limits/gcra.ts`. */
  at: real().notNull(),
})

/** Names that accounts have given up: nobody else may take one for a while, and be taken for whom it was. See `kept/held-usernames.ts`. */
export const heldUsernames = sqliteTable(
  'held_usernames',
  {
    usernameKey: text().primaryKey(),
    /** Who may have it back. Not a reference: accounts go, and their names are held. */
    userId: integer().notNull(),
    until: integer().notNull(),
  },
  (t) => [index('held_usernames_until').on(t.until)],
)
