/**
 * Pictures in the bucket: each stored once under the SHA-256 of its bytes, and gone with the last row that shows
 * it.
 *
 * R2 and D1 share no transaction, so `images` says what may be relied on:
 *   1. an upload *claims* the hash (D1), then puts the object, then commits the row that shows it, which raises
 *      `refs` (trigger) and gives the claim back in the same batch;
 *   2. a row of `images` without refs and claims is *marked* for deletion in the batch that took the last ref; the
 *      object is deleted after that commit, and the row after the object.
 * While the mark stands no upload may claim the hash: so a deletion can never take an object that a new row shows.
 * Whatever a crash leaves (claims that ran out, marks that grew old) `sweep` finishes.
 */
import { and, eq, lt, or, sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { Unavailable } from '../db/errors'
import { images } from '../db/schema'
import type { CleanImage } from './clean'

/** The bucket is out of reach, or the same picture is being deleted this moment: try again. */
export class StorageUnavailable extends Unavailable {}

/** An upload that has neither committed nor failed by then has died. */
const CLAIM_LIFETIME = 10 * 60_000
/** A deletion that has not finished by then has died. */
const MARK_LIFETIME = 60_000
/** Keys that one R2 call deletes. */
const R2_KEYS = 1000
const CLAIM_TRIES = 5
const CLAIM_PAUSE = 60

/**
 * Claims the picture's hash and makes sure that the bucket has it. One D1 call, and an R2 put unless a row shows it already.
 * Follow with a batch that contains `releaseClaim`, or with `abandonUpload`.
 */
export async function storePicture(
  db: Db,
  bucket: R2Bucket,
  hash: string,
  picture: CleanImage,
): Promise<void> {
  const isStored = await claim(db, hash)
  if (isStored) return
  try {
    await bucket.put(hash, picture.bytes, { sha256: hash, httpMetadata: { contentType: picture.type } })
  } catch {
    await abandonUpload(db, bucket, hash)
    throw new StorageUnavailable('put failed')
  }
}

/** True where a committed row shows the picture, so that the object is there. */
async function claim(db: Db, hash: string): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const now = Date.now()
    const [rows] = await db.batch([
      db.build
        .insert(images)
        .values({ hash, claims: 1, claimedUntil: now + CLAIM_LIFETIME })
        .onConflictDoUpdate({
          target: images.hash,
          set: {
            claims: sql`case when claimed_until < ${now} then 1 else claims + 1 end`,
            claimedUntil: now + CLAIM_LIFETIME,
            deletingAt: null,
          },
          setWhere: sql`(deleting_at is null or deleting_at < ${now - MARK_LIFETIME})`,
        })
        .returning({ refs: images.refs }),
    ])
    const row = rows[0]
    if (row) return row.refs > 0
    if (attempt === CLAIM_TRIES) throw new StorageUnavailable('being deleted')
    await new Promise((resolve) => setTimeout(resolve, CLAIM_PAUSE * attempt))
  }
}

/** The statement that gives a claim back: part of the batch that commits the row. */
export const releaseClaim = (db: Db, hash: string) =>
  db.build.update(images).set({ claims: sql`max(claims - 1, 0)` }).where(eq(images.hash, hash))

/** The statement that marks what nothing needs any more; pass the hashes that it returns to `deleteObjects`. */
export function markUnreferenced(db: Db, now: number) {
  return db.build
    .update(images)
    .set({ deletingAt: now })
    .where(
      and(
        sql`refs = 0`,
        or(eq(images.claims, 0), lt(images.claimedUntil, now)),
        or(sql`deleting_at is null`, lt(images.deletingAt, now - MARK_LIFETIME)),
      ),
    )
    .returning({ hash: images.hash, deletingAt: images.deletingAt })
}

/** What `markUnreferenced` returned. */
export type Marked = Awaited<ReturnType<typeof markUnreferenced>>

/** Deletes marked objects, then their rows. On failure the marks stay, and `sweep` tries again. */
export async function deleteObjects(db: Db, bucket: R2Bucket, marked: Marked): Promise<void> {
  const deletingAt = marked[0]?.deletingAt
  if (deletingAt == null) return
  const hashes = marked.map(({ hash }) => hash)
  try {
    for (let i = 0; i < hashes.length; i += R2_KEYS) await bucket.delete(hashes.slice(i, i + R2_KEYS))
    // One parameter for any number of hashes: D1 takes no more than 100.
    const those = sql`${images.hash} in (select value from json_each(${JSON.stringify(hashes)}))`
    await db.batch([db.build.delete(images).where(and(those, eq(images.deletingAt, deletingAt)))])
  } catch (error) {
    console.error(JSON.stringify({ error: 'Pictures could not be deleted yet.', why: String(error) }))
  }
}

/** Undoes a claim whose row was not committed. Never throws: what it cannot do, `sweep` does. */
export async function abandonUpload(db: Db, bucket: R2Bucket, hash: string): Promise<void> {
  try {
    const [, marked] = await db.batch([releaseClaim(db, hash), markUnreferenced(db, Date.now())])
    await deleteObjects(db, bucket, marked)
  } catch (error) {
    console.error(JSON.stringify({ error: 'An upload could not be undone yet.', why: String(error) }))
  }
}

/** Finishes what uploads and deletions that died have left. */
export async function sweep(db: Db, bucket: R2Bucket): Promise<void> {
  const [marked] = await db.batch([markUnreferenced(db, Date.now())])
  await deleteObjects(db, bucket, marked)
}
