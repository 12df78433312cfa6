/**
 * Lists of profiles whose order no index gives: by follow time, by several fields, or filtered in any order but newest first. They show only
 * the newest `SORTED` profiles, sorted: an index of follow times would cost each follow two more rows. With both filters, a page examines `SCANNED`
 * follows, and the next page continues where it stopped.
 */
import { type SQL, sql } from 'drizzle-orm'
import { limits, type PageRequest } from '../db/page'
import { type ViewerId, visibleTo } from '../db/visibility'
import type { Shown } from '../db/visible-page'
import type { ProfileOrder } from './order'

/** How many of the list's newest profiles are sorted if no index gives the order. */
const SORTED = 300
/** How many hidden profiles may precede the last of them. */
const PASSED_OVER = 100
/** How many follows a page of a list with two filters examines. */
const SCANNED = 200

export interface Source {
  /** With `end`: see `visible-page.ts`. */
  rows: SQL
  /** Null if unknown. */
  count: SQL<number | null>
  /** The last user examined, if the limit was reached. */
  end?: SQL<number | null>
}

export const isNewestFirst = ({ by, list }: ProfileOrder) => by === 'id' && list.keys[0].descending

/** Profiles, and the id that defines which are the newest. */
interface Sortable {
  candidates: SQL
  name: SQL
  joins?: SQL
  visible: SQL
  id: SQL
}

/** The newest of these profiles, sorted. Without `kept`, the size of the whole list, those in the window are counted. */
export function sorted(
  shown: Shown,
  { candidates, name, joins = sql``, visible, id }: Sortable,
  order: ProfileOrder,
  page: PageRequest,
  kept?: SQL<number>,
): Source {
  const list = order.list.towards(page)
  const key = (i: number) => sql.raw(`k${i}`)
  const keys = order.columns.map((_, i) => sql`s.${key(i)}`)
  const values = order.columns.map((column, i) => sql`${column} as ${key(i)}`)
  const newest = sql`from (${candidates} order by ${id} desc limit ${SORTED + PASSED_OVER}) ${name} ${joins}
    where ${visible} limit ${SORTED}`
  const behind = page.after ? sql`where ${list.after(page.after, keys)}` : sql``
  const size = kept && sql<number>`min(${kept}, ${SORTED})`
  return {
    rows: sql`select ${shown.sql}, 0 as "end" from
      (select * from (select u.id, ${sql.join(values, sql`, `)} ${newest}) s ${behind} ${list.orderBy(keys)} ${limits(page, size)}) s
      cross join users u on u.id = s.id ${list.orderBy(keys)}`,
    count: size ?? sql`(select count(*) from (select 1 ${newest}))`,
  }
}

/** Those of the first user's newest followers whom the second user follows. */
export function bothFilters(
  shown: Shown,
  viewerId: ViewerId,
  { following, followedBy }: { following: SQL; followedBy: SQL },
  order: ProfileOrder,
  page: PageRequest,
): Source {
  const id = sql`f.owner_id`
  const visible = visibleTo(viewerId)
  const isFollowed = sql`exists (select 1 from followers where owner_id = ${followedBy} and followed_id = f.owner_id)
    and ${visible.follow({ ownerId: id, followedId: following })}
    and ${visible.follow({ ownerId: followedBy, followedId: id })}`
  const list = isNewestFirst(order) ? order.list.towards(page) : undefined
  const behind = page.after && list ? sql`and ${list.after(page.after, [id])}` : sql``
  const all = sql`select f.owner_id from followers f where f.followed_id = ${following} ${behind}`
  const joins = sql`cross join users u on u.id = ${id}`
  if (!list) {
    const looked = sql`select * from (${all} order by ${id} desc limit ${SCANNED}) f`
    return sorted(shown, { candidates: looked, name: sql`f`, joins, visible: isFollowed, id }, order, page)
  }
  const follows = sql`${all} ${list.orderBy([id])}`
  const looked = sql`(${follows} limit ${SCANNED}) f`
  const end = sql<number | null>`(${follows} limit 1 offset ${SCANNED - 1})`
  return {
    // The order of the follows is kept, because they come first in the join and each has one user.
    rows: sql`select ${shown.sql}, 0 as "end" from ${looked} ${joins} where ${isFollowed} ${limits(page)}`,
    // The size of a longer list is unknown: counting would mean examining all of it.
    count: page.after
      ? sql`null`
      : sql`iif(${end} is null, (select count(*) from ${looked} where ${isFollowed}), null)`,
    end,
  }
}
