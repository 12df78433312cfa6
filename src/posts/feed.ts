/** A user's feed: the posts of the accounts they follow, newest (or oldest) first. */
import { type SQL, sql } from 'drizzle-orm'
import { COUNT_LIMIT, type PageRequest } from '../db/page'
import { NEVER } from '../db/schema'
import { selectStatement } from '../db/statements'
import { isNotHiddenPost, notMuted, type ViewerId, visibleTo } from '../db/visibility'

/** A feed of more accounts is not merged account by account. */
const MAX_MERGED = 200
/** How many of all posts a page of such a feed examines; and a sorted page, which is read twice: to show and to count. */
const LOOKED_AT = 500
const SORTED_LOOKED_AT = 300

/** The position that a feed is read from. */
export interface FeedPart {
  viewerId: ViewerId
  followedBy: number | SQL
  descending: boolean
  after: PageRequest['after']
}

export const followsMany = (followedBy: number | SQL) =>
  sql`(select following_count > ${MAX_MERGED} from users where id = ${followedBy})`

/** Whether the viewer is shown posts of this user in a feed. */
const shownTo = (viewerId: ViewerId) => (userId: SQL) =>
  sql`${visibleTo(viewerId).open(userId)} and ${notMuted(userId, viewerId)}`

/** The id after which this part begins. */
const startOf = ({ descending, after }: FeedPart): SQL =>
  after
    ? sql`cast(${after[0]} as integer)`
    : descending
      ? sql`(select coalesce(max(id), 0) + 1 from posts)`
      : sql`0`

/**
 * `select id`: the first `limit` posts of the feed, including hidden ones, unless many accounts are followed.
 *
 * The queue starts with the newest post of each followed account, and each post taken out is replaced by the next of the same account. The cost
 * depends on the number of followed accounts, not on how often they post: two rows for each, and three for each post. A user who follows more than
 * `MAX_MERGED` is likely to follow the author of a new post: for them, a page examines the newest `LOOKED_AT` of all posts, two rows for each,
 * and the next page continues where it stopped (`feedEnd`).
 */
export function feedQueue(part: FeedPart, limit: number, isSorted = false): SQL {
  const { viewerId, followedBy, descending } = part
  const [extreme, beyond, none] = descending ? [sql`max`, sql`<`, 0] : [sql`min`, sql`>`, NEVER]
  const start = startOf(part)
  const direction = descending ? sql`desc` : sql`asc`
  const next = (owner: SQL, id: SQL) =>
    sql`coalesce((select ${extreme}(id) from posts where owner_id = ${owner} and id ${beyond} ${id}), ${none})`
  const shown = shownTo(viewerId)
  // Empty ranges, because false conditions would still read the rows.
  const many = followsMany(followedBy)
  const looks = isSorted ? SORTED_LOOKED_AT : LOOKED_AT
  const range = descending
    ? sql`posts.id < ${start} and posts.id >= iif(${many}, ${start} - ${looks}, ${start})`
    : sql`posts.id > ${start} and posts.id <= iif(${many}, ${start} + ${looks}, ${start})`
  return sql`with recursive queue(id, owner_id) as (
      select ${next(sql`followers.followed_id`, start)}, followers.followed_id from followers
        where followers.owner_id = iif(${many}, 0, ${followedBy}) and ${shown(sql`followers.followed_id`)}
      union all
      select posts.id, null from posts where ${range} and exists
        (select 1 from followers where owner_id = ${followedBy} and followed_id = posts.owner_id) and ${shown(sql`posts.owner_id`)}
        and ${isNotHiddenPost(sql`posts.id`)}
      union all
      select ${next(sql`queue.owner_id`, sql`queue.id`)}, queue.owner_id from queue
        where queue.id <> ${none} and queue.owner_id is not null
      order by 1 ${direction} limit ${limit})
    select id from queue where id <> ${none}`
}

/** The id up to which posts were examined, if there may be more after it. */
export function feedEnd(part: FeedPart): SQL<number | null> {
  const start = startOf(part)
  const end = part.descending
    ? sql`iif(${start} - ${LOOKED_AT} > 1, ${start} - ${LOOKED_AT}, null)`
    : sql`iif(${start} + ${LOOKED_AT} < (select max(id) from posts), ${start} + ${LOOKED_AT}, null)`
  return sql`iif(${followsMany(part.followedBy)}, ${end}, null)`
}

/** Counts up to `COUNT_LIMIT`, which it returns for users who follow many. Reads two rows for each followed account. */
export const feedCount = (viewerId: ViewerId, followedBy: number | SQL) =>
  sql<number>`iif(${followsMany(followedBy)}, ${COUNT_LIMIT}, (select min(${COUNT_LIMIT}, coalesce(sum(users.posts_count), 0))
  from followers cross join users on users.id = followers.followed_id where followers.owner_id = ${followedBy}
    and ${shownTo(viewerId)(sql`users.id`)}))`

/** How many new posts are reported, among the newest `LOOKED_AT` of all. */
export const NEW_POSTS = 100

/** The statement that finds the posts of a feed newer than this one, newest first. Reads 1 row for each of all posts since then, at most 500, and 1 for each found. */
export const newPostsStatement = (viewerId: number, since: number) =>
  selectStatement(
    { id: sql<number>`p.id` },
    sql`from (select id, owner_id from posts where id > ${since} order by id desc limit ${LOOKED_AT}) p
      where exists (select 1 from followers where owner_id = ${viewerId} and followed_id = p.owner_id)
        and ${shownTo(viewerId)(sql`p.owner_id`)} and ${isNotHiddenPost(sql`p.id`)} limit ${NEW_POSTS}`,
  )

/** The statement that finds the newest of all posts. Reads 1 row. */
export const newestPostStatement = () =>
  selectStatement({ id: sql<number>`coalesce(max(id), 0)` }, sql`from posts`)
