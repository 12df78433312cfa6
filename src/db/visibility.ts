/**
 * Who sees what: the one place that says so, as conditions for every list, detail and creation.
 *
 *   nobody sees   accounts that their owners have deleted, or that are suspended, and what is theirs       `isShown`
 *                 posts and comments that moderators have hidden, and what is on those posts
 *   one of two    people of whom one blocks the other see nothing of each other, nor what is on the other's
 *                 posts                                                                                    `notBlocked`
 *   a muter       is not shown what the muted write, in lists that do not ask for it                       `notMuted`
 *
 * D1 counts only the rows that it finds, and what hides has tables of its own: whoever is shown costs no row.
 */
import { type Column, type SQL, sql } from 'drizzle-orm'

/** Who asks; undefined where nobody is signed in. */
export type ViewerId = number | undefined

type Id = Column | SQL

/** Whether the account of this user is not deleted. */
export const isNotDeleted = (userId: Id): SQL =>
  sql`not exists (select 1 from deleted_accounts vd where vd.user_id = ${userId})`

/** Whether it is not suspended, or not any more. */
export const isNotSuspended = (userId: Id): SQL =>
  sql`not exists (select 1 from suspended_accounts vs where vs.user_id = ${userId} and vs.until > unixepoch() * 1000)`

/** Whether the account of this user is there for anybody. */
export const isShown = (userId: Id): SQL => sql`(${isNotDeleted(userId)} and ${isNotSuspended(userId)})`

/** Whether the account may stand in lists that nobody asked for it. */
export const isNotSilenced = (userId: Id): SQL =>
  sql`not exists (select 1 from silenced_accounts vl where vl.user_id = ${userId})`

/** Whether moderators have not hidden this post. */
export const isNotHiddenPost = (postId: Id): SQL =>
  sql`not exists (select 1 from hidden_posts vh where vh.post_id = ${postId})`

/** Whether moderators have not hidden this comment. */
const isNotHiddenComment = (commentId: Id): SQL =>
  sql`not exists (select 1 from hidden_comments vc where vc.comment_id = ${commentId})`

const TRUE = sql.raw('true')

/** Whether this user does not block the other. */
export const doesNotBlock = (userId: Id, other: Id | number): SQL =>
  sql`not exists (select 1 from blocks vb where vb.owner_id = ${userId} and vb.blocked_id = ${other})`

/** Whether neither of the two blocks the other. */
export const notBlocked = (userId: Id, viewer: ViewerId | SQL): SQL =>
  viewer === undefined
    ? TRUE
    : sql`${doesNotBlock(sql`${viewer}`, userId)} and ${doesNotBlock(userId, viewer)}`

/** Whether the viewer does not mute this user. */
export const notMuted = (userId: Id, viewer: ViewerId): SQL =>
  viewer === undefined
    ? TRUE
    : sql`not exists (select 1 from mutes vm where vm.owner_id = ${viewer} and vm.muted_id = ${userId})`

/** What there is for this viewer, as conditions on rows that have these columns. Whoever asks for what is not there is told what they would be if nobody had it. */
export function visibleTo(viewer: ViewerId) {
  const user = (id: Id): SQL => sql`${isShown(id)} and ${notBlocked(id, viewer)}`
  const post = ({ id, ownerId }: { id: Id; ownerId: Id }): SQL =>
    sql`${user(ownerId)} and ${isNotHiddenPost(id)}`
  /** Whether there is such a post. Reads 1 row. */
  const postOf = (id: Id): SQL =>
    sql`exists (select 1 from posts vp where vp.id = ${id} and ${post({ id: sql`vp.id`, ownerId: sql`vp.owner_id` })})`
  return {
    user,
    post,
    postOf,
    comment: ({ id, ownerId, postId }: { id: Id; ownerId: Id; postId: Id }): SQL =>
      sql`${user(ownerId)} and ${postOf(postId)} and ${isNotHiddenComment(id)}`,
    like: ({ ownerId, postId }: { ownerId: Id; postId: Id }): SQL =>
      sql`${user(ownerId)} and ${postOf(postId)}`,
    follow: ({ ownerId, followedId }: { ownerId: Id; followedId: Id }): SQL =>
      sql`${user(ownerId)} and ${user(followedId)}`,
  }
}

/** What is shown in place of the name of somebody whose account is deleted: no username has a space. */
export const DELETED_USER = 'deleted user'
