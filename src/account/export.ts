/** The content of an export (docs/export.md), produced entry by entry while it is sent. */
import type { Db } from '../db/client'
import type { Bindings } from '../http/env'
import type { ZipEntry } from '../http/zip'
import { findGeneration, getImage } from '../images/store'
import { isAddress } from '../images/url'
import {
  exportedAccount,
  exportedComments,
  exportedFollows,
  exportedLikes,
  exportedMessages,
  exportedNotices,
  exportedPosts,
  exportedReports,
} from './export-queries'

/** What a part may cost: calls to D1 and the bucket, and bytes, whose checksums take time. The last page or image may exceed it. */
export const PART = { calls: 300, bytes: 50_000_000 }

/** The position of the export: the kind, and the ids after which it continues. */
export type Place = readonly [kind: Kind, ...after: number[]]

interface Page {
  rows: object[]
  /** The hashes of the images that the rows show. */
  images: (string | null)[]
  /** Where this kind continues; undefined at its end. */
  next: number[] | undefined
}

type Read = (db: Db, userId: number, after: readonly number[]) => Promise<Page>

const iso = (ms: number) => new Date(ms).toISOString()
const maybeIso = (ms: number | null) => (ms === null ? null : iso(ms))
const file = (key: string | null) => (key === null || isAddress(key) ? key : `images/${key}`)
const postView = (post: { owner: string; title: string; postedAt: number }) => ({
  owner: post.owner,
  title: post.title,
  created: iso(post.postedAt),
})

interface Described {
  image: string | null
  imageWidth: number | null
  imageHeight: number | null
  imageThumbhash: string | null
}
/** The image columns of a row. */
const described = ({ image, imageWidth, imageHeight, imageThumbhash }: Described) => ({
  image: file(image),
  image_width: imageWidth,
  image_height: imageHeight,
  image_thumbhash: imageThumbhash,
})

/** A page of rows ordered by id. */
const page = <Row extends { id: number; image?: string | null }>(
  { rows, isLast }: { rows: Row[]; isLast: boolean },
  view: (row: Row) => object,
): Page => {
  const last = rows.at(-1)
  return {
    rows: rows.map(view),
    images: rows.map(({ image }) => image ?? null),
    next: isLast || !last ? undefined : [last.id],
  }
}

const readFollows =
  (which: 'following' | 'followers'): Read =>
  async (db, userId, [after = 0]) =>
    page(await exportedFollows(db, userId, after, which), ({ username, createdAt }) => ({
      username,
      created: iso(createdAt),
    }))

const KINDS = {
  account: async (db, userId) => {
    const { account, devices } = await exportedAccount(db, userId)
    const sessions = devices.map(({ userAgent, createdAt, lastUsedAt }) => ({
      user_agent: userAgent,
      created: iso(createdAt),
      last_used: iso(lastUsedAt),
    }))
    const row = account && {
      username: account.username,
      email: account.email,
      first_name: account.firstName,
      last_name: account.lastName,
      created: iso(account.createdAt),
      profile: { name: account.name, content: account.content, ...described(account) },
      sessions,
    }
    return { rows: row ? [row] : [], images: [account?.image ?? null], next: undefined }
  },
  posts: async (db, userId, [after = 0]) =>
    page(await exportedPosts(db, userId, after), (post) => ({
      title: post.title,
      content: post.content,
      ...described(post),
      image_filter: post.imageFilter,
      image_alt: post.imageAlt,
      created: iso(post.createdAt),
      updated: iso(post.updatedAt),
    })),
  comments: async (db, userId, [after = 0]) =>
    page(await exportedComments(db, userId, after), (comment) => ({
      post: postView(comment),
      content: comment.content,
      created: iso(comment.createdAt),
      updated: iso(comment.updatedAt),
    })),
  likes: async (db, userId, [after = 0]) =>
    page(await exportedLikes(db, userId, after), (like) => ({
      post: postView(like),
      created: iso(like.createdAt),
    })),
  following: readFollows('following'),
  followers: readFollows('followers'),
  reports: async (db, userId, [after = 0]) =>
    page(await exportedReports(db, userId, after), ({ kind, category, text, createdAt }) => ({
      kind,
      category,
      text,
      created: iso(createdAt),
    })),
  notices: async (db, userId, [after = 0]) =>
    page(await exportedNotices(db, userId, after), (notice) => ({
      action: notice.action,
      reason: notice.reason,
      text: notice.text,
      kind: notice.kind,
      until: maybeIso(notice.until),
      created: iso(notice.createdAt),
      appeal: notice.appeal === null ? null : { text: notice.appeal, created: maybeIso(notice.appealedAt) },
    })),
  messages: async (db, userId, [otherId = 0, messageId = 0]) => {
    const found = await exportedMessages(db, userId, { otherId, messageId })
    const { rows, images, next } = page(found, (message) => ({
      with: message.with,
      is_sender: message.senderId === userId,
      content: message.content,
      ...described(message),
      created: iso(message.createdAt),
      edited: message.editedAt === null ? null : iso(message.editedAt),
    }))
    const { nextOther } = found
    return {
      rows,
      images,
      next: next ? [otherId, ...next] : nextOther === undefined ? undefined : [nextOther, 0],
    }
  },
} as const satisfies Record<string, Read>

export type Kind = keyof typeof KINDS
// Object.keys keeps the order of `KINDS`.
const ORDER = Object.keys(KINDS) as Kind[]

export const START: Place = ['account']

/** Parses a position such as `posts-120`, which clients send back; undefined if it is invalid. */
export function readPlace(text: string): Place | undefined {
  const [kind = '', ...after] = text.split('-')
  if (!Object.hasOwn(KINDS, kind) || !after.every((id) => /^\d{1,15}$/.test(id))) return undefined
  return [kind as Kind, ...after.map(Number)]
}
const writePlace = (place: Place) => place.join('-')

const encoder = new TextEncoder()
const json = (name: string, value: object): ZipEntry => ({
  name: `${name}.json`,
  bytes: encoder.encode(JSON.stringify(value, null, 1)),
})

/** The entries of a part, from this position on. Only one page of rows, or one image, is in memory at a time. */
export async function* exportEntries(
  db: Db,
  env: Bindings,
  userId: number,
  from: Place,
  { calls, bytes } = PART,
): AsyncGenerator<ZipEntry> {
  const sent = new Set<string>()
  let place: Place | undefined = from
  while (place && calls > 0 && bytes > 0) {
    const [kind, ...after]: Place = place
    const { rows, images, next }: Page = await KINDS[kind](db, userId, after)
    calls -= 1
    for (const hash of images) {
      if (hash === null || isAddress(hash) || sent.has(hash)) continue
      sent.add(hash)
      const object = await getImage(env.MEDIA, { hash }, {}, () => findGeneration(db, hash))
      calls -= 1
      // An image that is missing in the bucket is left out.
      if (!object || !('body' in object)) continue
      const image = new Uint8Array(await object.arrayBuffer())
      bytes -= image.length
      yield { name: `images/${hash}`, bytes: image }
    }
    if (rows.length > 0) {
      const entry = json(writePlace(place), { [kind]: rows })
      bytes -= entry.bytes.length
      yield entry
    }
    const following = ORDER[ORDER.indexOf(kind) + 1]
    place = next ? [kind, ...next] : following && [following]
  }
  yield json(`part-${writePlace(from)}`, {
    format: 'edge-social-api 1',
    exported: iso(Date.now()),
    next: place ? writePlace(place) : null,
  })
}
