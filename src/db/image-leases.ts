/**
 * The state of the images in the bucket (`images/store.ts`): which are shown, which will be shown, and which are being deleted.
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
/** The longest wait for a deletion: after that `sweep` repeats it, and an upload may overtake it (`imageKey`). */
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

/** Keys whose deletion got no answer and may still arrive. Nothing relies on them. */
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

/** The session remembers this statement's result, and deletes these images after the answer is sent, whatever it was. */
export class MarkStatement extends Statement<MarkedImage[]> {
  override read(result: D1Result): MarkedImage[] {
    forgetPublicImages()
    return super.read(result)
  }
}

// Two casts in this file make a lease opaque: no other file knows that it is the hash.
export const leaseOf = (imageHash: string, size: LeasedImage['size']) =>
  ({ hash: imageHash, size }) as unknown as LeasedImage

/** A new row's image columns, with or without an image. */
export const describedImage = (image: LeasedImage | null, thumbhash: string | null | undefined) => ({
  imageWidth: image?.size.width ?? null,
  imageHeight: image?.size.height ?? null,
  imageThumbhash: (image && thumbhash) ?? null,
})

/** The same for a change: a new image gets the placeholder sent with it, or none; without a new image, only a sent placeholder changes. */
export const imageColumns = (image: LeasedImage | null | undefined, thumbhash: string | null | undefined) =>
  image === undefined ? { imageThumbhash: thumbhash } : describedImage(image, thumbhash)
const leasedHash = (image: LeasedImage) => (image as unknown as { hash: ImageHash }).hash

/**
 * The statement that leases the hash and returns how many rows show it already. While the image is being deleted it returns no row, unless the upload may
 * overtake the deletion, in which case the image gets a new key. Reads 1 more row for the fence.
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
        // A mark in the future was made by a clock that was ahead, so its age is unknown.
        setWhere: mayOvertake
          ? sql`true`
          : sql`deleting_at is null or abs(${databaseNow} - deleting_at) > ${MARK_MS}`,
      })
      .returning({ refs: images.refs, generation: images.generation }),
  )

/**
 * The statements of a write that may show an image, then those that release its lease and mark images that the write left without references.
 */
export function withLease<S extends readonly Statement[]>(
  image: LeasedImage | null | undefined,
  write: (image: ImageHash | null | undefined) => readonly [...S],
): readonly [...S, ...Statement[]] {
  if (!image) return write(image)
  return [...write(leasedHash(image)), ...endLeaseStatements(image)]
}

/** The statements that release a lease, and mark the image if nothing else references it. */
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

/** The most images that one request marks and deletes, which bounds its cost: the scheduled job deletes the rest. */
const MARKED_PER_REQUEST = 100
/** How many unreferenced images are examined for each that may be marked: some have leases or marks already. */
const LOOKED_AT_PER_MARK = 2

/**
 * The statement that marks images without references, in the batch that removed the last one. Reads up to three rows for each that it may
 * mark.
 */
export const markUnreferencedStatement = () => markStatement(MARKED_PER_REQUEST, isNull(images.deletingAt))

/**
 * The statement that marks up to this many images without references. It includes old marks, whose deletion got no answer and may not have arrived:
 * these images get a new key.
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

/** The statement that resets leases and marks from a clock that was ahead to the current time, because they would not expire. */
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
 * The statements that delete the rows of images marked at that time, of any number, whose objects are gone. If an earlier deletion got no answer, they
 * leave a fence, so that a new upload of the image uses a key that this deletion does not affect.
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

/** The statement that deletes up to this many expired fences. Returns one row for each. */
export const deleteOldFencesStatement = (now: number, limit: number) =>
  statement(
    build
      .delete(imageFences)
      .where(sql`hash in (select hash from image_fences where until < ${now} order by until limit ${limit})`)
      .returning({ hash: imageFences.hash }),
  )
