import type { Column } from 'drizzle-orm'
import { accountHidings, comments, deletedAccounts, followers, likes, suspendedAccounts } from '../schema'
import { type Effect, nameOf, tableOf } from './triggers'
import type { Kept } from './value'

/** Tables with a row for each account that is not there. */
const HIDING = [deletedAccounts.userId, suspendedAccounts.userId]

/** Flags of rows that say that an account is not there, and the columns that say which. */
const FLAGS: readonly [flag: Column, of: Column][] = [
  [likes.isOwnerHidden, likes.ownerId],
  [comments.isOwnerHidden, comments.ownerId],
  [followers.isOwnerHidden, followers.ownerId],
  [followers.isFollowedHidden, followers.followedId],
]

/** SQL: whether the account of this id is not there. */
export const isAccountHidden = (userId: string): string =>
  `(${HIDING.map((column) => `exists (select 1 from ${tableOf(column)} where ${nameOf(column)} = ${userId})`).join(' or ')})`

const again = 'likes_to = 0, comments_to = 0, following_to = 0, followers_to = 0'

/**
 * Whoever hides an account or shows it again, its own likes, comments and follows are to follow (`account-hidings.ts`): here that is noted, from the
 * beginning, as they may be on their way to the contrary.
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
        // In pieces, by the job.
        repair: [`insert into ${queue} (user_id) select distinct ${id} from ${wrong}`],
      }
    }),
    effects: HIDING.flatMap((column): Effect[] => [
      { table: tableOf(column), on: 'insert', statements: [note('NEW')] },
      { table: tableOf(column), on: 'delete', statements: [note('OLD')] },
    ]),
  }
}
