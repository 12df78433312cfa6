/**
 * What may be relied on of the images in the bucket (`images/store.ts`): who shows one, who is about to, and which are being deleted.
 *
 * A hash that a row is to show comes out of a lease only, together with the statements that give the lease back: a batch that writes the one
 * without the other cannot be written.
 */
import { and, eq, lt, or, sql } from 'drizzle-orm'
import { type ImageHash, images } from './schema'
import { build, preparedOf, Statement, statement } from './statements'

/** An upload that has neither committed nor failed by then has died. */
const LEASE_MS = 10 * 60_000
/** A deletion that has not finished by then has died. */
const MARK_MS = 60_000

declare const lease: unique symbol
/** The right to show a stored image, until its row is committed. Plain data, so that it can be handed to a Durable Object. */
export interface LeasedImage {
  readonly [lease]: 'image'
}

/** An image that nothing shows any more, and when that was noticed. */
export interface MarkedImage {
  hash: string
  /** Milliseconds since the epoch. */
  deletingAt: number | null
}

/** What such a statement gives, the session remembers: the images are deleted after the answer, whatever the answer is. */
export class MarkStatement extends Statement<MarkedImage[]> {}

// The two casts of this file are what makes a lease opaque: only here is it known to be the hash.
export const leaseOf = (imageHash: string) => ({ hash: imageHash }) as unknown as LeasedImage
const leasedHash = (image: LeasedImage) => (image as unknown as { hash: ImageHash }).hash

/** The statement that leases the hash; gives no row while the image is being deleted, else how many rows show it already. */
export const leaseStatement = (imageHash: string, now: number) =>
  statement(
    build
      .insert(images)
      .values({ hash: imageHash, leases: 1, leasedUntil: now + LEASE_MS })
      .onConflictDoUpdate({
        target: images.hash,
        set: {
          leases: sql`case when leased_until < ${now} then 1 else leases + 1 end`,
          leasedUntil: now + LEASE_MS,
          deletingAt: null,
        },
        setWhere: sql`(deleting_at is null or deleting_at < ${now - MARK_MS})`,
      })
      .returning({ refs: images.refs }),
  )

/**
 * The statements of a write that may show an image, then those that give its lease back and mark the images that the write has left unneeded.
 */
export function withLease<S extends readonly Statement[]>(
  image: LeasedImage | null | undefined,
  now: number,
  write: (image: ImageHash | null | undefined) => readonly [...S],
): readonly [...S, ...Statement[]] {
  if (!image) return write(image)
  return [...write(leasedHash(image)), ...endLeaseStatements(image, now)]
}

/** The statements that give a lease back, and mark the image if nothing else needs it. */
export const endLeaseStatements = (image: LeasedImage, now: number) =>
  [
    statement(
      build
        .update(images)
        .set({ leases: sql`max(leases - 1, 0)` })
        .where(eq(images.hash, leasedHash(image))),
    ),
    markUnreferencedStatement(now),
  ] as const

/** How many images one request marks and deletes. Whatever others have left behind, it costs no more: the scheduled job deletes the rest. */
const MARKED_PER_REQUEST = 100
/** How many images that no row shows are looked at for each that is marked: others have leases or marks. */
const LOOKED_AT_PER_MARK = 2

/**
 * The statement that marks what nothing needs any more, in the batch that took the last reference; `limit` at most. Reads up to three rows
 * for each.
 */
export const markUnreferencedStatement = (now: number, limit = MARKED_PER_REQUEST): MarkStatement => {
  const isUnneeded = and(
    or(eq(images.leases, 0), lt(images.leasedUntil, now)),
    or(sql`deleting_at is null`, lt(images.deletingAt, now - MARK_MS)),
  )
  const update = build
    .update(images)
    .set({ deletingAt: now })
    .where(
      sql`hash in (select hash from (select * from images where refs = 0 order by hash limit ${limit * LOOKED_AT_PER_MARK}) images
        where ${isUnneeded} limit ${limit})`,
    )
    .returning({ hash: images.hash, deletingAt: images.deletingAt })
  return new MarkStatement(preparedOf(update))
}

/** The statement that forgets images whose objects are gone: those marked at that time, of any number. */
export const forgetMarkedStatement = (hashes: string[], deletingAt: number) =>
  statement(
    build
      .delete(images)
      .where(
        and(
          sql`${images.hash} in (select value from json_each(${JSON.stringify(hashes)}))`,
          eq(images.deletingAt, deletingAt),
        ),
      ),
  )
