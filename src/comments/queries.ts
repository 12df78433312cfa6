/** Comments in D1. */
import { and, eq, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { fixed, type RowOf, selectList } from '../db/columns'
import { type Created, type Creation, createRow } from '../db/create'
import { CLOSED_PATH } from '../db/errors'
import { newestFirst } from '../db/list-order'
import { mentionsFor, mentionsIn } from '../db/mentions'
import type { Change, Owned } from '../db/owned'
import type { PageRequest, PageSlice } from '../db/page'
import { chargeStatement } from '../db/rate-limits'
import { comments, hiddenComments, posts, users } from '../db/schema'
import { rowCount } from '../db/sequences'
import { build, selectedStatement, selectStatement, statement } from '../db/statements'
import { toldStatement } from '../db/told'
import { isNotSilenced, notMuted, type ViewerId, visibleTo } from '../db/visibility'
import { END, largestId, shownColumns, sliceOf, visibleRows, withHidden } from '../db/visible-page'

export const OWN_COMMENT: Owned = {
  table: comments,
  id: comments.id,
  ownerId: comments.ownerId,
  isThere: (visible) => visible.comment(comments),
  // The owner of the post.
  alsoDeletedBy: (userId) =>
    sql`exists (select 1 from posts where id = ${comments.postId} and owner_id = ${userId})`,
}

const m = alias(comments, 'm')
const u = alias(users, 'u')

/** A comment with the owner's data that its view shows. */
const COMMENT = selectList({
  id: m.id,
  ownerId: m.ownerId,
  owner: u.username,
  ownerImage: u.image,
  postId: m.postId,
  content: m.content,
  createdAt: m.createdAt,
  updatedAt: m.updatedAt,
})
/** The columns of the row for this viewer. */
const viewerColumns = (viewerId: ViewerId) => ({ mentions: mentionsFor(m.mentions, viewerId) })
export type CommentRow = RowOf<typeof COMMENT> & RowOf<ReturnType<typeof viewerColumns>>

export const NEWEST_COMMENTS = newestFirst<CommentRow>('comments', m.id)

const owners = fixed(sql`cross join users u on u.id = m.owner_id`)
const from = fixed(sql`from comments m ${owners}`)

/**
 * Newest first; `postExists` is false if the filter's post does not exist. Reads three rows per comment, shown or skipped or hidden, and 6 more.
 */
export async function listComments(
  db: Db,
  viewerId: ViewerId,
  postId: number | undefined,
  page: PageRequest,
): Promise<PageSlice<CommentRow> & { postExists: boolean }> {
  const order = NEWEST_COMMENTS.towards(page)
  const visible = visibleTo(viewerId)
  const ofPost = postId === undefined ? sql`true` : sql`${m.postId} = ${postId}`
  const behind = page.after ? sql`and ${order.after(page.after)}` : sql``
  const unasked = postId === undefined ? sql`and ${isNotSilenced(m.ownerId)}` : sql``
  const more = viewerColumns(viewerId)
  const kept: SQL<number> =
    postId === undefined
      ? rowCount('comments')
      : sql`(select comments_count from posts where id = ${postId} and ${visible.post(posts)})`
  const rows = visibleRows({
    shown: shownColumns(COMMENT, more),
    candidates: sql`select * from comments m where ${ofPost} ${behind} ${order.orderBy()}`,
    name: sql`m`,
    joins: owners,
    visible: sql`${visible.comment(m)} and ${notMuted(m.ownerId, viewerId)} ${unasked}`,
    key: [sql`m.id`],
    page,
    kept: sql`coalesce(${kept}, 0)`,
    most: postId === undefined ? largestId(comments) : withHidden(kept, hiddenComments),
  })
  const [found, [counted]] = await db.batch([
    selectedStatement({ ...COMMENT.columns, ...more, ...END }, rows),
    selectStatement({ count: sql<number | null>`${kept}` }, sql``),
  ])
  const count = counted?.count ?? null
  return { ...sliceOf(found, page), count: count ?? 0, postExists: count !== null }
}

const commentStatement = (viewerId: ViewerId, id: number) =>
  selectStatement(
    COMMENT,
    sql`${from} where ${m.id} = ${id} and ${visibleTo(viewerId).comment(m)}`,
    viewerColumns(viewerId),
  )

/** Reads 3 rows. */
export async function findComment(db: Db, viewerId: ViewerId, id: number): Promise<CommentRow | undefined> {
  const [rows] = await db.batch([commentStatement(viewerId, id)])
  return rows[0]
}

/** The post's id if the user can see it, otherwise 0, which no post has. Fails if its comments are closed. */
const openPost = (userId: number, postId: number) =>
  sql`coalesce((select iif(comments_closed, json_extract('{}', ${sql.raw(`'${CLOSED_PATH}'`)}), id) from posts
    where id = ${postId} and ${visibleTo(userId).post(posts)}), 0)`

/**
 * Throws `ForeignKeyViolation` if the post does not exist, `Closed`, and `UniqueViolation` if the key was used. Writes 5 rows, and 2 for each person
 * notified: at most 6, and 10 who are mentioned.
 */
export const createComment = (
  db: Db,
  ownerId: number,
  { postId, content }: { postId: number; content: string },
  creation: Creation,
): Promise<Created<CommentRow>> =>
  createRow(db, creation, {
    columns: COMMENT,
    more: viewerColumns(ownerId),
    insert: () =>
      statement(
        build.insert(comments).values({
          ownerId,
          postId: openPost(ownerId, postId),
          content,
          mentions: mentionsIn(content, ownerId),
          createdAt: creation.now,
          updatedAt: creation.now,
        }),
      ),
    told: [toldStatement(TOLD_KINDS, newestOf(ownerId))],
    from: sql`${from} where ${m.id} = ${newestOf(ownerId)}`,
  })

/** The kind of notification that a comment causes. */
const TOLD_KINDS = ['comment', 'reply', 'comment_mention'] as const

const newestOf = (ownerId: number): SQL => sql`(select max(id) from comments where owner_id = ${ownerId})`

/** Changes the comment if it belongs to this owner; returns its current row in any case. */
export async function updateComment(
  db: Db,
  ownerId: number,
  id: number,
  content: string | undefined,
  { charges, now }: Change,
): Promise<CommentRow | undefined> {
  const [, rows] = await db.batch([
    statement(
      build
        .update(comments)
        .set({
          content,
          mentions: content === undefined ? undefined : mentionsIn(content, ownerId),
          updatedAt: now,
        })
        .where(and(eq(comments.id, id), eq(comments.ownerId, ownerId), visibleTo(ownerId).comment(comments))),
    ),
    commentStatement(ownerId, id),
    chargeStatement(charges, now),
    toldStatement(['comment_mention'], id),
  ])
  return rows[0]
}

/** Reads 1 row. */
export async function postExists(db: Db, viewerId: ViewerId, id: number): Promise<boolean> {
  const [rows] = await db.batch([
    statement(
      build
        .select({ id: posts.id })
        .from(posts)
        .where(and(eq(posts.id, id), visibleTo(viewerId).post(posts))),
    ),
  ])
  return rows.length > 0
}
