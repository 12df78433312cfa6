import { users } from '../schema'
import { nameOf, tableOf } from './triggers'
import type { Kept } from './value'

/**
 * Names that nobody may take, as an admin has set. The database itself refuses them, in the words of the UNIQUE constraint, so that no code
 * that creates or renames has to think of them; whoever has one keeps it.
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
