/**
 * Images in the bucket. Each is stored once, under the SHA-256 of its bytes, and deleted with the last row that shows it.
 *
 * R2 and D1 share no transaction, so the table `images` coordinates them:
 *   1. An upload *leases* the hash (D1), then puts the object, then commits the row that shows it. A trigger raises `refs`, and the same batch
 *      releases the lease.
 *   2. The batch that removes the last reference *marks* a row of `images` without references and leases for deletion. After the commit, the object is
 *      deleted, and then the row.
 * An upload waits a moment for a recent mark, then overtakes the deletion; `sweep` repeats a deletion whose mark is old. From then on uploads
 * store the object under another key (its generation), even if the row of `images` was deleted in the meantime (its *fence* remains for a day). So a
 * deletion that gave no answer, however late it arrives, cannot delete an object that a new row shows.
 * `sweep` cleans up what a crash leaves behind: expired leases and old marks.
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

/** The bucket cannot be reached; the client may try again. */
export class StorageUnavailable extends Unavailable {}

/** The image was not stored in time, but may still be. */
export class LatePut extends StorageUnavailable {}

/** How long R2 may take for an image of the largest size that `images/field.ts` accepts. */
const R2_DEADLINE_MS = 10_000
/** The most keys that one R2 call deletes. */
const R2_KEYS = 1000
const LEASE_TRIES = 5
const LEASE_PAUSE_MS = 60

/**
 * Leases the hash, so that the object stays under this key. If a committed row shows the image, `isShown` is true and the bucket should have it.
 * Waits a moment for a deletion in progress, then overtakes it. Throws `Throttled`. Must be followed by a batch that uses the lease (`withLease`), or
 * by `abandonUpload`.
 */
export async function leaseImage(
  db: Db,
  { hash, size }: { hash: string; size: LeasedImage['size'] },
  charged: readonly Charge[],
): Promise<{ lease: LeasedImage; key: string; overtaken: string[]; isShown: boolean }> {
  for (let attempt = 1; ; attempt++) {
    const [, rows] = await db.batch([
      chargeStatement(attempt === 1 ? charged : [], Date.now()),
      // The last attempt overtakes the deletion: if its answer was lost, nobody could upload the image for as long as the mark is recent.
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

/** The widths in pixels in which an image is available besides its own (`variant.ts`). */
export const VARIANT_WIDTHS = [320, 640, 1280] as const

/** The key of a smaller version of the image with this key. */
export const variantKey = (key: string, width: number): string => `${key}/${width}`

/** All keys that an image may have in the bucket, whether or not smaller versions were created. */
const keysOf = (key: string): string[] => [key, ...VARIANT_WIDTHS.map((width) => variantKey(key, width))]

/** Stores a leased image, or a smaller version of one. If the hash is given, R2 checks the received bytes. */
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

/** Deletes objects under keys that are no longer used. Never throws: what is left is deleted with the image. */
export const deleteKeys = (bucket: R2Bucket, keys: string[]): Promise<void> =>
  withinDeadline(R2_DEADLINE_MS, () => bucket.delete(keys.flatMap(keysOf))).catch(() => undefined)

/** Whether the bucket lacks an object that it should have. True if the bucket does not answer: storing it again does no harm. */
export const isMissing = (bucket: R2Bucket, key: string): Promise<boolean> =>
  withinDeadline(R2_DEADLINE_MS, () => bucket.head(key)).then(
    (object) => object === null,
    () => true,
  )

/** How often a deletion of the image was overtaken, which determines its key; undefined if the image does not exist. One call, which reads 1 row. */
export async function findGeneration(db: Db, hash: string): Promise<number | undefined> {
  const [[image]] = await db.batch([imageStatement(hash)])
  return image?.generation
}

/**
 * Whether the image is public, and its generation if D1 was asked. One call, which reads 1 row; no call if the image was found to be public a moment
 * ago.
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

/** The bytes and type of the image with this key. */
export async function getOriginal(bucket: R2Bucket, key: string) {
  return await withinDeadline(R2_DEADLINE_MS, async () => {
    const object = await bucket.get(key)
    return object && { bytes: await object.bytes(), type: object.httpMetadata?.contentType ?? '' }
  })
}

/**
 * The image, or its version of this width, under any of its keys. Almost all are stored under their hash, so the other key is only looked up if there
 * is no such object: in D1, with one call that reads 1 row ($0.001 per million). R2 would have to list keys ($4.50 per million).
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

/** Groups images by the time of their mark: usually one time, that of the request. */
function byMark(marked: readonly MarkedImage[]): Map<number, MarkedImage[]> {
  const images = new Map<number, MarkedImage[]>()
  for (const image of marked) {
    const { deletingAt } = image
    if (deletingAt !== null) images.set(deletingAt, [...(images.get(deletingAt) ?? []), image])
  }
  return images
}

/** Releases a lease whose row was not committed. Never throws: `sweep` does what this cannot. */
export async function abandonUpload(db: Db, bucket: R2Bucket, image: LeasedImage): Promise<void> {
  try {
    const [, marked] = await db.batch(endLeaseStatements(image))
    await deleteObjects(db, bucket, marked)
  } catch (error) {
    console.error(JSON.stringify({ error: 'An upload could not be undone yet.', why: String(error) }))
  }
}

/** How many images are marked and deleted at once, in separate calls, and how often per run. */
const SWEPT_AT_ONCE = 500
const SWEEPS_PER_RUN = 40

/** Finishes uploads and deletions that crashed, or were too many for one request. The next run does what is left. */
export async function sweep(db: Db, bucket: R2Bucket): Promise<void> {
  await db.batch([correctFutureTimesStatement()])
  for (let i = 0; i < SWEEPS_PER_RUN; i++) {
    const [marked] = await db.batch([markLeftBehindStatement(SWEPT_AT_ONCE)])
    if (marked.length === 0) return
    await deleteObjects(db, bucket, marked)
  }
}
