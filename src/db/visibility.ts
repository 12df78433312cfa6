/**
 * Who and what is shown: the one place that says so, as a condition for every list, detail and creation.
 *
 * An account that its owner has deleted is hidden from that moment, and stays so while it is erased and after; one that is suspended for as
 * long as that lasts; a post or comment while moderators have it hidden. D1 counts only what it finds in the index: what is shown costs no row.
 */
import { type Column, type SQL, sql } from 'drizzle-orm'

/** Whether the account of this user is not deleted. */
export const isNotDeleted = (userId: Column | SQL): SQL =>
  sql`not exists (select 1 from deleted_accounts vd where vd.user_id = ${userId})`

/** Whether it is not suspended, or not any more. */
export const isNotSuspended = (userId: Column | SQL): SQL =>
  sql`not exists (select 1 from suspended_accounts vs where vs.user_id = ${userId} and vs.until > unixepoch() * 1000)`

/** Whether the account of this user is shown. */
export const isShown = (userId: Column | SQL): SQL =>
  sql`(${isNotDeleted(userId)} and ${isNotSuspended(userId)})`

/** Whether moderators have not hidden this post. */
export const isNotHiddenPost = (postId: Column | SQL): SQL =>
  sql`not exists (select 1 from hidden_posts vh where vh.post_id = ${postId})`

/** Whether moderators have not hidden this comment. */
export const isNotHiddenComment = (commentId: Column | SQL): SQL =>
  sql`not exists (select 1 from hidden_comments vc where vc.comment_id = ${commentId})`

/** Whether there is such a post, which is shown, of an account that is shown. Reads 1 row. */
export const isShownPost = (postId: Column | SQL): SQL =>
  sql`exists (select 1 from posts vp where vp.id = ${postId} and ${isShown(sql`vp.owner_id`)} and ${isNotHiddenPost(sql`vp.id`)})`

/** What is shown in place of the name of somebody whose account is deleted: no username has a space. */
export const DELETED_USER = 'deleted user'
