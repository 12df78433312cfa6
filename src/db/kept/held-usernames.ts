import { deletedAccounts, users } from '../schema'
import { nameOf, tableOf } from './triggers'
import type { Kept } from './value'

const HELD_DAYS = 30

/**
 * Names that accounts gave up by renaming. A deleted account's name is held by its row instead, until the row releases it. The
 * database itself refuses a held name to other users, with the message of the UNIQUE constraint that would be violated if the account
 * still had it. Names that look like a held one are held too.
 */
export function heldUsernames(): Kept {
  const [table, name, look] = [tableOf(users.id), nameOf(users.usernameKey), nameOf(users.usernameSkeleton)]
  const hold = `INSERT INTO \`held_usernames\` (username_key, user_id, until)
    SELECT coalesce(OLD.${look}, OLD.${name}), OLD.id, unixepoch() * 1000 + ${HELD_DAYS * 86_400_000} WHERE NOT EXISTS
      (SELECT 1 FROM \`${tableOf(deletedAccounts.userId)}\` WHERE user_id = OLD.id)
    ON CONFLICT (username_key) DO UPDATE SET user_id = excluded.user_id, until = excluded.until`
  const refuse = `SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM \`held_usernames\`
    WHERE username_key IN (NEW.${name}, NEW.${look}) AND user_id <> NEW.id AND until > unixepoch() * 1000`
  return {
    values: [],
    effects: [
      { table, on: 'insert', where: users.usernameKey, statements: [refuse] },
      { table, on: 'update', where: users.usernameKey, statements: [refuse, hold] },
    ],
  }
}
