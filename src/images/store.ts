/**
 * Images in the bucket: each stored once under the SHA-256 of its bytes, and gone with the last row that shows it.
 *
 * R2 and D1 share no transaction, so `images` says what may be relied on:
 *   1. an upload *leases* the hash (D1), then puts the object, then commits the row that shows it, which raises
 *      `refs` (trigger) and gives the lease back in the same batch;
 *   2. a row of `images` without refs and leases is *marked* for deletion in the batch that took the last ref; the
 *      object is deleted after that commit, and the row after the object.
 * An upload waits a moment for a young mark, then overtakes the deletion; an old one `sweep` makes again. Either way an upload
 * from then on puts the object under another key (its generation), also where the image was forgotten meanwhile (its *fence*, for a day): so a
 * deletion that gave no answer, however late it arrives, cannot take an object that a new row shows.
 * Whatever a crash leaves (leases that ran out, marks that grew old) `sweep` finishes.
 */
import type { Db } from '../db/client'
import { Unavailable } from '../db/errors'
import {
  correctFutureTimesStatement,
  endLeaseStatements,
  forgetMarkedStatements,
  imageKey,
  imageStatement,
  type LeasedImage,
  leaseOf,
  leaseStatement,
  type MarkedImage,
  markLeftBehindStatement,
  overtakenKeys,
} from '../db/image-leases'
import { isKnownPublic, rememberPublic } from '../db/public-images'
import { type Charge, chargeStatement } from '../db/rate-limits'
import { TookTooLong, withinDeadline } from '../deadline'

/** The bucket is out of reach: try again. */
export class StorageUnavailable extends Unavailable {}

/** The image was not put in time, and may be yet. */
export class LatePut extends StorageUnavailable {}

/** How long R2 may take, for as much as `images/field.ts` lets through. */
const R2_DEADLINE_MS = 10_000
/** Keys that one R2 call deletes. */
const R2_KEYS = 1000
const LEASE_TRIES = 5
const LEASE_PAUSE_MS = 60

/**
 * Leases the hash, so that the object stays under this key. `isShown` where a committed row shows the image: the bucket should have it. Throws
 * `Throttled`. Waits a moment for a deletion that is under way, then overtakes it. Follow with a batch that uses the lease (`withLease`), or with `abandonUpload`.
 */
export async function leaseImage(
  db: Db,
  { hash, size }: { hash: string; size: LeasedImage['size'] },
  charged: readonly Charge[],
): Promise<{ lease: LeasedImage; key: string; overtaken: string[]; isShown: boolean }> {
  for (let attempt = 1; ; attempt++) {
    const [, rows] = await db.batch([
      chargeStatement(attempt === 1 ? charged : [], Date.now()),
      // A deletion whose answer was lost would keep the image from everybody as long as its mark is young.
      leaseStatement(hash, attempt === LEASE_TRIES),
    ])
    const row = rows[0]
    if (row) {
      const image = { hash, generation: row.generation }
      return {
        lease: leaseOf(hash, size),
        key: imageKey(image),
        overtaken: overtakenKeys(image),
        isShown: row.refs > 0,
      }
    }
    if (attempt === LEASE_TRIES) throw new Error('a lease returned no row')
    await new Promise((resolve) => setTimeout(resolve, LEASE_PAUSE_MS * attempt))
  }
}

/** Widths in pixels that an image may be had in, besides its own (`variant.ts`). */
export const VARIANT_WIDTHS = [320, 640, 1280] as const

/** The key of a smaller version of the image that has this key. */
export const variantKey = (key: string, width: number): string => `${key}/${width}`

/** All that may be in the bucket of an image, whether or not smaller versions of it were made. */
const keysOf = (key: string): string[] => [key, ...VARIANT_WIDTHS.map((width) => variantKey(key, width))]

/** Puts a leased image into the bucket, or a smaller version of one. With its hash R2 checks what has arrived. */
export async function putImage(
  bucket: R2Bucket,
  key: string,
  bytes: Uint8Array,
  type: string,
  hash?: string,
): Promise<void> {
  await withinDeadline(R2_DEADLINE_MS, () =>
    bucket.put(key, bytes, { ...(hash && { sha256: hash }), httpMetadata: { contentType: type } }),
  ).catch((error: unknown) => {
    throw error instanceof TookTooLong ? new LatePut('put is late') : new StorageUnavailable('put failed')
  })
}

/** Deletes what is not needed under these keys any more. Never throws: what stays goes with the image. */
export const deleteKeys = (bucket: R2Bucket, keys: string[]): Promise<void> =>
  withinDeadline(R2_DEADLINE_MS, () => bucket.delete(keys.flatMap(keysOf))).catch(() => undefined)

/** Whether the bucket lacks what it should have, or may, where it cannot be asked: to put it once more does no harm. */
export const isMissing = (bucket: R2Bucket, key: string): Promise<boolean> =>
  withinDeadline(R2_DEADLINE_MS, () => bucket.head(key)).then(
    (object) => object === null,
    () => true,
  )

/** How often a deletion of the image was overtaken, which tells its key; undefined where there is none. One call, which reads 1 row. */
export async function findGeneration(db: Db, hash: string): Promise<number | undefined> {
  const [[image]] = await db.batch([imageStatement(hash)])
  return image?.generation
}

/**
 * Whether everybody may see the image, and its generation where that was asked too. One call, which reads 1 row; none for what was found to be public
 * a moment ago.
 */
export async function findPublicImage(
  db: Db,
  hash: string,
): Promise<{ isPublic: boolean; generation?: number }> {
  if (isKnownPublic(hash)) return { isPublic: true }
  const [[image]] = await db.batch([imageStatement(hash)])
  const isPublic = image !== undefined && image.publicRefs > 0
  if (isPublic) rememberPublic(hash)
  return { isPublic, generation: image?.generation ?? 0 }
}

/** The bytes and type of the image that has this key. */
export async function getOriginal(bucket: R2Bucket, key: string) {
  return await withinDeadline(R2_DEADLINE_MS, async () => {
    const object = await bucket.get(key)
    return object && { bytes: await object.bytes(), type: object.httpMetadata?.contentType ?? '' }
  })
}

/**
 * The image, or its version of a width, under whichever key it has: all but a few have their hash, so the others are looked for only where there is none.
 * Then D1 is asked, in one call that reads 1 row ($0.001 a million), as R2 would have to list keys ($4.50 a million).
 */
export async function getImage(
  bucket: R2Bucket,
  { hash, width }: { hash: string; width?: number | undefined },
  options: R2GetOptions,
  generationOf: () => Promise<number | undefined>,
): Promise<R2ObjectBody | R2Object | null> {
  const get = (key: string) =>
    withinDeadline(R2_DEADLINE_MS, () =>
      bucket.get(width === undefined ? key : variantKey(key, width), options),
    )
  const object = await get(hash)
  if (object) return object
  const generation = (await generationOf()) ?? 0
  return generation > 0 ? get(imageKey({ hash, generation })) : null
}

/** Deletes marked objects, then their rows. On failure the marks stay, and `sweep` tries again. */
export async function deleteObjects(db: Db, bucket: R2Bucket, marked: readonly MarkedImage[]): Promise<void> {
  try {
    for (const [deletingAt, images] of byMark(marked)) {
      const keys = images.flatMap((image) => [imageKey(image), ...overtakenKeys(image)]).flatMap(keysOf)
      for (let i = 0; i < keys.length; i += R2_KEYS)
        await withinDeadline(R2_DEADLINE_MS, () => bucket.delete(keys.slice(i, i + R2_KEYS)))
      await db.batch(
        forgetMarkedStatements(
          images.map(({ hash }) => hash),
          deletingAt,
        ),
      )
    }
  } catch (error) {
    console.error(JSON.stringify({ error: 'Images could not be deleted yet.', why: String(error) }))
  }
}

/** Images by the time at which they were marked: usually one time, that of the request. */
function byMark(marked: readonly MarkedImage[]): Map<number, MarkedImage[]> {
  const images = new Map<number, MarkedImage[]>()
  for (const image of marked) {
    const { deletingAt } = image
    if (deletingAt !== null) images.set(deletingAt, [...(images.get(deletingAt) ?? []), image])
  }
  return images
}

/** Gives back a lease whose row was not committed. Never throws: what it cannot do, `sweep` does. */
export async function abandonUpload(db: Db, bucket: R2Bucket, image: LeasedImage): Promise<void> {
  try {
    const [, marked] = await db.batch(endLeaseStatements(image))
    await deleteObjects(db, bucket, marked)
  } catch (error) {
    console.error(JSON.stringify({ error: 'An upload could not be undone yet.', why: String(error) }))
  }
}

/** How many images are marked and deleted at once, each time in calls of their own; and how often in one run. */
const SWEPT_AT_ONCE = 500
const SWEEPS_PER_RUN = 40

/** Finishes what uploads and deletions that died, or were too many for one request, have left. Whatever is left then, the next run finds. */
export async function sweep(db: Db, bucket: R2Bucket): Promise<void> {
  await db.batch([correctFutureTimesStatement()])
  for (let i = 0; i < SWEEPS_PER_RUN; i++) {
    const [marked] = await db.batch([markLeftBehindStatement(SWEPT_AT_ONCE)])
    if (marked.length === 0) return
    await deleteObjects(db, bucket, marked)
  }
}
