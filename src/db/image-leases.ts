/**
 * The state of the images in the bucket (`images/store.ts`): which are shown, which are about to be, and which are being deleted.
 *
 * A row can only store a hash obtained from a lease, together with the statements that release the lease: the types do not allow a batch
 * that does one without the other.
 */
import { and, eq, gt, isNull, lt, or, type SQL, sql } from 'drizzle-orm'
import { databaseNow } from './now'
import { forgetPublicImages } from './public-images'
import { type ImageHash, imageFences, images } from './schema'
import { build, preparedOf, Statement, statement, writeStatement } from './statements'

/** An upload that has neither committed nor failed by then has crashed. All times here are D1's (`now.ts`). */
const LEASE_MS = 10 * 60_000
/** Nobody waits longer for a deletion: `sweep` repeats it, and an upload may overtake it (`imageKey`). */
const MARK_MS = 60_000
/** How long a deletion that got no answer might still arrive. None has been seen to take more than minutes. */
const FENCE_MS = 86_400_000

declare const lease: unique symbol
/** The right to show a stored image, until its row is committed. Plain data, so that it can be handed to a Durable Object. */
export interface LeasedImage {
  readonly [lease]: 'image'
  /** In pixels, upright. */
  readonly size: { readonly width: number; readonly height: number }
}

/** An image without references, and when it was marked. */
export interface MarkedImage {
  hash: string
  /** Milliseconds since the epoch. */
  deletingAt: number | null
  generation: number
}

/**
 * The image's key in the bucket. A deletion may reach R2 long after it was sent, and R2 cannot delete conditionally. So after one that got
 * no answer, the image is stored under a key that this deletion does not affect.
 */
export const imageKey = ({ hash, generation }: { hash: string; generation: number }): string =>
  generation === 0 ? hash : `${hash}.${generation}`

/** The keys of deletions that gave no answer, and may not have arrived. Nobody relies on them. */
export const overtakenKeys = ({ hash, generation }: { hash: string; generation: number }): string[] =>
  Array.from({ length: generation }, (_, i) => imageKey({ hash, generation: i }))

/** The statement that finds the image's key in the bucket, and whether everybody may see it; returns no row if there is no such image. Reads 1 row. */
export const imageStatement = (imageHash: string) =>
  statement(
    build
      .select({ generation: images.generation, publicRefs: images.publicRefs })
      .from(images)
      .where(eq(images.hash, imageHash)),
  )

/** What such a statement gives, the session remembers: the images are deleted after the answer, whatever the answer is. */
export class MarkStatement extends Statement<MarkedImage[]> {
  override read(result: D1Result): MarkedImage[] {
    forgetPublicImages()
    return super.read(result)
  }
}

// The two casts of this file are what makes a lease opaque: only here is it known to be the hash.
export const leaseOf = (imageHash: string, size: LeasedImage['size']) =>
  ({ hash: imageHash, size }) as unknown as LeasedImage

/** The columns that describe the image of a row, or that there is none. */
export const describedImage = (image: LeasedImage | null, thumbhash: string | null | undefined) => ({
  imageWidth: image?.size.width ?? null,
  imageHeight: image?.size.height ?? null,
  imageThumbhash: (image && thumbhash) ?? null,
})

/** The same for a change: a new image has the placeholder that was sent with it, or none; without one only a placeholder that was sent changes. */
export const imageColumns = (image: LeasedImage | null | undefined, thumbhash: string | null | undefined) =>
  image === undefined ? { imageThumbhash: thumbhash } : describedImage(image, thumbhash)
const leasedHash = (image: LeasedImage) => (image as unknown as { hash: ImageHash }).hash

/**
 * The statement that leases the hash, and says how many rows show it already. While the image is being deleted it gives no row, unless it may overtake the
 * deletion: what that takes has another key then. Reads 1 row more for its fence.
 */
export const leaseStatement = (imageHash: string, mayOvertake: boolean) =>
  statement(
    build
      .insert(images)
      .values({
        hash: imageHash,
        leases: 1,
        leasedUntil: sql`${databaseNow} + ${LEASE_MS}`,
        generation: sql`coalesce((select generation from image_fences where hash = ${imageHash}), 0)`,
      })
      .onConflictDoUpdate({
        target: images.hash,
        set: {
          leases: sql`case when leased_until < ${databaseNow} then 1 else leases + 1 end`,
          leasedUntil: sql`${databaseNow} + ${LEASE_MS}`,
          generation: sql`generation + (deleting_at is not null)`,
          deletingAt: null,
        },
        // A mark of the future was made while a clock was ahead: nobody knows how old it is.
        setWhere: mayOvertake
          ? sql`true`
          : sql`deleting_at is null or abs(${databaseNow} - deleting_at) > ${MARK_MS}`,
      })
      .returning({ refs: images.refs, generation: images.generation }),
  )

/**
 * The statements of a write that may show an image, then those that give its lease back and mark the images that the write has left unneeded.
 */
export function withLease<S extends readonly Statement[]>(
  image: LeasedImage | null | undefined,
  write: (image: ImageHash | null | undefined) => readonly [...S],
): readonly [...S, ...Statement[]] {
  if (!image) return write(image)
  return [...write(leasedHash(image)), ...endLeaseStatements(image)]
}

/** The statements that give a lease back, and mark the image if nothing else needs it. */
export const endLeaseStatements = (image: LeasedImage) =>
  [
    statement(
      build
        .update(images)
        .set({ leases: sql`max(leases - 1, 0)` })
        .where(eq(images.hash, leasedHash(image))),
    ),
    markUnreferencedStatement(),
  ] as const

/** How many images one request marks and deletes. Whatever others have left behind, it costs no more: the scheduled job deletes the rest. */
const MARKED_PER_REQUEST = 100
/** How many images that no row shows are looked at for each that is marked: others have leases or marks. */
const LOOKED_AT_PER_MARK = 2

/**
 * The statement that marks what nothing needs any more, in the batch that took the last reference. Reads up to three rows for each that it may
 * mark.
 */
export const markUnreferencedStatement = () => markStatement(MARKED_PER_REQUEST, isNull(images.deletingAt))

/**
 * The statement that marks so many that nothing needs, also those whose mark is old: their deletion gave no answer, and has not arrived for all
 * that anybody knows, hence they get another key.
 */
export const markLeftBehindStatement = (limit: number) =>
  markStatement(limit, or(isNull(images.deletingAt), lt(images.deletingAt, sql`${databaseNow} - ${MARK_MS}`)))

function markStatement(limit: number, mayBeMarked: SQL | undefined): MarkStatement {
  const isUnneeded = and(or(eq(images.leases, 0), lt(images.leasedUntil, databaseNow)), mayBeMarked)
  const update = build
    .update(images)
    .set({ deletingAt: databaseNow, generation: sql`generation + (deleting_at is not null)` })
    .where(
      sql`hash in (select hash from (select * from images where refs = 0 order by hash limit ${limit * LOOKED_AT_PER_MARK}) images
        where ${isUnneeded} limit ${limit})`,
    )
    .returning({ hash: images.hash, deletingAt: images.deletingAt, generation: images.generation })
  return new MarkStatement(preparedOf(update))
}

/** The statement that takes leases and marks that a clock ahead of time has made for ones made now: they would never end. */
export const correctFutureTimesStatement = () =>
  statement(
    build
      .update(images)
      .set({
        // Null stays null.
        leasedUntil: sql`min(leased_until, ${databaseNow} + ${LEASE_MS})`,
        deletingAt: sql`min(deleting_at, ${databaseNow})`,
      })
      .where(
        and(
          sql`refs = 0`,
          or(gt(images.leasedUntil, sql`${databaseNow} + ${LEASE_MS}`), gt(images.deletingAt, databaseNow)),
        ),
      ),
  )

/**
 * The statements that forget images whose objects are gone: those marked at that time, of any number. Where an earlier deletion gave no answer they
 * leave a fence, so that whoever uploads the image again does so under a key that this deletion does not know.
 */
export const forgetMarkedStatements = (hashes: string[], deletingAt: number) => {
  const isForgotten = and(
    sql`${images.hash} in (select value from json_each(${JSON.stringify(hashes)}))`,
    eq(images.deletingAt, deletingAt),
  )
  return [
    writeStatement(sql`insert into image_fences (hash, generation, until)
      select hash, generation, ${databaseNow} + ${FENCE_MS} from images where ${isForgotten} and generation > 0
      on conflict (hash) do update set generation = excluded.generation, until = excluded.until`),
    statement(build.delete(images).where(isForgotten)),
  ] as const
}

/** The statement that forgets fences that have run out, so many of them. Gives one row for each. */
export const deleteOldFencesStatement = (now: number, limit: number) =>
  statement(
    build
      .delete(imageFences)
      .where(sql`hash in (select hash from image_fences where until < ${now} order by until limit ${limit})`)
      .returning({ hash: imageFences.hash }),
  )
