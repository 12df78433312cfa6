/** Profiles in D1: a profile is its user's row, and has its id. */
import { eq, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { type RowOf, selectList } from '../db/columns'
import { type LeasedImage, withLease } from '../db/image-leases'
import type { Owned } from '../db/owned'
import { users } from '../db/schema'
import { build, selectStatement, statement } from '../db/statements'
import { visibleTo } from '../db/visibility'

/** A profile is its user's row. */
export const OWN_PROFILE: Owned = {
  table: users,
  id: users.id,
  ownerId: users.id,
  isThere: (visible) => visible.user(users.id),
}

export const u = alias(users, 'u')

/** A profile, of `users u`. */
export const PROFILE = selectList({
  id: u.id,
  owner: u.username,
  createdAt: u.createdAt,
  updatedAt: u.profileUpdatedAt,
  name: u.profileName,
  content: u.profileContent,
  image: u.image,
  postsCount: u.postsCount,
  followersCount: u.followersCount,
  followingCount: u.followingCount,
  newestImages: u.newestImages,
})

/** What the row has for the viewer: the id of their follow. */
export const viewerColumns = (viewerId: number | undefined) => ({
  followingId:
    viewerId === undefined
      ? sql<number | null>`null`
      : sql<number | null>`(select id from followers where owner_id = ${viewerId} and followed_id = u.id)`,
})
export type ProfileRow = RowOf<typeof PROFILE> & RowOf<ReturnType<typeof viewerColumns>>

const profileStatement = (viewerId: number | undefined, id: number) =>
  selectStatement(
    PROFILE,
    sql`from users u where ${u.id} = ${id} and ${visibleTo(viewerId).user(u.id)}`,
    viewerColumns(viewerId),
  )

/** Reads 1 row, and the viewer's follow. */
export async function findProfile(
  db: Db,
  viewerId: number | undefined,
  id: number,
): Promise<ProfileRow | undefined> {
  const [rows] = await db.batch([profileStatement(viewerId, id)])
  return rows[0]
}

/** Changes a user's own profile. */
export async function updateProfile(
  db: Db,
  id: number,
  { name, content }: { name?: string | undefined; content?: string | undefined },
  image: LeasedImage | undefined,
  now: number,
): Promise<ProfileRow | undefined> {
  const [, rows] = await db.batch(
    withLease(image, (hash) => [
      statement(
        build
          .update(users)
          .set({
            profileName: name,
            profileContent: content,
            image: hash ?? undefined,
            profileUpdatedAt: now,
          })
          .where(eq(users.id, id)),
      ),
      profileStatement(id, id),
    ]),
  )
  return rows[0]
}
