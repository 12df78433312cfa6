/**
 * Who sees what: the one place that says so, as conditions for every list, detail and creation.
 *
 *   nobody sees   accounts that their owners have deleted, or that are suspended, and what is theirs       `isShown`
 *                 posts and comments that moderators have hidden, and what is on those posts
 *   one of two    people of whom one blocks the other see nothing of each other, nor what is on the other's
 *                 posts                                                                                    `notBlocked`
 *   followers     see the posts, likes and follows of a private account; others its profile, and what it says under
 *                 posts of others                                                                          `isOpen`
 *   a muter       is not shown what the muted write, in lists that do not ask for it                       `notMuted`
 *
 * D1 counts only the rows that it finds, and what hides has tables of its own: whoever is shown costs no row.
 */
import { type Column, type SQL, sql } from 'drizzle-orm'

/** Who asks; undefined where nobody is signed in. */
export type ViewerId = number | undefined

type Id = Column | SQL

/** Ids that are known stand in the SQL as they are: a list that names the viewer dozens of times would have too many parameters (100). */
function inSql(id: Id | number): Id {
  if (typeof id !== 'number') return id
  if (!Number.isSafeInteger(id)) throw new TypeError('an id must be an integer')
  return sql.raw(String(id))
}

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
export const doesNotBlock = (userId: Id | number, other: Id | number): SQL =>
  sql`not exists (select 1 from blocks vb where vb.owner_id = ${inSql(userId)} and vb.blocked_id = ${inSql(other)})`

/** Whether neither of the two blocks the other. */
export const notBlocked = (userId: Id, viewer: ViewerId | SQL): SQL =>
  viewer === undefined ? TRUE : sql`${doesNotBlock(viewer, userId)} and ${doesNotBlock(userId, viewer)}`

/** Whether what this user keeps for followers, if they do, is for the viewer. */
export const isOpen = (userId: Id | number, viewer: ViewerId): SQL => {
  const id = inSql(userId)
  const isPublic = sql`not exists (select 1 from private_accounts vpa where vpa.user_id = ${id})`
  if (viewer === undefined) return isPublic
  return sql`(${isPublic} or ${id} = ${inSql(viewer)}
    or exists (select 1 from followers vf where vf.owner_id = ${inSql(viewer)} and vf.followed_id = ${id}))`
}

/** What an account is for the viewer: `closed` where `isOpen` is false. Reads 1 row where it is private, and the viewer's follow. */
export type Access = 'public' | 'private' | 'closed'

export const accessTo = (id: Id, viewer: ViewerId) =>
  sql<Access>`case when not exists (select 1 from private_accounts vpa where vpa.user_id = ${id}) then 'public'
    when ${viewer === undefined ? sql.raw('false') : sql`${id} = ${inSql(viewer)} or exists (select 1 from followers vf where vf.owner_id = ${inSql(viewer)} and vf.followed_id = ${id})`}
    then 'private' else 'closed' end`

/** The id of a user whose posts, likes or follows a list is of; 0, which nobody has, where these are not for the viewer. */
export const openId = (userId: number | undefined, viewer: ViewerId): SQL | undefined =>
  userId === undefined ? undefined : sql`iif(${isOpen(userId, viewer)}, ${inSql(userId)}, 0)`

/** Whether the viewer does not mute this user. */
export const notMuted = (userId: Id, viewer: ViewerId): SQL =>
  viewer === undefined
    ? TRUE
    : sql`not exists (select 1 from mutes vm where vm.owner_id = ${inSql(viewer)} and vm.muted_id = ${userId})`

/** Whether this user may begin a conversation with the other. */
export const mayWriteTo = (userId: number, otherId: number): SQL =>
  sql`not exists (select 1 from message_policies vmp where vmp.user_id = ${otherId} and not (vmp.policy = 'following'
    and exists (select 1 from followers vf where vf.owner_id = ${otherId} and vf.followed_id = ${userId})))`

/** What there is for this viewer, as conditions on rows that have these columns. Whoever asks for what is not there is told what they would be if nobody had it. */
export function visibleTo(viewer: ViewerId) {
  const user = (id: Id): SQL => sql`${isShown(id)} and ${notBlocked(id, viewer)}`
  /** Of somebody who is there, and open. */
  const open = (ownerId: Id): SQL => sql`${user(ownerId)} and ${isOpen(ownerId, viewer)}`
  const post = ({ id, ownerId }: { id: Id; ownerId: Id }): SQL =>
    sql`${open(ownerId)} and ${isNotHiddenPost(id)}`
  /** Whether there is such a post. Reads 1 row. */
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

/** What is shown in place of the name of somebody whose account is deleted: no username has a space. */
export const DELETED_USER = 'deleted user'
