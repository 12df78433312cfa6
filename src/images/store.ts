/**
 * Images in the bucket: each stored once under the SHA-256 of its bytes, and gone with the last row that shows it.
 *
 * R2 and D1 share no transaction, so `images` says what may be relied on:
 *   1. an upload *leases* the hash (D1), then puts the object, then commits the row that shows it, which raises
 *      `refs` (trigger) and gives the lease back in the same batch;
 *   2. a row of `images` without refs and leases is *marked* for deletion in the batch that took the last ref; the
 *      object is deleted after that commit, and the row after the object.
 * While the mark stands nobody may lease the hash: so a deletion can never take an object that a new row shows.
 * Whatever a crash leaves (leases that ran out, marks that grew old) `sweep` finishes.
 */
import type { Db } from '../db/client'
import { Unavailable } from '../db/errors'
import {
  endLeaseStatements,
  forgetMarkedStatement,
  type LeasedImage,
  leaseOf,
  leaseStatement,
  type MarkedImage,
  markUnreferencedStatement,
} from '../db/image-leases'
import { type Charge, chargeStatement } from '../db/rate-limits'
import type { CleanImage } from './clean'

/** The bucket is out of reach, or the same image is being deleted this moment: try again. */
export class StorageUnavailable extends Unavailable {}

/** Keys that one R2 call deletes. */
const R2_KEYS = 1000
const LEASE_TRIES = 5
const LEASE_PAUSE_MS = 60

/**
 * Leases the hash, so that the object stays. `isStored` where a committed row shows the image: the bucket has it then. Throws
 * `StorageUnavailable` while the image is being deleted, `Throttled`. Follow with a batch that uses the lease (`withLease`), or with `abandonUpload`.
 */
export async function leaseImage(
  db: Db,
  hash: string,
  charged: readonly Charge[],
): Promise<{ lease: LeasedImage; isStored: boolean }> {
  for (let attempt = 1; ; attempt++) {
    const now = Date.now()
    const [, rows] = await db.batch([
      chargeStatement(attempt === 1 ? charged : [], now),
      leaseStatement(hash, now),
    ])
    const row = rows[0]
    if (row) return { lease: leaseOf(hash), isStored: row.refs > 0 }
    if (attempt === LEASE_TRIES) throw new StorageUnavailable('being deleted')
    await new Promise((resolve) => setTimeout(resolve, LEASE_PAUSE_MS * attempt))
  }
}

/** Puts a leased image into the bucket. */
export async function putImage(bucket: R2Bucket, hash: string, { bytes, type }: CleanImage): Promise<void> {
  await bucket.put(hash, bytes, { sha256: hash, httpMetadata: { contentType: type } }).catch(() => {
    throw new StorageUnavailable('put failed')
  })
}

/** Deletes marked objects, then their rows. On failure the marks stay, and `sweep` tries again. */
export async function deleteObjects(db: Db, bucket: R2Bucket, marked: readonly MarkedImage[]): Promise<void> {
  try {
    for (const [deletingAt, hashes] of byMark(marked)) {
      for (let i = 0; i < hashes.length; i += R2_KEYS) await bucket.delete(hashes.slice(i, i + R2_KEYS))
      await db.batch([forgetMarkedStatement(hashes, deletingAt)])
    }
  } catch (error) {
    console.error(JSON.stringify({ error: 'Images could not be deleted yet.', why: String(error) }))
  }
}

/** Hashes by the time at which they were marked: usually one time, that of the request. */
function byMark(marked: readonly MarkedImage[]): Map<number, string[]> {
  const hashes = new Map<number, string[]>()
  for (const { hash, deletingAt } of marked) {
    if (deletingAt !== null) hashes.set(deletingAt, [...(hashes.get(deletingAt) ?? []), hash])
  }
  return hashes
}

/** Gives back a lease whose row was not committed. Never throws: what it cannot do, `sweep` does. */
export async function abandonUpload(db: Db, bucket: R2Bucket, image: LeasedImage): Promise<void> {
  try {
    const [, marked] = await db.batch(endLeaseStatements(image, Date.now()))
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
  for (let i = 0; i < SWEEPS_PER_RUN; i++) {
    const [marked] = await db.batch([markUnreferencedStatement(Date.now(), SWEPT_AT_ONCE)])
    if (marked.length === 0) return
    await deleteObjects(db, bucket, marked)
  }
}
