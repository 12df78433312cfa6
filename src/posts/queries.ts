/** Single posts in D1. */
import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { type Columns, fixed, selectList } from '../db/columns'
import { type IdempotencyKey, rememberRow } from '../db/idempotency'
import { posts } from '../db/schema'
import { fold } from '../db/text'
import { type Marked, markUnreferenced, releaseClaim } from '../images/store'

/** A post with what its view shows of the owner and of the viewer. */
export interface PostRow {
  id: number
  ownerId: number
  owner: string
  ownerImage: string | null
  title: string
  content: string
  image: string | null
  imageFilter: string
  createdAt: number
  updatedAt: number
  likesCount: number
  commentsCount: number
  likeId: number | null
}

/** Of `posts p` and `users u`. */
const POST: Columns = {
  id: sql`p.id`,
  ownerId: sql`p.owner_id`,
  owner: sql`u.username`,
  ownerImage: sql`u.image`,
  title: sql`p.title`,
  content: sql`p.content`,
  image: sql`p.image`,
  imageFilter: sql`p.image_filter`,
  createdAt: sql`p.created_at`,
  updatedAt: sql`p.updated_at`,
  likesCount: sql`p.likes_count`,
  commentsCount: sql`p.comments_count`,
}
const selectedPost = fixed(selectList(POST))

const likeOf = (viewerId: number | undefined) =>
  viewerId === undefined
    ? sql`null`
    : sql`(select id from likes where owner_id = ${viewerId} and post_id = p.id)`

/** The columns of a `PostRow`, of `posts p` and `users u`. */
export const postColumns = (viewerId: number | undefined): SQL =>
  sql`${selectedPost}, ${likeOf(viewerId)} as "likeId"`

const fromPost = (id: SQL | number) =>
  sql`from posts p cross join users u on u.id = p.owner_id where p.id = ${id}`

const selectPost = (db: Db, viewerId: number | undefined, id: SQL | number) =>
  db.rows<PostRow>(sql`select ${postColumns(viewerId)} ${fromPost(id)}`)

/** Reads 2 rows, and the viewer's like. */
export async function findPost(
  db: Db,
  viewerId: number | undefined,
  id: number,
): Promise<PostRow | undefined> {
  const [rows] = await db.batch([selectPost(db, viewerId, id)])
  return rows[0]
}

export interface PostFields {
  title?: string | undefined
  content?: string | undefined
  imageFilter?: string | undefined
}

/** `image` is the hash of a stored picture: the claim on it is given back. Throws `UniqueViolation` where the key was used. */
export async function createPost(
  db: Db,
  ownerId: number,
  { title, content, imageFilter }: PostFields & { title: string },
  { image, key, now }: { image: string | undefined; key: IdempotencyKey | undefined; now: number },
): Promise<PostRow | undefined> {
  const insert = db.build.insert(posts).values({
    ownerId,
    title,
    titleKey: fold(title),
    content,
    imageFilter,
    image,
    createdAt: now,
    updatedAt: now,
  })
  const newest = sql`(select max(id) from posts where owner_id = ${ownerId})`
  const [, rows] = await db.batch([
    insert,
    selectPost(db, ownerId, newest),
    ...(key ? [rememberRow(db, key, { ...POST, likeId: likeOf(ownerId) }, fromPost(newest), now)] : []),
    ...(image === undefined ? [] : [releaseClaim(db, image)]),
  ])
  return rows[0]
}

/**
 * Changes a post of this owner. `post` is the post as it is then, of whoever it is; undefined where there is none. Pictures
 * that nothing shows any more come back marked.
 */
export async function updatePost(
  db: Db,
  ownerId: number,
  id: number,
  { title, content, imageFilter }: PostFields,
  image: string | undefined,
  now: number,
): Promise<{ post: PostRow | undefined; marked: Marked }> {
  const update = db.build
    .update(posts)
    .set({
      ...(title !== undefined && { title, titleKey: fold(title) }),
      content,
      imageFilter,
      image,
      updatedAt: now,
    })
    .where(and(eq(posts.id, id), eq(posts.ownerId, ownerId)))
  const updated = selectPost(db, ownerId, id)
  if (image === undefined) return { post: (await db.batch([update, updated]))[1][0], marked: [] }
  const [, rows, , marked] = await db.batch([
    update,
    updated,
    releaseClaim(db, image),
    markUnreferenced(db, now),
  ])
  return { post: rows[0], marked }
}

/** Deletes a post of this owner, with its likes and comments; `ownerId` is whose it was. */
export async function deletePost(db: Db, ownerId: number, id: number, now: number) {
  const [found, , marked] = await db.batch([
    db.build.select({ ownerId: posts.ownerId }).from(posts).where(eq(posts.id, id)),
    db.build.delete(posts).where(and(eq(posts.id, id), eq(posts.ownerId, ownerId))),
    markUnreferenced(db, now),
  ])
  return { ownerId: found[0]?.ownerId, marked }
}
