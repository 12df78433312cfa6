import type { Column } from 'drizzle-orm'
import { accountHidings, comments, deletedAccounts, followers, likes, suspendedAccounts } from '../schema'
import { type Effect, nameOf, tableOf } from './triggers'
import type { Kept } from './value'

/** Tables with a row for each hidden account. */
const HIDING = [deletedAccounts.userId, suspendedAccounts.userId]

/** The flags that mark rows of hidden accounts, and the columns with the account's id. */
const FLAGS: readonly [flag: Column, of: Column][] = [
  [likes.isOwnerHidden, likes.ownerId],
  [comments.isOwnerHidden, comments.ownerId],
  [followers.isOwnerHidden, followers.ownerId],
  [followers.isFollowedHidden, followers.followedId],
]

/** SQL: whether the account with this id is hidden. */
export const isAccountHidden = (userId: string): string =>
  `(${HIDING.map((column) => `exists (select 1 from ${tableOf(column)} where ${nameOf(column)} = ${userId})`).join(' or ')})`

const again = 'likes_to = 0, comments_to = 0, following_to = 0, followers_to = 0'

/**
 * When an account is hidden or restored, its likes, comments and follows must be processed (`account-hidings.ts`). These triggers note that, from the
 * beginning, because processing in the opposite direction may be unfinished.
 */
export function hiddenAccounts(): Kept {
  const queue = tableOf(accountHidings.userId)
  const note = (row: 'NEW' | 'OLD') =>
    `INSERT INTO \`${queue}\` (user_id) VALUES (${row}.user_id) ON CONFLICT (user_id) DO UPDATE SET ${again}`
  return {
    values: FLAGS.map(([flag, of]) => {
      const [table, name, id] = [tableOf(flag), nameOf(flag), nameOf(of)]
      const wrong = `${table} t where ${name} is not ${isAccountHidden(`t.${id}`)} and ${id} not in (select user_id from ${queue})`
      return {
        name: `${table}.${name}`,
        differences: `select id as key, ${name} as kept, ${isAccountHidden(`t.${id}`)} as truth from ${wrong}`,
        // The job does this in pieces.
        repair: [`insert into ${queue} (user_id) select distinct ${id} from ${wrong}`],
      }
    }),
    effects: HIDING.flatMap((column): Effect[] => [
      { table: tableOf(column), on: 'insert', statements: [note('NEW')] },
      { table: tableOf(column), on: 'delete', statements: [note('OLD')] },
    ]),
  }
}
