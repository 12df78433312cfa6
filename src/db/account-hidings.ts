/**
 * What somebody likes, comments and follows counts for nothing while their account is not there: each such row says so itself, and the counts
 * of others follow by trigger (`kept/counts.ts`). A trigger also notes that an account has gone or come back (`kept/hidden-accounts.ts`), and pieces
 * of bounded size turn the rows: the first in the request that hides or shows it, which for most is all of it, the others by the scheduled job.
 */
import { and, eq, gt, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Db } from './client'
import { isAccountHidden } from './kept/hidden-accounts'
import { nameOf } from './kept/triggers'
import { accountHidings, comments, followers, likes, NEVER } from './schema'
import { build, type Statement, statement, writeStatement } from './statements'

/** Of each kind in a piece. A row takes up to six others along in counts and their indexes, and a statement is to write 2,000 at most. */
export const TURNED_AT_ONCE = 240
/** Pieces of one run of the job. */
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

/** A piece of all kinds: nothing where nothing is noted. To be sent in one batch, with what has hidden the account or shown it. */
export function turnStatements(userId: number): Statement[] {
  const isOf = eq(accountHidings.userId, userId)
  const isHidden = sql.raw(isAccountHidden(String(Number(userId))))
  const name = (column: SQLiteColumn) => sql.identifier(nameOf(column))
  /** Ids that have not been looked at. */
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

/** Goes on with all accounts: a job, which goes on where it stopped. An account that fails keeps none of the others waiting. */
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

/** Whether that was the last. */
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

/** The first piece, in the request that has shown the account again: should it fail, the job does it. */
export async function turnFirstPiece(db: Db, userId: number): Promise<void> {
  await db.batch(turnStatements(userId))
}
