import type { Trigger } from './triggers'

/** Rows that are deleted with a user's row, by the column that references it. */
const OWNED = [
  ['posts', 'owner_id'],
  ['comments', 'owner_id'],
  ['likes', 'owner_id'],
  ['followers', 'owner_id'],
  ['followers', 'followed_id'],
  ['blocks', 'owner_id'],
  ['blocks', 'blocked_id'],
  ['follow_requests', 'owner_id'],
  ['follow_requests', 'followed_id'],
  ['mutes', 'owner_id'],
  ['mutes', 'muted_id'],
  ['conversations', 'user_a'],
  ['conversations', 'user_b'],
  ['notifications', 'recipient_id'],
] as const

const exists = ([table, column]: (typeof OWNED)[number]) =>
  `EXISTS (SELECT 1 FROM \`${table}\` WHERE ${column} = OLD.id)`

/** The audit log is append-only. */
export const logGuards: Trigger[] = (['UPDATE', 'DELETE'] as const).map((event) => ({
  name: `moderation_actions_no_${event.toLowerCase()}`,
  table: 'moderation_actions',
  sql: `CREATE TRIGGER \`moderation_actions_no_${event.toLowerCase()}\` BEFORE ${event} ON \`moderation_actions\` BEGIN
  SELECT RAISE(ABORT, 'the log of moderation is only added to');
END`,
}))

/**
 * Refuses to delete a user who still has any data: that single statement would write as many rows as the user has posts, likes and comments.
 * Accounts are erased in pieces (`account/erase-queries.ts`), and the user's row stays.
 */
export const userGuard: Trigger = {
  name: 'users_guarded',
  table: 'users',
  sql: `CREATE TRIGGER \`users_guarded\` BEFORE DELETE ON \`users\` WHEN ${OWNED.map(exists).join('\n    OR ')} BEGIN
  SELECT RAISE(ABORT, 'a user is erased in pieces: npm run erase');
END`,
}
