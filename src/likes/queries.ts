/** Likes in D1. */
import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { fixed, type RowOf, selectList } from '../db/columns'
import { type Created, type Creation, createRow } from '../db/create'
import { newestFirst } from '../db/list-order'
import type { Owned } from '../db/owned'
import type { PageRequest, PageSlice } from '../db/page'
import { likes, posts, users } from '../db/schema'
import { rowCount } from '../db/sequences'
import { build, selectedStatement, selectStatement, statement } from '../db/statements'
import { openId, type ViewerId, visibleTo } from '../db/visibility'
import { END, shownColumns, sliceOf, visibleRows } from '../db/visible-page'

export const OWN_LIKE: Owned = {
  table: likes,
  id: likes.id,
  ownerId: likes.ownerId,
  isThere: (visible) => visible.like(likes),
}

const l = alias(likes, 'l')
const u = alias(users, 'u')

const LIKE = selectList({ id: l.id, owner: u.username, postId: l.postId, createdAt: l.createdAt })
export type LikeRow = RowOf<typeof LIKE>

export const NEWEST_LIKES = newestFirst<LikeRow>('likes', l.id)

const owners = fixed(sql`cross join users u on u.id = l.owner_id`)
const from = fixed(sql`from likes l ${owners}`)
const SHOWN = shownColumns(LIKE)

export interface LikeFilter {
  post?: number | undefined
  owner?: number | undefined
}

export interface LikePage extends PageSlice<LikeRow> {
  /** Whether the post and the user of the filter exist. */
  exists: Record<keyof LikeFilter, boolean>
}

/** Newest first. Reads three rows per like, shown or skipped or hidden, and 8 more. */
export async function listLikes(
  db: Db,
  viewerId: ViewerId,
  { post, owner }: LikeFilter,
  page: PageRequest,
): Promise<LikePage> {
  const order = NEWEST_LIKES.towards(page)
  const visible = visibleTo(viewerId)
  const openOwner = openId(owner, viewerId)
  const conditions = [
    sql`true`,
    post !== undefined && sql`${l.postId} = ${post}`,
    openOwner && sql`${l.ownerId} = ${openOwner}`,
    page.after && order.after(page.after),
  ].filter((condition): condition is SQL => typeof condition === 'object')
  const where = sql`where ${sql.join(conditions, sql` and `)}`
  const kept = countOf(post, openOwner)
  const rows = visibleRows({
    shown: SHOWN,
    candidates: sql`select * from likes l ${where} ${order.orderBy()}`,
    name: sql`l`,
    joins: owners,
    visible: visible.like(l),
    key: [sql`l.id`],
    page,
    kept,
  })
  const [liked, [found]] = await db.batch([
    selectedStatement({ ...LIKE.columns, ...END }, rows),
    selectStatement(
      {
        count: kept,
        ofPost: sql<
          number | null
        >`(select likes_count from posts where id = ${post ?? 0} and ${visible.post(posts)})`,
        ofOwner: sql<
          number | null
        >`(select likes_given_count from users where id = ${owner ?? 0} and ${visible.user(users.id)})`,
      },
      sql``,
    ),
  ])
  const { count, ofPost, ofOwner } = found ?? {}
  return {
    ...sliceOf(liked, page),
    count: count ?? 0,
    exists: { post: ofPost != null, owner: ofOwner != null },
  }
}

/** A filter by both user and post matches at most one like; counts for all other filters are stored. */
function countOf(post: number | undefined, owner: SQL | undefined): SQL<number> {
  if (post === undefined && owner === undefined) return rowCount('likes')
  if (owner === undefined) return sql`coalesce((select likes_count from posts where id = ${post}), 0)`
  if (post === undefined) return sql`coalesce((select likes_given_count from users where id = ${owner}), 0)`
  return sql`(select count(*) from likes where owner_id = ${owner} and post_id = ${post})`
}

/** Reads 3 rows. */
export async function findLike(db: Db, viewerId: ViewerId, id: number): Promise<LikeRow | undefined> {
  const [rows] = await db.batch([
    selectStatement(LIKE, sql`${from} where ${l.id} = ${id} and ${visibleTo(viewerId).like(l)}`),
  ])
  return rows[0]
}

/**
 * Throws `UniqueViolation` for a second like or a used key, `ForeignKeyViolation` for an unknown post. Writes 8 rows, and 2 to notify the post's
 * owner.
 */
export const createLike = (
  db: Db,
  ownerId: number,
  postId: number,
  creation: Creation,
): Promise<Created<LikeRow>> =>
  createRow(db, creation, {
    columns: LIKE,
    insert: () =>
      statement(
        build.insert(likes).values({
          ownerId,
          postId: sql`iif(${visibleTo(ownerId).postOf(sql`${postId}`)}, ${postId}, 0)`,
          createdAt: creation.now,
        }),
      ),
    from: sql`${from} where ${l.ownerId} = ${ownerId} and ${l.postId} = ${postId}`,
  })
