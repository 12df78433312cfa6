/** Follows in D1: `owner` follows `followed`. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { type Columns, fixed, selectList } from '../db/columns'
import { type IdempotencyKey, rememberRow } from '../db/idempotency'
import { rowCount } from '../db/ids'
import { selectKnown } from '../db/known'
import { followers } from '../db/schema'
import type { Listed, Window } from '../db/window'

export interface FollowerRow {
  id: number
  owner: string
  followedId: number
  followedName: string
  createdAt: number
}

const columns: Columns = {
  id: sql`f.id`,
  owner: sql`o.username`,
  followedId: sql`f.followed_id`,
  followedName: sql`d.username`,
  createdAt: sql`f.created_at`,
}
const from = sql`from followers f cross join users o on o.id = f.owner_id cross join users d on d.id = f.followed_id`
const selected = fixed(sql`select ${selectList(columns)} ${from}`)
const select = (rest: SQL) => sql`${selected} ${rest}`

export interface FollowerFilter {
  owner?: number | undefined
  followed?: number | undefined
}

export interface FollowerPage extends Listed<FollowerRow> {
  /** Those users of the filter who exist. */
  known: Set<number>
}

/**
 * Newest first. Reads three rows per follow shown and 6 more; with `owner` also one for each account that they follow, as their
 * follows are not kept by age (a follow may write eight rows and no more).
 */
export async function listFollowers(
  db: Db,
  { owner, followed }: FollowerFilter,
  { limit, offset, after }: Window,
): Promise<FollowerPage> {
  const conditions = [
    owner !== undefined && sql`f.owner_id = ${owner}`,
    followed !== undefined && sql`f.followed_id = ${followed}`,
    after?.[0] !== undefined && sql`f.id < ${after[0]}`,
  ].filter((condition) => condition !== false)
  const where = conditions.length > 0 ? sql`where ${sql.join(conditions, sql` and `)}` : sql``
  const newest = sql`${where} order by f.id desc limit ${limit} offset ${offset}`
  // All that somebody follows is sorted, so only the ids of it are read.
  const page =
    owner === undefined
      ? newest
      : sql`where f.id in (select f.id from followers f ${newest}) order by f.id desc`
  const [rows, counts, users] = await db.batch([
    db.rows<FollowerRow>(select(page)),
    db.rows<{ count: number | null }>(sql`select ${counted({ owner, followed })} as count`),
    selectKnown(db, [owner, followed]),
  ])
  return { rows, count: counts[0]?.count ?? 0, known: new Set(users.map(({ id }) => id)) }
}

function counted({ owner, followed }: FollowerFilter): SQL {
  if (owner === undefined && followed === undefined) return rowCount('followers')
  if (owner === undefined) return sql`(select followers_count from users where id = ${followed})`
  if (followed === undefined) return sql`(select following_count from users where id = ${owner})`
  return sql`(select count(*) from followers where owner_id = ${owner} and followed_id = ${followed})`
}

/** Reads 3 rows. */
export async function findFollower(db: Db, id: number): Promise<FollowerRow | undefined> {
  const [rows] = await db.batch([db.rows<FollowerRow>(select(sql`where f.id = ${id}`))])
  return rows[0]
}

/** Throws `UniqueViolation` for a second follow or a used key, `ForeignKeyViolation` for no such user. Writes 8 rows. */
export async function createFollower(
  db: Db,
  ownerId: number,
  followedId: number,
  { key, now }: { key: IdempotencyKey | undefined; now: number },
): Promise<FollowerRow | undefined> {
  const created = sql`where f.owner_id = ${ownerId} and f.followed_id = ${followedId}`
  const [, rows] = await db.batch([
    db.build.insert(followers).values({ ownerId, followedId, createdAt: now }),
    db.rows<FollowerRow>(select(created)),
    ...(key ? [rememberRow(db, key, columns, sql`${from} ${created}`, now)] : []),
  ])
  return rows[0]
}
