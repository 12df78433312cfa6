/** The feed of somebody: the posts of those whom they follow, newest (or oldest) first. */
import { type SQL, sql } from 'drizzle-orm'
import { COUNT_LIMIT, type PageRequest } from '../db/page'
import { NEVER } from '../db/schema'
import { selectStatement } from '../db/statements'
import { isNotHiddenPost, notMuted, type ViewerId, visibleTo } from '../db/visibility'

/** The feed of who follows more is not put together account by account. */
const MAX_MERGED = 200
/** How many posts of anybody a page of such a feed looks at, and one that is sorted, which is read twice: to show and to count. */
const LOOKED_AT = 500
const SORTED_LOOKED_AT = 300

/** From where a feed is read. */
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

/** The id behind which this part begins. */
const startOf = ({ descending, after }: FeedPart): SQL =>
  after
    ? sql`cast(${after[0]} as integer)`
    : descending
      ? sql`(select coalesce(max(id), 0) + 1 from posts)`
      : sql`0`

/**
 * `select id`: the first posts of the feed, `limit` of them; those that moderators have hidden among them, unless many are followed.
 *
 * The newest post of each account followed goes into the queue, and whichever comes out is replaced by the next of the same account. What is read
 * depends on how many are followed, not on how much or how little they post: two rows for each, and three for each post. Who follows more than
 * `MAX_MERGED` is likely to follow the author of a new post: for them the newest posts of all are looked at, two rows for each, `LOOKED_AT` for a
 * page, and the next page goes on where this one stopped (`feedEnd`).
 */
export function feedQueue(part: FeedPart, limit: number, isSorted = false): SQL {
  const { viewerId, followedBy, descending } = part
  const [extreme, beyond, none] = descending ? [sql`max`, sql`<`, 0] : [sql`min`, sql`>`, NEVER]
  const start = startOf(part)
  const direction = descending ? sql`desc` : sql`asc`
  const next = (owner: SQL, id: SQL) =>
    sql`coalesce((select ${extreme}(id) from posts where owner_id = ${owner} and id ${beyond} ${id}), ${none})`
  const shown = shownTo(viewerId)
  // Ranges that are empty, as conditions that are false would be found out by reading.
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

/** The id up to which posts were looked at, where there may be more behind it. */
export function feedEnd(part: FeedPart): SQL<number | null> {
  const start = startOf(part)
  const end = part.descending
    ? sql`iif(${start} - ${LOOKED_AT} > 1, ${start} - ${LOOKED_AT}, null)`
    : sql`iif(${start} + ${LOOKED_AT} < (select max(id) from posts), ${start} + ${LOOKED_AT}, null)`
  return sql`iif(${followsMany(part.followedBy)}, ${end}, null)`
}

/** Up to `COUNT_LIMIT`, which it says for whoever follows many. Reads two rows for each account followed. */
export const feedCount = (viewerId: ViewerId, followedBy: number | SQL) =>
  sql<number>`iif(${followsMany(followedBy)}, ${COUNT_LIMIT}, (select min(${COUNT_LIMIT}, coalesce(sum(users.posts_count), 0))
  from followers cross join users on users.id = followers.followed_id where followers.owner_id = ${followedBy}
    and ${shownTo(viewerId)(sql`users.id`)}))`

/** So many new posts are told of, among the newest `LOOKED_AT` of all. */
export const NEW_POSTS = 100

/** The statement that finds the posts of a feed behind this one, newest first. Reads 1 row for each post of anybody since then, 500 at most, and 1 for each found. */
export const newPostsStatement = (viewerId: number, since: number) =>
  selectStatement(
    { id: sql<number>`p.id` },
    sql`from (select id, owner_id from posts where id > ${since} order by id desc limit ${LOOKED_AT}) p
      where exists (select 1 from followers where owner_id = ${viewerId} and followed_id = p.owner_id)
        and ${shownTo(viewerId)(sql`p.owner_id`)} and ${isNotHiddenPost(sql`p.id`)} limit ${NEW_POSTS}`,
  )

/** The statement that finds the newest post of all. Reads 1 row. */
export const newestPostStatement = () =>
  selectStatement({ id: sql<number>`coalesce(max(id), 0)` }, sql`from posts`)
