/**
 * Likes, comments and follows of a hidden account count for nothing: a flag on each of these rows says so, and triggers adjust the counts of
 * others (`kept/counts.ts`). A trigger notes that an account was hidden or restored (`kept/hidden-accounts.ts`). Pieces of bounded size then set the
 * flags: the first piece in the request itself, which suffices for most accounts, the others in the scheduled job.
 */
import { and, eq, gt, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Db } from './client'
import { isAccountHidden } from './kept/hidden-accounts'
import { nameOf } from './kept/triggers'
import { accountHidings, comments, followers, likes, NEVER } from './schema'
import { build, type Statement, statement, writeStatement } from './statements'

/** Rows of each kind in a piece. Each causes up to six more writes, in counts and their indexes, and a statement should write 2,000 at most. */
export const TURNED_AT_ONCE = 240
/** The most pieces in one run of the job. */
const MAX_PIECES = 100

interface Kind {
  table: SQLiteTable
  id: SQLiteColumn
  owner: SQLiteColumn
  flag: SQLiteColumn
  doneTo: SQLiteColumn
}

const KINDS: readonly Kind[] = [
  {
    table: likes,
    id: likes.id,
    owner: likes.ownerId,
    flag: likes.isOwnerHidden,
    doneTo: accountHidings.likesTo,
  },
  {
    table: comments,
    id: comments.id,
    owner: comments.ownerId,
    flag: comments.isOwnerHidden,
    doneTo: accountHidings.commentsTo,
  },
  {
    table: followers,
    id: followers.id,
    owner: followers.ownerId,
    flag: followers.isOwnerHidden,
    doneTo: accountHidings.followingTo,
  },
  {
    table: followers,
    id: followers.id,
    owner: followers.followedId,
    flag: followers.isFollowedHidden,
    doneTo: accountHidings.followersTo,
  },
]

/** One piece of every kind; does nothing if nothing is noted. Send it in one batch, with the statement that hides or restores the account. */
export function turnStatements(userId: number): Statement[] {
  const isOf = eq(accountHidings.userId, userId)
  const isHidden = sql.raw(isAccountHidden(String(Number(userId))))
  const name = (column: SQLiteColumn) => sql.identifier(nameOf(column))
  /** Ids that have not been processed. */
  const next = ({ table, owner, doneTo }: Kind, rest: SQL) =>
    sql`(select id from ${table} where ${name(owner)} = ${userId}
      and id > (select ${name(doneTo)} from account_hidings where user_id = ${userId}) order by id limit ${rest})`
  return [
    ...KINDS.map((kind) =>
      writeStatement(sql`update ${kind.table} set ${name(kind.flag)} = ${isHidden}
        where id in ${next(kind, sql`${TURNED_AT_ONCE}`)} and ${name(kind.flag)} is not ${isHidden}`),
    ),
    writeStatement(
      sql`update account_hidings set ${sql.join(
        KINDS.map(
          (kind) =>
            sql`${name(kind.doneTo)} = coalesce(${next(kind, sql`1 offset ${TURNED_AT_ONCE - 1}`)}, ${NEVER})`,
        ),
        sql`, `,
      )} where user_id = ${userId}`,
    ),
    statement(build.delete(accountHidings).where(and(isOf, ...KINDS.map(({ doneTo }) => eq(doneTo, NEVER))))),
  ]
}

/** The scheduled job, for all accounts; it continues where it stopped. An account that fails does not delay the others. */
export async function turnHiddenAccounts(db: Db, maxPieces = MAX_PIECES): Promise<void> {
  let pieces = 0
  for (let last = 0; pieces < maxPieces; ) {
    const [[next]] = await db.batch([
      statement(
        build
          .select({ userId: accountHidings.userId })
          .from(accountHidings)
          .where(gt(accountHidings.userId, last))
          .orderBy(accountHidings.userId)
          .limit(1),
      ),
    ])
    if (!next) return
    last = next.userId
    try {
      for (let isDone = false; !isDone && pieces < maxPieces; pieces++)
        isDone = await turnPiece(db, next.userId)
    } catch (error) {
      console.error(
        JSON.stringify({ error: 'An account could not be hidden or shown yet.', why: String(error) }),
      )
    }
  }
}

/** Returns whether this was the account's last piece. */
async function turnPiece(db: Db, userId: number): Promise<boolean> {
  const results: unknown[] = await db.batch([
    ...turnStatements(userId),
    statement(
      build
        .select({ userId: accountHidings.userId })
        .from(accountHidings)
        .where(eq(accountHidings.userId, userId)),
    ),
  ])
  return (results.at(-1) as unknown[]).length === 0
}

/** The first piece, in the request that restored the account; if it fails, the job does it. */
export async function turnFirstPiece(db: Db, userId: number): Promise<void> {
  await db.batch(turnStatements(userId))
}
