/** Single posts in D1. */
import { and, eq, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { fixed, type RowOf, selectList } from '../db/columns'
import { type Created, type Creation, createRow } from '../db/create'
import { imageColumns, type LeasedImage, withLease } from '../db/image-leases'
import { mentionsFor, mentionsIn } from '../db/mentions'
import { databaseNow } from '../db/now'
import type { Change, Owned } from '../db/owned'
import { chargeStatement } from '../db/rate-limits'
import { posts, users } from '../db/schema'
import { build, selectStatement, statement, writeStatement } from '../db/statements'
import { searchKey } from '../db/text'
import { toldStatement } from '../db/told'
import { type ViewerId, visibleTo } from '../db/visibility'

/** With more likes and comments than this, deleting a post would write some thousand rows in one statement. */
const MAX_DELETED_WITH_POST = 200

export const OWN_POST: Owned = {
  table: posts,
  id: posts.id,
  ownerId: posts.ownerId,
  isThere: (visible) => visible.post(posts),
  hideLarge: (rows) =>
    writeStatement(sql`insert into hidden_posts (post_id, owner_id, hidden_at, erase_at)
      select ${posts.id}, ${posts.ownerId}, ${databaseNow}, ${databaseNow} from posts
      where ${rows} and ${posts.likesCount} + ${posts.commentsCount} > ${MAX_DELETED_WITH_POST}`),
}

export const p = alias(posts, 'p')
const u = alias(users, 'u')

/** A post with the owner's columns that its view shows, from `posts p` and `users u`. */
export const POST = selectList({
  id: p.id,
  ownerId: p.ownerId,
  owner: u.username,
  ownerImage: u.image,
  title: p.title,
  content: p.content,
  image: p.image,
  imageFilter: p.imageFilter,
  imageAlt: p.imageAlt,
  imageWidth: p.imageWidth,
  imageHeight: p.imageHeight,
  imageThumbhash: p.imageThumbhash,
  isSensitive: p.isSensitive,
  createdAt: p.createdAt,
  updatedAt: p.updatedAt,
  likesCount: p.likesCount,
  commentsCount: p.commentsCount,
  commentsClosed: p.commentsClosed,
})

/** The columns of the row for this viewer. */
export const viewerColumns = (viewerId: ViewerId) => ({
  titleMentions: mentionsFor(p.titleMentions, viewerId),
  contentMentions: mentionsFor(p.contentMentions, viewerId),
  likeId:
    viewerId === undefined
      ? sql<number | null>`null`
      : sql<number | null>`(select id from likes where owner_id = ${viewerId} and post_id = p.id)`,
})
export type PostRow = RowOf<typeof POST> & RowOf<ReturnType<typeof viewerColumns>>

const from = fixed(sql`from posts p cross join users u on u.id = p.owner_id`)

const postStatement = (viewerId: ViewerId, id: number) =>
  selectStatement(
    POST,
    sql`${from} where ${p.id} = ${id} and ${visibleTo(viewerId).post(p)}`,
    viewerColumns(viewerId),
  )

/** Reads 2 rows, and the viewer's like. */
export async function findPost(db: Db, viewerId: ViewerId, id: number): Promise<PostRow | undefined> {
  const [rows] = await db.batch([postStatement(viewerId, id)])
  return rows[0]
}

type Column = keyof typeof posts.$inferInsert
type NotOwn =
  | 'id'
  | 'ownerId'
  | 'titleKey'
  | 'image'
  | 'imageWidth'
  | 'imageHeight'
  | 'isSensitive'
  | 'createdAt'
  | 'updatedAt'
type Found = 'titleMentions' | 'contentMentions'
type Kept = 'likesCount' | 'commentsCount' | 'lastLikeId'
/** The fields that an owner writes; undefined means unchanged. Images are set through a lease instead. */
export type PostFields = {
  [Name in Exclude<Column, NotOwn | Found | Kept>]?: (typeof posts.$inferInsert)[Name] | undefined
}

/** The columns that hold the fields. */
const columnsOf = <Fields extends PostFields>(ownerId: number, fields: Fields) => ({
  ...fields,
  ...(fields.title !== undefined && {
    titleKey: searchKey(fields.title),
    titleMentions: mentionsIn(fields.title, ownerId),
  }),
  ...(fields.content !== undefined && { contentMentions: mentionsIn(fields.content, ownerId) }),
})

/** Throws `UniqueViolation` if the key was used. */
export const createPost = (
  db: Db,
  ownerId: number,
  fields: PostFields & { title: string },
  creation: Creation,
): Promise<Created<PostRow>> =>
  createRow(db, creation, {
    columns: POST,
    more: viewerColumns(ownerId),
    insert: (image) =>
      statement(
        build.insert(posts).values({
          ...columnsOf(ownerId, fields),
          ...imageColumns(creation.image, fields.imageThumbhash),
          titleKey: searchKey(fields.title),
          ownerId,
          image,
          createdAt: creation.now,
          updatedAt: creation.now,
        }),
      ),
    told: mayName(fields) ? [toldStatement(['post_mention'], newestOf(ownerId))] : [],
    from: sql`${from} where ${p.id} = ${newestOf(ownerId)}`,
  })

/** Most texts mention nobody. */
const mayName = ({ title, content }: PostFields) => [title, content].some((text) => text?.includes('@'))

const newestOf = (ownerId: number): SQL => sql`(select max(id) from posts where owner_id = ${ownerId})`

/** Changes the post if this user owns it. Returns the post as it is afterwards, whoever owns it; undefined if there is none. */
export async function updatePost(
  db: Db,
  { id, ownerId }: { id: number; ownerId: number },
  fields: PostFields,
  image: LeasedImage | undefined,
  { charges, now }: Change,
): Promise<PostRow | undefined> {
  const [, rows] = await db.batch(
    withLease(image, (hash) => [
      statement(
        build
          .update(posts)
          .set({
            ...columnsOf(ownerId, fields),
            ...imageColumns(image, fields.imageThumbhash),
            image: hash ?? undefined,
            updatedAt: now,
          })
          .where(and(eq(posts.id, id), eq(posts.ownerId, ownerId), visibleTo(ownerId).post(posts))),
      ),
      postStatement(ownerId, id),
      chargeStatement(charges, now),
      ...(mayName(fields) ? [toldStatement(['post_mention'], id)] : []),
    ]),
  )
  return rows[0]
}
