/**
 * Who is shown: the one place that says so, as a condition for every list, detail and creation.
 *
 * An account that its owner has deleted is hidden from that moment, and stays so while it is erased and after. D1 counts only what it finds in the
 * index: whoever is shown costs no row.
 */
import { type Column, type SQL, sql } from 'drizzle-orm'

/** Whether the account of this user is not deleted. */
export const isShown = (userId: Column | SQL): SQL =>
  sql`not exists (select 1 from deleted_accounts vd where vd.user_id = ${userId})`

/** Whether there is such a post, of an account that is shown. Reads 1 row. */
export const isShownPost = (postId: Column | SQL): SQL =>
  sql`exists (select 1 from posts vp where vp.id = ${postId} and ${isShown(sql`vp.owner_id`)})`

/** What is shown in place of the name of somebody whose account is deleted: no username has a space. */
export const DELETED_USER = 'deleted user'
