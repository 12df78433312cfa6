/** Turns rows into the same bytes that our API answers with, by hand-written code. */
import type { CommentRow } from '../../src/comments/queries'
import type { FollowerRow } from '../../src/followers/queries'
import { clockTime, isoDate, shortDate, timeAgo, timeOrDate } from '../../src/http/dates'
import type { LikeRow } from '../../src/likes/queries'
import type { MessageRow } from '../../src/messaging/shared/message-row'
import type { ConversationRow } from '../../src/messaging/worker/queries'
import type { PostRow } from '../../src/posts/queries'
import type { ProfileRow } from '../../src/profiles/queries'

export interface AccountRow {
  id: number
  username: string
  email: string
  first_name: string
  last_name: string
  image: string | null
  password_hash: string
}

interface Asked {
  address: string
  origin: string
  viewer: number
  now: number
  /** What cursors of this list begin with, and how many values follow the count. */
  list: { name: string; arity: number } | undefined
}

const face = (origin: string, image: string | null) =>
  origin + (image === null ? '/media/images/default_profile_dqcubz.jpg' : `/media/${image}`)
const photo = (origin: string, image: string | null) =>
  origin + (image === null ? '/media/images/default_post_ovkj9a.jpg' : `/media/${image}`)

const post = (row: PostRow, origin: string, viewer: number) => ({
  id: row.id,
  owner: row.owner,
  is_owner: row.ownerId === viewer,
  profile_id: row.ownerId,
  profile_image: face(origin, row.ownerImage),
  created_at: shortDate(row.createdAt),
  updated_at: shortDate(row.updatedAt),
  created: isoDate(row.createdAt),
  updated: isoDate(row.updatedAt),
  title: row.title,
  content: row.content,
  image: photo(origin, row.image),
  image_filter: row.imageFilter,
  image_alt: row.imageAlt,
  image_width: row.imageWidth,
  image_height: row.imageHeight,
  image_thumbhash: row.imageThumbhash,
  like_id: row.likeId,
  likes_count: row.likesCount,
  comments_count: row.commentsCount,
})

const profile = (row: ProfileRow, origin: string, viewer: number) => ({
  id: row.id,
  owner: row.owner,
  created_at: shortDate(row.createdAt),
  updated_at: shortDate(row.updatedAt),
  created: isoDate(row.createdAt),
  updated: isoDate(row.updatedAt),
  name: row.name,
  content: row.content,
  image: face(origin, row.image),
  is_owner: row.id === viewer,
  following_id: row.followingId,
  posts_count: row.postsCount,
  followers_count: row.followersCount,
  following_count: row.followingCount,
  posts: JSON.parse(row.newestImages).map((image: string | null) => photo(origin, image)),
  user_id: row.id,
})

const comment = (row: CommentRow, origin: string, viewer: number, now: number) => ({
  id: row.id,
  owner: row.owner,
  is_owner: row.ownerId === viewer,
  profile_id: row.ownerId,
  profile_image: face(origin, row.ownerImage),
  post: row.postId,
  created_at: timeAgo(row.createdAt, now),
  updated_at: timeAgo(row.updatedAt, now),
  created: isoDate(row.createdAt),
  updated: isoDate(row.updatedAt),
  content: row.content,
})

const conversation = (row: ConversationRow, origin: string, now: number) => ({
  id: row.id,
  username: row.username,
  recipient_profile_image: face(origin, row.image),
  last_message: row.lastContent,
  last_message_time: timeOrDate(row.lastAt, now),
  last_message_at: isoDate(row.lastAt),
  unread_count: row.unread,
  seq: row.seq,
})

const message = (row: MessageRow, origin: string, viewer: number, now: number) => ({
  id: row.id,
  sender: row.senderId,
  recipient: row.recipientId,
  content: row.content,
  image: row.image === null ? null : photo(origin, row.image),
  date: shortDate(row.createdAt),
  time: clockTime(row.createdAt),
  timestamp: isoDate(row.createdAt),
  edited_at: row.editedAt === null ? null : isoDate(row.editedAt),
  seq: row.seq,
  read: row.isRead === 1,
  sender_profile_image: face(origin, row.senderImage),
  recipient_profile_image: face(origin, row.recipientImage),
  is_sender: row.senderId === viewer,
  last_message: row.lastContent,
  last_message_time: timeOrDate(row.lastAt, now),
})

const like = (row: LikeRow) => ({
  id: row.id,
  created_at: shortDate(row.createdAt),
  created: isoDate(row.createdAt),
  updated: isoDate(row.createdAt),
  owner: row.owner,
  post: row.postId,
})

const follow = (row: FollowerRow) => ({
  id: row.id,
  owner: row.owner,
  created_at: shortDate(row.createdAt),
  created: isoDate(row.createdAt),
  updated: isoDate(row.createdAt),
  followed: row.followedId,
  followed_name: row.followedName,
})

export const account = (row: AccountRow, origin: string) => ({
  pk: row.id,
  username: row.username,
  email: row.email,
  first_name: row.first_name,
  last_name: row.last_name,
  profile_id: row.id,
  profile_image: face(origin, row.image),
})

/** The answer to a POST. */
export function created(section: string, row: unknown, origin: string, viewer: number): unknown {
  if (section === 'likes') return like(row as LikeRow)
  if (section === 'followers') return follow(row as FollowerRow)
  if (section === 'messages') return message(row as MessageRow, origin, viewer, Date.now())
  if (section === 'posts') return post(row as PostRow, origin, viewer)
  return comment(row as CommentRow, origin, viewer, Date.now())
}

/** The answer to a GET: a list with its next page, or one item. */
export function read(section: string, rows: Record<string, unknown>[][], asked: Asked): unknown {
  const { address, origin, viewer, now } = asked
  const [found = [], counts] = rows as [never[], { count: number }[]]
  switch (section) {
    case 'messages':
      if (!counts) return (found as ConversationRow[]).map((row) => conversation(row, origin, now))
      return page(asked, found as MessageRow[], counts, 50, (row) => message(row, origin, viewer, now))
    case 'comments':
      return page(asked, found as CommentRow[], counts ?? [], 20, (row) => comment(row, origin, viewer, now))
    case 'profiles':
      if (!counts) return profile(found[0] as unknown as ProfileRow, origin, viewer)
      return page(asked, found as ProfileRow[], counts, 20, (row) => profile(row, origin, viewer))
    default:
      if (!address.includes('?') && !counts) return post(found[0] as unknown as PostRow, origin, viewer)
      return page(asked, found as PostRow[], counts ?? [], 20, (row) => post(row, origin, viewer))
  }
}

function page<Row extends { id: number; sortKey?: number }>(
  { address, origin, list }: Asked,
  rows: Row[],
  counts: { count: number }[],
  size: number,
  view: (row: Row) => unknown,
) {
  const shown = rows.slice(0, size)
  const count = counts[0]?.count ?? 0
  const at = address.indexOf('cursor=')
  const end = at < 0 ? -1 : address.indexOf('&', at)
  const given = at < 0 ? '' : address.slice(at + 7, end < 0 ? undefined : end)
  const link = (name: string, row: Row | undefined) => {
    if (!row || !list) return null
    const position = list.arity === 1 ? [row.id] : [row.sortKey, row.id]
    const cursor = btoa(JSON.stringify([name, count, ...position]))
      .replace(/\+/g, '-')
      .replace(/\//g, '_')
      .replace(/=+$/, '')
    return at < 0
      ? `${origin}${address}${address.includes('?') ? '&' : '?'}cursor=${cursor}`
      : `${origin}${address.slice(0, at)}cursor=${cursor}${end < 0 ? '' : address.slice(end)}`
  }
  return {
    count,
    next: rows.length > size ? link(list?.name ?? '', shown.at(-1)) : null,
    previous: given === '' ? null : link(`${list?.name}:back`, shown[0]),
    results: shown.map(view),
  }
}
