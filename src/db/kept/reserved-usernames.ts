import { users } from '../schema'
import { nameOf, tableOf } from './triggers'
import type { Kept } from './value'

/**
 * Names that admins have reserved. The database itself refuses them, with the message of the UNIQUE constraint, so that no code
 * that creates or renames users needs to check; existing owners keep theirs.
 */
export function reservedUsernames(): Kept {
  const [table, name] = [tableOf(users.id), nameOf(users.usernameKey)]
  const refuse = `SELECT RAISE(ABORT, 'UNIQUE constraint failed: users.username_key') FROM \`settings\`, json_each(\`settings\`.value) reserved
    WHERE \`settings\`.name = 'reserved_names' AND reserved.value = NEW.${name}`
  return {
    values: [],
    effects: [
      { table, on: 'insert', where: users.usernameKey, statements: [refuse] },
      { table, on: 'update', where: users.usernameKey, statements: [refuse] },
    ],
  }
}
