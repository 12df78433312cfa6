import { deletedAccounts, users } from '../schema'
import { nameOf, tableOf } from './triggers'
import type { Kept } from './value'

const HELD_DAYS = 30

/**
 * Names that accounts have given up by renaming. The name of a deleted account is held by its row instead, and free once that gives it up. The
 * database itself refuses to give a held name to somebody else, in the words of the UNIQUE constraint that it would break if the account
 * still had it.
 */
export function heldUsernames(): Kept {
  const [table, name] = [tableOf(users.id), nameOf(users.usernameKey)]
  const hold = `INSERT INTO \`held_usernames\` (username_key, user_id, until)
    SELECT OLD.${name}, OLD.id, unixepoch() * 1000 + ${HELD_DAYS * 86_400_000} WHERE NOT EXISTS
      (SELECT 1 FROM \`${tableOf(deletedAccounts.userId)}\` WHERE user_id = OLD.id)
    ON CONFLICT (username_key) DO UPDATE SET user_id = excluded.user_id, until = excluded.until`
  const refuse = `SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM \`held_usernames\`
    WHERE username_key = NEW.${name} AND user_id <> NEW.id AND until > unixepoch() * 1000`
  return {
    values: [],
    effects: [
      { table, on: 'insert', where: users.usernameKey, statements: [refuse] },
      { table, on: 'update', where: users.usernameKey, statements: [refuse, hold] },
    ],
  }
}
