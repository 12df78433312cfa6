/** Lists of posts that no index gives as they are: one table leads, the rest filters. */
import { type SQL, sql } from 'drizzle-orm'
import { COUNT_LIMIT, type PageRequest } from '../db/page'
import { p } from './queries'
import { ftsQuery, matchesAll, unindexed } from './search'
import { isByOwnLikes, type PostFilter, type PostOrder, SORT_COLUMNS, type Source } from './selection'

/** The table that the list begins with. */
interface Lead {
  from: SQL
  /** What adds `posts p` to it. */
  posts: SQL
  where: SQL | undefined
  /** The filter that is thereby applied. */
  applies?: keyof PostFilter
  /** The post's id by the lead's own column: named in an order, it spares SQLite to sort what comes in order already. */
  id: SQL
}

/** The posts of one page by any filter, search and ordering. */
export function filteredList(
  filter: PostFilter,
  order: PostOrder,
  { after, limit, offset }: PageRequest,
): Source {
  const lead = leadOf(filter, order)
  const words = lead.applies === 'words' ? unindexed(filter.words) : filter.words
  const users = sql`cross join users u on u.id = p.owner_id`
  const filters = conditions({
    ...filter,
    words,
    ...(lead.applies && lead.applies !== 'words' && { [lead.applies]: undefined }),
  })
  const where = (...more: SQL[]) => {
    const all = [...(lead.where ? [lead.where] : []), ...filters, ...more]
    return all.length > 0 ? sql`where ${sql.join(all, sql` and `)}` : sql``
  }
  const filtered = sql`${lead.from} ${lead.posts} ${words.length > 0 ? users : sql``}`
  const count = sql<number>`(select count(*) from
    (select 1 from ${filters.length > 0 ? filtered : lead.from} ${where()} limit ${COUNT_LIMIT}))`

  const { list } = order
  const page = sql`limit ${limit} offset ${offset}`
  if (list.arity === 1) {
    const key = [isByOwnLikes(filter, order.field) ? sql`l.id` : lead.id]
    const rows = (columns: SQL) => sql`select ${columns}, ${key[0]} as "sortKey"
      from ${lead.from} ${lead.posts} ${users} ${where(...(after ? [list.after(after, key)] : []))}
      ${list.orderBy(key)} ${page}`
    return { rows, count }
  }
  // All that matches is sorted, so of each row only what the order needs is read.
  const rows = (columns: SQL) => sql`select ${columns}, s.k as "sortKey"
    from (select p.id, ${SORT_COLUMNS[order.field]} as k from ${filtered} ${where(...(after ? [list.after(after)] : []))}
      ${list.orderBy()} ${page}) s
    cross join posts p on p.id = s.id ${users} ${list.orderBy([sql`s.k`, p.id])}`
  return { rows, count }
}

/** The narrowest table that gives the order; where none does, the one that gives the fewest rows. */
function leadOf(filter: PostFilter, order: PostOrder): Lead {
  const { owner, followedBy, likedBy } = filter
  const match = isByOwnLikes(filter, order.field) ? undefined : ftsQuery(filter.words)
  if (match !== undefined) {
    // The owner's name narrows the search inside the index, which holds it too.
    const query =
      owner === undefined
        ? sql`${match}`
        : sql`(select ${match} || iif(length(username_key) < 3, '',
            ' AND owner : "' || replace(username_key, '"', '""') || '"') from users where id = ${owner})`
    return {
      from: sql`post_search`,
      posts: sql`cross join posts p on p.id = post_search.rowid`,
      where: sql`post_search match ${query}`,
      applies: 'words',
      id: sql`post_search.rowid`,
    }
  }
  if (likedBy !== undefined) {
    return {
      from: sql`likes l`,
      posts: sql`cross join posts p on p.id = l.post_id`,
      where: sql`l.owner_id = ${likedBy}`,
      applies: 'likedBy',
      id: sql`l.post_id`,
    }
  }
  if (followedBy !== undefined && owner === undefined && order.field !== 'created_at') {
    return {
      from: sql`followers f cross join posts p on p.owner_id = f.followed_id`,
      posts: sql``,
      where: sql`f.owner_id = ${followedBy}`,
      applies: 'followedBy',
      id: sql`p.id`,
    }
  }
  return { from: sql`posts p`, posts: sql``, where: undefined, id: sql`p.id` }
}

/** What `posts p`, and for words `users u`, must fulfil. */
function conditions({ owner, followedBy, likedBy, words }: PostFilter): SQL[] {
  return [
    owner !== undefined && sql`p.owner_id = ${owner}`,
    followedBy !== undefined &&
      sql`exists (select 1 from followers where owner_id = ${followedBy} and followed_id = p.owner_id)`,
    likedBy !== undefined && sql`exists (select 1 from likes where owner_id = ${likedBy} and post_id = p.id)`,
    words.length > 0 && matchesAll(words),
  ].filter((condition) => condition !== false)
}
