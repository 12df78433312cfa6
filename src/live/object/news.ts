/** Compares the state in D1 with what a socket has been told, and gives the frames that are due. */
import type { Bindings } from '../../http/env'
import { imageUrlsAt } from '../../images/url'
import { type NotificationRow, WINDOW } from '../../notifications/queries'
import { grouped } from '../../notifications/shared/group-view'
import { notificationView } from '../../notifications/shared/view'
import type { FrameOf, ServerFrame } from '../shared/frames'
import { type Attachment, seqOf } from './sockets'
import type { State } from './state-queries'

/** The shortest interval between two frames about new posts. */
const FEED_EVERY_MS = 10_000
/** How many new posts a frame names. */
const NAMED_POSTS = 20
/** How many groups of notifications a frame holds. */
const MAX_GROUPS = 20

interface News {
  frames: ServerFrame[]
  /** The part of the attachment that changes once the frames are sent. */
  told: Partial<Attachment>
}

/** `digest`: of the conversations, if `state` includes them. */
export function newsFor(
  attachment: Attachment,
  state: State,
  { env, digest, now }: { env: Bindings; digest: string | undefined; now: number },
): News {
  const frames: ServerFrame[] = []
  const told: Partial<Attachment> = { unread: state.unread }

  const notification = notificationFrame(attachment, state, env)
  if (notification) frames.push(notification)
  const { seq } = notification ?? attachment.notified
  told.notified = { ...state.marks, seq }

  if (state.rest && digest !== undefined && digest !== attachment.conversations) {
    frames.push({
      type: 'ready',
      seq,
      unread: state.unread,
      conversations: state.rest.conversations.newest,
      posts: attachment.feed.since,
    })
    told.conversations = digest
  } else if (!isSame(state.unread, attachment.unread)) frames.push({ type: 'unread', unread: state.unread })

  const feed = state.rest && feedFrame(attachment, state.rest.newPosts, now)
  if (feed) {
    frames.push(feed)
    told.feed = { ...attachment.feed, count: feed.count, newest: feed.posts[0] ?? 0, at: now }
  }
  return { frames, told }
}

function notificationFrame(
  { notified, origin }: Attachment,
  { marks, news }: State,
  env: Bindings,
): FrameOf<'notification'> | undefined {
  const isNew = ({ kind, seq }: NotificationRow) =>
    // D1's clock may have moved on between the two statements.
    kind === 'like' ? seq > notified.likes && seq <= marks.likes : seq > notified.newest
  const rows = news.filter(isNew)
  const { groups } = grouped(rows, { seenTo: 0, likesSeenTo: 0 }, MAX_GROUPS + 1)
  if (groups.length === 0) return undefined
  const isMore = rows.length > WINDOW || groups.length > MAX_GROUPS
  const urls = imageUrlsAt(env, origin)
  return {
    type: 'notification',
    seq: seqOf(marks),
    prev: notified.seq,
    notifications: isMore ? null : groups.map((group) => notificationView(group, urls)),
  }
}

function feedFrame({ feed }: Attachment, newPosts: number[], now: number): FrameOf<'feed'> | undefined {
  const posts = newPosts.filter((id) => id > feed.since)
  const isTold = posts.length === feed.count && (posts[0] ?? 0) === feed.newest
  if (isTold || now - feed.at < FEED_EVERY_MS) return undefined
  return { type: 'feed', since: feed.since, count: posts.length, posts: posts.slice(0, NAMED_POSTS) }
}

const isSame = (one: Attachment['unread'], other: Attachment['unread']) =>
  one.notifications === other.notifications &&
  one.messages === other.messages &&
  one.requests === other.requests
