/**
 * Who sees what: only this file decides, with conditions for every list, detail and creation.
 *
 *   nobody sees   deleted and suspended accounts, and what belongs to them                                 `isShown`
 *                 posts and comments hidden by moderators, and what is on those posts
 *   blocked       if one user blocks the other, neither sees anything of the other, nor what is on the other's
 *                 posts                                                                                    `notBlocked`
 *   followers     see the posts, likes and follows of a private account; others only its profile, and its comments on
 *                 others' posts                                                                            `isOpen`
 *   a muter       does not see what muted users write, in lists that do not request these users            `notMuted`
 *
 * Blocks, hidden posts and the like have their own tables: D1 charges only for rows that it finds, so visible things cost none.
 */
import { type Column, type SQL, sql } from 'drizzle-orm'

/** The viewer's id; undefined if nobody is signed in. */
export type ViewerId = number | undefined

type Id = Column | SQL

/** Known ids are written into the SQL: a list that names the viewer dozens of times would exceed D1's 100 parameters. */
function inSql(id: Id | number): Id {
  if (typeof id !== 'number') return id
  if (!Number.isSafeInteger(id)) throw new TypeError('an id must be an integer')
  return sql.raw(String(id))
}

/** Whether the account of this user is not deleted. */
export const isNotDeleted = (userId: Id): SQL =>
  sql`not exists (select 1 from deleted_accounts vd where vd.user_id = ${userId})`

/** Whether the account is not suspended, or no longer. */
export const isNotSuspended = (userId: Id): SQL =>
  sql`not exists (select 1 from suspended_accounts vs where vs.user_id = ${userId} and vs.until > unixepoch() * 1000)`

/** Whether anybody at all may see the account. */
export const isShown = (userId: Id): SQL => sql`(${isNotDeleted(userId)} and ${isNotSuspended(userId)})`

/** Whether lists that do not request this user may show the account. */
export const isNotSilenced = (userId: Id): SQL =>
  sql`not exists (select 1 from silenced_accounts vl where vl.user_id = ${userId})`

/** Whether moderators have not hidden this post. */
export const isNotHiddenPost = (postId: Id): SQL =>
  sql`not exists (select 1 from hidden_posts vh where vh.post_id = ${postId})`

/** Whether moderators have not hidden this comment. */
const isNotHiddenComment = (commentId: Id): SQL =>
  sql`not exists (select 1 from hidden_comments vc where vc.comment_id = ${commentId})`

const TRUE = sql.raw('true')

/** Whether the first user does not block the second. */
export const doesNotBlock = (userId: Id | number, other: Id | number): SQL =>
  sql`not exists (select 1 from blocks vb where vb.owner_id = ${inSql(userId)} and vb.blocked_id = ${inSql(other)})`

/** Whether neither user blocks the other. */
export const notBlocked = (userId: Id, viewer: ViewerId | SQL): SQL =>
  viewer === undefined ? TRUE : sql`${doesNotBlock(viewer, userId)} and ${doesNotBlock(userId, viewer)}`

/** Whether the viewer may see what a private account reserves for its followers; true for public accounts. */
export const isOpen = (userId: Id | number, viewer: ViewerId): SQL => {
  const id = inSql(userId)
  const isPublic = sql`not exists (select 1 from private_accounts vpa where vpa.user_id = ${id})`
  if (viewer === undefined) return isPublic
  return sql`(${isPublic} or ${id} = ${inSql(viewer)}
    or exists (select 1 from followers vf where vf.owner_id = ${inSql(viewer)} and vf.followed_id = ${id}))`
}

/** The viewer's access to an account: `closed` if `isOpen` is false. Reads 1 row if it is private, and the viewer's follow. */
export type Access = 'public' | 'private' | 'closed'

export const accessTo = (id: Id, viewer: ViewerId) =>
  sql<Access>`case when not exists (select 1 from private_accounts vpa where vpa.user_id = ${id}) then 'public'
    when ${viewer === undefined ? sql.raw('false') : sql`${id} = ${inSql(viewer)} or exists (select 1 from followers vf where vf.owner_id = ${inSql(viewer)} and vf.followed_id = ${id})`}
    then 'private' else 'closed' end`

/** The id of the user whose posts, likes or follows a list shows; 0, which no user has, if the viewer may not see them. */
export const openId = (userId: number | undefined, viewer: ViewerId): SQL | undefined =>
  userId === undefined ? undefined : sql`iif(${isOpen(userId, viewer)}, ${inSql(userId)}, 0)`

/** Whether the viewer does not mute this user. */
export const notMuted = (userId: Id, viewer: ViewerId): SQL =>
  viewer === undefined
    ? TRUE
    : sql`not exists (select 1 from mutes vm where vm.owner_id = ${inSql(viewer)} and vm.muted_id = ${userId})`

/** Whether the first user may start a conversation with the second. */
export const mayWriteTo = (userId: number, otherId: number): SQL =>
  sql`not exists (select 1 from message_policies vmp where vmp.user_id = ${otherId} and not (vmp.policy = 'following'
    and exists (select 1 from followers vf where vf.owner_id = ${otherId} and vf.followed_id = ${userId})))`

/** What the viewer may see, as conditions on rows with these columns. For anything else the answer is the same as for an id that does not exist. */
export function visibleTo(viewer: ViewerId) {
  const user = (id: Id): SQL => sql`${isShown(id)} and ${notBlocked(id, viewer)}`
  /** The owner is visible, and open to the viewer. */
  const open = (ownerId: Id): SQL => sql`${user(ownerId)} and ${isOpen(ownerId, viewer)}`
  const post = ({ id, ownerId }: { id: Id; ownerId: Id }): SQL =>
    sql`${open(ownerId)} and ${isNotHiddenPost(id)}`
  /** Whether the viewer may see the post of this id. Reads 1 row. */
  const postOf = (id: Id): SQL =>
    sql`exists (select 1 from posts vp where vp.id = ${id} and ${post({ id: sql`vp.id`, ownerId: sql`vp.owner_id` })})`
  return {
    user,
    open,
    post,
    postOf,
    comment: ({ id, ownerId, postId }: { id: Id; ownerId: Id; postId: Id }): SQL =>
      sql`${user(ownerId)} and ${postOf(postId)} and ${isNotHiddenComment(id)}`,
    like: ({ ownerId, postId }: { ownerId: Id; postId: Id }): SQL =>
      sql`${open(ownerId)} and ${postOf(postId)}`,
    follow: ({ ownerId, followedId }: { ownerId: Id; followedId: Id }): SQL =>
      viewer === undefined
        ? sql`${open(ownerId)} and ${open(followedId)}`
        : sql`${user(ownerId)} and ${user(followedId)} and (${inSql(viewer)} in (${ownerId}, ${followedId})
          or (${isOpen(ownerId, viewer)} and ${isOpen(followedId, viewer)}))`,
  }
}

/** Shown instead of a deleted account's name. No username contains a space. */
export const DELETED_USER = 'deleted user'
