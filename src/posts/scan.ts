/** Lists of posts that no index gives as they are: one table leads, the rest filters. */
import { type SQL, sql } from 'drizzle-orm'
import { COUNT_LIMIT, type Window } from '../db/window'
import { ftsQuery, matchesAll, unindexed } from './search'
import { direction, type PostFilter, type PostOrder, type Source, sortColumn } from './selection'

/** The table that a scan begins with. */
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

/** The posts of one window by any filter, search and ordering. */
export function scan(filter: PostFilter, order: PostOrder, { after, limit, offset }: Window): Source {
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
  const counted = sql`(select count(*) from
    (select 1 from ${filters.length > 0 ? filtered : lead.from} ${where()} limit ${COUNT_LIMIT}))`

  const [k, id = 0] = after ?? []
  const beyond = order.descending ? sql`<` : sql`>`
  const unique = uniqueKey(filter, order, lead)
  if (unique) {
    // D1 binds numbers as floats; the search index begins at a place that is an integer, and else reads from its start.
    const behind = k === undefined ? [] : [sql`${unique} ${beyond} cast(${k} as integer)`]
    const rows = (columns: SQL) => sql`select ${columns}, ${unique} as "sortKey"
      from ${lead.from} ${lead.posts} ${users} ${where(...behind)}
      order by ${unique} ${direction(order)} limit ${limit} offset ${offset}`
    return { rows, counted }
  }
  const key = sql`p.${sortColumn(order)}`
  const behind = k === undefined ? [] : [sql`(${key} ${beyond} ${k} or (${key} = ${k} and p.id < ${id}))`]
  // All that matches is sorted, so of each row only what the order needs is read.
  const rows = (columns: SQL) => sql`select ${columns}, s.k as "sortKey"
    from (select p.id, ${key} as k from ${filtered} ${where(...behind)}
      order by k ${direction(order)}, p.id desc limit ${limit} offset ${offset}) s
    cross join posts p on p.id = s.id ${users} order by s.k ${direction(order)}, p.id desc`
  return { rows, counted }
}

/** With a filter by likes, the ordering by likes means these likes. */
const byOwnLikes = (filter: PostFilter, order: PostOrder) =>
  filter.likedBy !== undefined && order.key === 'likes__created_at'

/** A key that no two rows share needs no tie-break, and without one SQLite begins at the cursor's place in the index. */
function uniqueKey(filter: PostFilter, order: PostOrder, lead: Lead): SQL | undefined {
  if (byOwnLikes(filter, order)) return sql`l.id`
  return order.key === 'created_at' ? lead.id : undefined
}

/** The narrowest table that gives the order; where none does, the one that gives the fewest rows. */
function leadOf(filter: PostFilter, order: PostOrder): Lead {
  const { owner, followedBy, likedBy } = filter
  const match = byOwnLikes(filter, order) ? undefined : ftsQuery(filter.words)
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
  if (followedBy !== undefined && owner === undefined && order.key !== 'created_at') {
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
