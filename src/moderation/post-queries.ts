/**
 * Posts as staff find them: those that anybody may see, and those that are hidden or whose owners are suspended. Not those of private accounts:
 * whoever looks at one opens its case, which leaves a trace.
 */
import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { type RowOf, selectList } from '../db/columns'
import { inListOrder, ListOrder } from '../db/list-order'
import { limits, type PageRequest, type PageSlice } from '../db/page'
import { hiddenPosts, posts, users } from '../db/schema'
import { selectStatement } from '../db/statements'
import { isNotDeleted, isOpen } from '../db/visibility'
import { ftsQuery } from '../posts/search'

/** Of a post so much is shown in a list, in characters. */
const EXCERPT = 300
/** These lists are counted up to here. */
export const POST_COUNT_LIMIT = 300

const p = alias(posts, 'p')
const u = alias(users, 'u')
const h = alias(hiddenPosts, 'h')

const STAFF_POST = selectList({
  id: p.id,
  ownerId: p.ownerId,
  owner: u.username,
  title: p.title,
  excerpt: sql<string>`substr(${p.content}, 1, ${sql.raw(String(EXCERPT))})`,
  image: p.image,
  isSensitive: p.isSensitive,
  createdAt: p.createdAt,
  isHidden: sql<number>`${h.postId} is not null`,
  eraseAt: sql<number | null>`${h.eraseAt}`,
})
export type StaffPostRow = RowOf<typeof STAFF_POST>

export interface StaffPostFilter {
  /** Folded, each of three characters or more. */
  words: string[]
  owner: number | undefined
  isHidden: boolean
}

/** The id by the column in whose order the rows come anyway. */
const orderBy = (id: SQL) =>
  new ListOrder<StaffPostRow>('staff-posts', [{ column: id, descending: true, of: (row) => row.id }])
export const NEWEST_STAFF_POSTS = orderBy(sql`p.id`)

/** What the list begins with: `posts p` and `hidden_posts h`, the id, and the condition. */
function source({ words, owner, isHidden }: StaffPostFilter): { from: SQL; id: SQL; where: SQL } {
  if (isHidden)
    return {
      from: sql`hidden_posts h cross join posts p on p.id = h.post_id`,
      id: sql`h.post_id`,
      where: sql`true`,
    }
  const state = sql`left join hidden_posts h on h.post_id = p.id`
  const match = ftsQuery(words, owner)
  if (match)
    return {
      from: sql`post_search cross join posts p on p.id = post_search.rowid ${state}`,
      id: sql`post_search.rowid`,
      where: sql`post_search match ${match}`,
    }
  return {
    from: sql`posts p ${state}`,
    id: sql`p.id`,
    where: owner === undefined ? sql`true` : sql`p.owner_id = ${owner}`,
  }
}

/** Newest first. Reads four rows for each, shown or skipped, and three for each that is counted. */
export async function listStaffPosts(
  db: Db,
  filter: StaffPostFilter,
  page: PageRequest,
  now: number,
): Promise<PageSlice<StaffPostRow>> {
  const { from, id, where } = source(filter)
  // What its owner has deleted is nobody's any more, though it is not erased yet.
  const shown = sql`${where} and ${isNotDeleted(sql`p.owner_id`)} and ${isOpen(sql`p.owner_id`, undefined)}
    and (h.erase_at is null or h.erase_at > ${now})`
  const order = orderBy(id).towards(page)
  const behind = page.after ? sql`and ${order.after(page.after)}` : sql``
  const [rows, [counted]] = await db.batch([
    selectStatement(
      STAFF_POST,
      sql`from ${from} cross join users u on u.id = p.owner_id where ${shown} ${behind} ${order.orderBy()} ${limits(page)}`,
    ),
    selectStatement(
      {
        count:
          page.count === undefined
            ? sql<number>`(select count(*) from (select 1 from ${from} where ${shown} limit ${POST_COUNT_LIMIT}))`
            : sql<number>`${page.count}`,
      },
      sql``,
    ),
  ])
  return { rows: inListOrder(rows, page), ...(counted && { count: counted.count }) }
}
