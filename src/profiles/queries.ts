/** Profiles in D1: a profile is its user's row, and has its id. */
import { eq, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Db } from '../db/client'
import { type RowOf, selectList } from '../db/columns'
import { imageColumns, type LeasedImage, withLease } from '../db/image-leases'
import type { Change, Owned } from '../db/owned'
import { chargeStatement } from '../db/rate-limits'
import { users } from '../db/schema'
import { build, type Statement, selectStatement, statement, writeStatement } from '../db/statements'
import { accessTo, visibleTo } from '../db/visibility'
import { acceptAllStatements } from '../followers/request-queries'

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
  imageWidth: u.imageWidth,
  imageHeight: u.imageHeight,
  imageThumbhash: u.imageThumbhash,
  postsCount: u.postsCount,
  followersCount: u.followersCount,
  followingCount: u.followingCount,
  newestImages: u.newestImages,
})

/** The columns that depend on the viewer: the ids of their follow or request, and whether they may see the images. */
export const viewerColumns = (viewerId: number | undefined) => ({
  followingId:
    viewerId === undefined
      ? sql<number | null>`null`
      : sql<number | null>`(select id from followers where owner_id = ${viewerId} and followed_id = u.id)`,
  followRequestId:
    viewerId === undefined
      ? sql<number | null>`null`
      : sql<
          number | null
        >`(select id from follow_requests where owner_id = ${viewerId} and followed_id = u.id)`,
  access: accessTo(u.id, viewerId),
  /** For the owner only. */
  messagePolicy:
    viewerId === undefined
      ? sql<MessagePolicy | null>`null`
      : sql<MessagePolicy | null>`iif(u.id = ${viewerId}, coalesce((select policy from message_policies where user_id = u.id), 'everyone'), null)`,
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

type MessagePolicy = 'everyone' | 'following' | 'nobody'

interface Settings {
  isPrivate?: boolean | undefined
  messagePolicy?: MessagePolicy | undefined
}

interface ProfileFields extends Settings {
  name?: string | undefined
  content?: string | undefined
  imageThumbhash?: string | null | undefined
}

/** Settings other than the defaults have their own tables. If the account becomes public, its follow requests become follows. */
function settingsStatements(id: number, { isPrivate, messagePolicy }: Settings, now: number): Statement[] {
  const statements: Statement[] = []
  if (isPrivate === true)
    statements.push(
      writeStatement(sql`insert into private_accounts (user_id) values (${id}) on conflict do nothing`),
    )
  if (isPrivate === false)
    statements.push(
      writeStatement(sql`delete from private_accounts where user_id = ${id}`),
      ...acceptAllStatements(id, now),
    )
  if (messagePolicy === 'everyone')
    statements.push(writeStatement(sql`delete from message_policies where user_id = ${id}`))
  else if (messagePolicy !== undefined)
    statements.push(
      writeStatement(sql`insert into message_policies (user_id, policy) values (${id}, ${messagePolicy})
        on conflict (user_id) do update set policy = excluded.policy`),
    )
  return statements
}

/** Changes a user's own profile. */
export async function updateProfile(
  db: Db,
  id: number,
  { name, content, imageThumbhash, ...settings }: ProfileFields,
  image: LeasedImage | undefined,
  { charges, now }: Change,
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
            ...imageColumns(image, imageThumbhash),
            profileUpdatedAt: now,
          })
          .where(eq(users.id, id)),
      ),
      profileStatement(id, id),
      chargeStatement(charges, now),
      ...settingsStatements(id, settings, now),
    ]),
  )
  const profile = rows[0]
  // Selected before the settings were changed.
  return (
    profile && {
      ...profile,
      ...(settings.isPrivate !== undefined && { access: settings.isPrivate ? 'private' : 'public' }),
      messagePolicy: settings.messagePolicy ?? profile.messagePolicy,
    }
  )
}
