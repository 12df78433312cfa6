/** Writes what the original's `manage.py loaddata` reads: the objects of a dump, as described by `models.ts`. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { imageKey } from '../../../src/db/image-leases'
import type { Bucket } from '../bucket'
import type { Database, Row } from '../database'
import { readPages } from '../pages'
import type { Show } from '../show'

interface Exported {
  model: string
  query: string
  columns: readonly string[]
  /** Numbered from 1, instead of by the row's id. */
  isNumbered?: boolean
  fields: (row: Record<string, string | number | null>) => Record<string, unknown>
}

const time = (ms: unknown) => new Date(Number(ms)).toISOString()
/** Where the original's storage will look for the file. */
const file = (image: unknown, folder: string) =>
  /^https?:/.test(String(image)) ? image : `${folder}${image}`

const MODELS: readonly Exported[] = [
  {
    model: 'auth.user',
    query: 'users',
    columns: [
      'id',
      'username',
      'email',
      'first_name',
      'last_name',
      'password_hash',
      'is_active',
      'created_at',
    ],
    fields: (user) => ({
      password: passwordOf(String(user.password_hash)),
      last_login: null,
      is_superuser: false,
      // Only the number of an erased account remains.
      username: user.username === '' ? `deleted-${user.id}` : user.username,
      first_name: user.first_name,
      last_name: user.last_name,
      email: user.email,
      is_staff: false,
      is_active: user.is_active === 1,
      date_joined: time(user.created_at),
      groups: [],
      user_permissions: [],
    }),
  },
  {
    model: 'profiles.profile',
    query: 'users',
    // When a user is loaded, a signal of the original creates a profile with this key, so that this object updates it.
    isNumbered: true,
    columns: ['id', 'created_at', 'profile_updated_at', 'profile_name', 'profile_content', 'image'],
    fields: (user) => ({
      owner: user.id,
      created_at: time(user.created_at),
      updated_at: time(user.profile_updated_at),
      name: user.profile_name,
      content: user.profile_content,
      image: user.image === null ? '../default_profile_qdjgyp' : file(user.image, 'images/'),
    }),
  },
  {
    model: 'posts.post',
    query: 'posts',
    columns: ['id', 'owner_id', 'created_at', 'updated_at', 'title', 'content', 'image', 'image_filter'],
    fields: (post) => ({
      owner: post.owner_id,
      created_at: time(post.created_at),
      updated_at: time(post.updated_at),
      title: post.title,
      content: post.content,
      image: post.image === null ? '../default_post_rgq6aq' : file(post.image, 'images/'),
      image_filter: post.image_filter,
    }),
  },
  {
    model: 'comments.comment',
    query: 'comments',
    columns: ['id', 'owner_id', 'post_id', 'created_at', 'updated_at', 'content'],
    fields: (comment) => ({
      owner: comment.owner_id,
      post: comment.post_id,
      created_at: time(comment.created_at),
      updated_at: time(comment.updated_at),
      content: comment.content,
    }),
  },
  {
    model: 'likes.like',
    query: 'likes',
    columns: ['id', 'owner_id', 'post_id', 'created_at'],
    fields: (like) => ({ owner: like.owner_id, post: like.post_id, created_at: time(like.created_at) }),
  },
  {
    model: 'followers.follower',
    query: 'followers',
    columns: ['id', 'owner_id', 'followed_id', 'created_at'],
    fields: (follow) => ({
      owner: follow.owner_id,
      followed: follow.followed_id,
      created_at: time(follow.created_at),
    }),
  },
  {
    model: 'messaging.message',
    query: `(select m.id as id, m.sender_id as sender, c.user_a + c.user_b - m.sender_id as recipient, m.content as content, m.image as image,
      m.created_at as created_at, m.seq <= iif(m.sender_id = c.user_a, c.read_b, c.read_a) as read
      from messages m join conversations c on c.id = m.conversation_id)`,
    columns: ['id', 'sender', 'recipient', 'content', 'image', 'created_at', 'read'],
    fields: (message) => ({
      sender: message.sender,
      recipient: message.recipient,
      content: message.content,
      image: message.image === null ? null : file(message.image, 'image/upload/v1/'),
      timestamp: time(message.created_at),
      read: message.read === 1,
    }),
  },
]

/** In Django's format: Argon2 with a prefix, and `!` for no password. */
const passwordOf = (hash: string) => (hash === '' ? '!' : hash.replace(/^(?=\$argon2)/, 'argon2'))

/** Returns how many objects it has of each model. */
export async function exportDjango(db: Database, path: string, show: Show): Promise<Map<string, number>> {
  const out = openSync(path, 'w')
  const counts = new Map<string, number>()
  let separator = '[\n'
  for (const { model, query, columns, isNumbered, fields } of MODELS) {
    let count = 0
    for await (const rows of readPages(db, { name: query, columns, key: ['id'], ids: [] })) {
      const objects = rows.map((row, i) => {
        const named = nameValues(columns, row)
        return JSON.stringify({ model, pk: isNumbered ? count + i + 1 : named.id, fields: fields(named) })
      })
      writeSync(out, separator + objects.join(',\n'))
      separator = ',\n'
      count += rows.length
      show(`${model}: ${count}`)
    }
    counts.set(model, count)
  }
  writeSync(out, `${separator === ',\n' ? '' : '['}\n]\n`)
  closeSync(out)
  return counts
}

const nameValues = (columns: readonly string[], row: Row) =>
  Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null]))

const ENDINGS: Readonly<Record<string, string>> = {
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/gif': '.gif',
  'image/webp': '.webp',
  'image/avif': '.avif',
}

/** Writes the image files into `images/` below the folder, under the names that the export refers to. Returns how many. */
export async function exportPictures(
  db: Database,
  bucket: Bucket,
  folder: string,
  show: Show,
): Promise<number> {
  let count = 0
  const table = { name: 'images', columns: ['hash', 'generation'], key: ['hash'], ids: [] }
  for await (const rows of readPages(db, table)) {
    for (const [hash, generation] of rows) {
      const image = await bucket.get(imageKey({ hash: String(hash), generation: Number(generation) }))
      if (!image) continue
      const path = join(folder, 'images', `${hash}${ENDINGS[image.type] ?? ''}`)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, image.bytes)
      count++
      show(`Images: ${count}`)
    }
  }
  return count
}
