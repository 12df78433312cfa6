/** Profiles in D1: a profile is its user's row, and has its id. */
import { eq, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { users } from '../db/schema'
import { type Marked, markUnreferenced, releaseClaim } from '../images/store'

export interface ProfileRow {
  id: number
  owner: string
  createdAt: number
  updatedAt: number
  name: string
  content: string
  image: string | null
  postsCount: number
  followersCount: number
  followingCount: number
  followingId: number | null
  /** JSON: the pictures of the six newest posts, null for the default one. */
  pictures: string
}

/** The columns of a `ProfileRow`, of `users u`. */
export const profileColumns = (viewerId: number | undefined): SQL => sql`u.id, u.username as owner,
  u.created_at as "createdAt", u.profile_updated_at as "updatedAt", u.profile_name as name, u.profile_content as content,
  u.image, u.posts_count as "postsCount", u.followers_count as "followersCount", u.following_count as "followingCount",
  ${viewerId === undefined ? sql`null` : sql`(select id from followers where owner_id = ${viewerId} and followed_id = u.id)`} as "followingId",
  u.newest_pictures as pictures`

const selectProfile = (db: Db, viewerId: number | undefined, id: number) =>
  db.rows<ProfileRow>(sql`select ${profileColumns(viewerId)} from users u where u.id = ${id}`)

/** Reads 1 row, and the viewer's follow. */
export async function findProfile(
  db: Db,
  viewerId: number | undefined,
  id: number,
): Promise<ProfileRow | undefined> {
  const [rows] = await db.batch([selectProfile(db, viewerId, id)])
  return rows[0]
}

/** Whether there is such a profile. */
export async function profileExists(db: Db, id: number): Promise<boolean> {
  const [rows] = await db.batch([db.build.select({ id: users.id }).from(users).where(eq(users.id, id))])
  return rows.length > 0
}

/** Changes a user's own profile. Pictures that nothing shows any more come back marked. */
export async function updateProfile(
  db: Db,
  id: number,
  { name, content }: { name?: string | undefined; content?: string | undefined },
  image: string | undefined,
  now: number,
): Promise<{ profile: ProfileRow | undefined; marked: Marked }> {
  const update = db.build
    .update(users)
    .set({ profileName: name, profileContent: content, image, profileUpdatedAt: now })
    .where(eq(users.id, id))
  const updated = selectProfile(db, id, id)
  if (image === undefined) return { profile: (await db.batch([update, updated]))[1][0], marked: [] }
  const [, rows, , marked] = await db.batch([
    update,
    updated,
    releaseClaim(db, image),
    markUnreferenced(db, now),
  ])
  return { profile: rows[0], marked }
}
