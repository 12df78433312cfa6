/**
 * Triggers insert each notification with its cause and delete it with its cause, even if a cascade, an account's erasure or manual SQL deletes
 * the cause. Inserting one writes two more rows, deleting it one.
 */
import type { Column } from 'drizzle-orm'
import { type Kind, NOTIFICATION_DAYS } from '../notification-kinds'
import { comments, followers, followRequests, likes, moderationActions, posts, sessions } from '../schema'
import { type Effect, nameOf, tableOf } from './triggers'
import type { Kept } from './value'

const DAY_MS = 86_400_000
const NOW = "cast(unixepoch('subsec') * 1000 as integer)"

/** How many earlier commenters are notified of a new comment; they are taken from the post's newest comments. */
export const REPLY = { recipients: 5, comments: 20 }

interface Cause {
  kind: Kind
  id: Column
  /** The recipient, if the row concerns only one. */
  of?: Column
  /** Who caused it, if it was another user. */
  actor?: Column
  /** When it happened. Nobody is notified of anything older than the lifetime of notifications, such as imported rows. */
  at: Column
  /** If these columns change, other users are notified. */
  mentions?: readonly Column[]
  /** SQL that selects the recipients' ids. The actor is never notified. */
  recipients: string
  /** SQL over the row `NEW`. */
  post?: string
  comment?: string
}

const OWNER_OF_POST = 'SELECT owner_id FROM `posts` WHERE id = NEW.post_id'

/** The users in a column of mentions. */
const named = (column: Column) => `SELECT value ->> 0 FROM json_each(NEW.${nameOf(column)})`

/** Whether a follow results from a request, which is deleted after the follow is inserted. */
const WAS_ASKED =
  'EXISTS (SELECT 1 FROM `follow_requests` WHERE owner_id = NEW.owner_id AND followed_id = NEW.followed_id)'

const CAUSES: readonly Cause[] = [
  {
    kind: 'like',
    id: likes.id,
    actor: likes.ownerId,
    at: likes.createdAt,
    recipients: OWNER_OF_POST,
    post: 'NEW.post_id',
  },
  {
    kind: 'comment',
    id: comments.id,
    actor: comments.ownerId,
    at: comments.createdAt,
    recipients: OWNER_OF_POST,
    post: 'NEW.post_id',
    comment: 'NEW.id',
  },
  {
    kind: 'reply',
    id: comments.id,
    actor: comments.ownerId,
    at: comments.createdAt,
    recipients: `SELECT owner_id FROM (SELECT id, owner_id FROM \`comments\` WHERE post_id = NEW.post_id AND id < NEW.id
      ORDER BY id DESC LIMIT ${REPLY.comments})
      WHERE owner_id NOT IN (NEW.owner_id, (${OWNER_OF_POST})) AND owner_id NOT IN (${named(comments.mentions)}) GROUP BY owner_id ORDER BY max(id) DESC LIMIT ${REPLY.recipients}`,
    post: 'NEW.post_id',
    comment: 'NEW.id',
  },
  {
    kind: 'post_mention',
    id: posts.id,
    actor: posts.ownerId,
    at: posts.updatedAt,
    mentions: [posts.titleMentions, posts.contentMentions],
    recipients: `${named(posts.titleMentions)} UNION ${named(posts.contentMentions)}`,
    post: 'NEW.id',
  },
  {
    kind: 'comment_mention',
    id: comments.id,
    actor: comments.ownerId,
    at: comments.updatedAt,
    mentions: [comments.mentions],
    recipients: `${named(comments.mentions)} EXCEPT ${OWNER_OF_POST}`,
    post: 'NEW.post_id',
    comment: 'NEW.id',
  },
  {
    kind: 'follow',
    id: followers.id,
    actor: followers.ownerId,
    at: followers.createdAt,
    // The user who accepted it needs no notification.
    recipients: `SELECT NEW.followed_id WHERE NOT ${WAS_ASKED}`,
  },
  {
    kind: 'request',
    id: followRequests.id,
    actor: followRequests.ownerId,
    at: followRequests.createdAt,
    recipients: 'SELECT NEW.followed_id',
  },
  {
    kind: 'accepted',
    id: followers.id,
    actor: followers.followedId,
    at: followers.createdAt,
    recipients: `SELECT NEW.owner_id WHERE ${WAS_ASKED}`,
  },
  {
    kind: 'device',
    // A session has no numeric id; its start time is unique for the user.
    id: sessions.createdAt,
    of: sessions.userId,
    at: sessions.createdAt,
    // Not for an account's first session.
    recipients: `SELECT id FROM \`users\` WHERE id = NEW.user_id AND created_at < NEW.created_at AND NEW.device <> ''
      AND NOT EXISTS (SELECT 1 FROM \`sessions\` WHERE user_id = NEW.user_id AND jti_hash <> NEW.jti_hash AND device IN (NEW.device, ''))`,
  },
  {
    // Refers to the notice, which says more, and not to the post, which may be hidden.
    kind: 'moderation',
    id: moderationActions.id,
    at: moderationActions.createdAt,
    recipients: 'SELECT NEW.user_id WHERE NEW.is_notice = 1',
  },
]

export const notifications = (): Kept[] => CAUSES.map(notified)

function notified({
  kind,
  id,
  of,
  actor,
  at,
  mentions = [],
  recipients,
  post = 'NULL',
  comment = 'NULL',
}: Cause): Kept {
  const cause = tableOf(id)
  const orphans = `notifications where kind = '${kind}' and cause_id not in (select ${nameOf(id)} from ${cause})`
  const by = actor ? `NEW.${nameOf(actor)}` : 'NULL'
  const insert = `INSERT INTO \`notifications\` (recipient_id, seq, kind, cause_id, actor_id, post_id, comment_id)
    SELECT r.id, max(${NOW}, r.notifications_seen_to + 1,
      coalesce((SELECT max(seq) FROM \`notifications\` WHERE recipient_id = r.id), 0) + 1),
      '${kind}', NEW.${nameOf(id)}, ${by}, ${post}, ${comment}
    FROM \`users\` r WHERE NEW.${nameOf(at)} > ${NOW} - ${NOTIFICATION_DAYS * DAY_MS}
    AND r.id IN (${recipients}) AND r.id IS NOT ${by}
    AND NOT EXISTS (SELECT 1 FROM \`notification_settings\` WHERE user_id = r.id AND kind = '${kind}' AND level = 'off')
    ON CONFLICT (kind, cause_id, recipient_id) DO NOTHING`
  const ofCause = (row: 'NEW' | 'OLD') =>
    `DELETE FROM \`notifications\` WHERE kind = '${kind}' AND cause_id = ${row}.${nameOf(id)}${of ? ` AND recipient_id = ${row}.${nameOf(of)}` : ''}`
  return {
    // Missing notifications cannot be detected: they may have been turned off or have expired.
    values: [
      {
        name: `notifications.${kind}`,
        differences: `select cause_id as key, 1 as kept, null as truth from ${orphans}`,
        repair: [`delete from ${orphans}`],
      },
    ],
    effects: [
      { table: cause, on: 'insert', statements: [insert] },
      ...mentions.map(
        (column): Effect => ({
          table: cause,
          on: 'update',
          where: column,
          statements: [`${ofCause('NEW')} AND recipient_id NOT IN (${recipients})`, insert],
        }),
      ),
      { table: cause, on: 'delete', statements: [ofCause('OLD')] },
    ],
  }
}
