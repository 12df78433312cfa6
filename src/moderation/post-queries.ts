/**
 * Posts as staff find them: public posts, hidden posts, and posts of suspended users. Not those of private accounts: to see one, staff
 * must open its case, which is logged.
 */
import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { type RowOf, selectList } from '../db/columns'
import { newestFirst } from '../db/list-order'
import type { PageRequest, PageSlice } from '../db/page'
import { hiddenPosts, posts, users } from '../db/schema'
import { selectedStatement, selectStatement } from '../db/statements'
import { isNotDeleted, isOpen } from '../db/visibility'
import { END, shownColumns, sliceOf, visibleRows } from '../db/visible-page'
import { ftsQuery } from '../posts/search'

/** How much of a post a list shows, in characters. */
const EXCERPT = 300
/** The count of these lists stops here. */
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
const SHOWN = shownColumns(STAFF_POST)

export interface StaffPostFilter {
  /** Folded; each has three characters or more. */
  words: string[]
  owner: number | undefined
  isHidden: boolean
}

export const NEWEST_STAFF_POSTS = newestFirst<StaffPostRow>('staff-posts', p.id)

/** The list's FROM, its column that holds the post's id, and its condition. */
function source({ words, owner, isHidden }: StaffPostFilter): { from: SQL; id: SQL; where: SQL } {
  if (isHidden) return { from: sql`hidden_posts`, id: sql`hidden_posts.post_id`, where: sql`true` }
  const match = ftsQuery(words, owner)
  if (match)
    return { from: sql`post_search`, id: sql`post_search.rowid`, where: sql`post_search match ${match}` }
  const where = owner === undefined ? sql`true` : sql`posts.owner_id = ${owner}`
  return { from: sql`posts`, id: sql`posts.id`, where }
}

const POSTS = sql`cross join posts p on p.id = s.id left join hidden_posts h on h.post_id = p.id`

/** Newest first. Reads five rows for each post shown or skipped, and four for each counted. */
export async function listStaffPosts(
  db: Db,
  filter: StaffPostFilter,
  page: PageRequest,
  now: number,
): Promise<PageSlice<StaffPostRow>> {
  const { from, id, where } = source(filter)
  // Leaves out what users have deleted themselves, although it is not erased yet.
  const shown = sql`${isNotDeleted(sql`p.owner_id`)} and ${isOpen(sql`p.owner_id`, undefined)}
    and (h.erase_at is null or h.erase_at > ${now})`
  const order = NEWEST_STAFF_POSTS.towards(page)
  const behind = page.after ? sql`and ${order.after(page.after, [id])}` : sql``
  const rows = visibleRows({
    shown: SHOWN,
    candidates: sql`select ${id} as id from ${from} where ${where} ${behind} ${order.orderBy([id])}`,
    name: sql`s`,
    joins: sql`${POSTS} cross join users u on u.id = p.owner_id`,
    visible: shown,
    key: [sql`s.id`],
    page,
  })
  const [found, [counted]] = await db.batch([
    selectedStatement({ ...STAFF_POST.columns, ...END }, rows),
    selectStatement(
      {
        count:
          page.count === undefined
            ? sql<number>`(select iif(count(*) = ${POST_COUNT_LIMIT}, count(*), coalesce(sum(shown), 0)) from
                (select ${shown} as shown from (select ${id} as id from ${from} where ${where} limit ${POST_COUNT_LIMIT}) s ${POSTS}))`
            : sql<number>`${page.count}`,
      },
      sql``,
    ),
  ])
  return { ...sliceOf<StaffPostRow>(found, page), ...(counted && { count: counted.count }) }
}
