/** Writes rows that show images, so that nothing is left half done, whichever of the two stores fails. */
import { createMiddleware } from 'hono/factory'
import { sha256 } from '../crypto'
import { openDb } from '../db/client'
import { DatabaseUnavailable } from '../db/errors'
import type { LeasedImage } from '../db/image-leases'
import { type Charge, charges } from '../db/rate-limits'
import { config } from '../http/config'
import type { AppEnv, RequestContext } from '../http/env'
import { ApiError } from '../http/errors'
import { MAX_UPLOAD_BYTES_AT_ONCE, MAX_UPLOADS_AT_ONCE, MIN_UPLOAD_BYTES } from '../limits/limits'
import { Throttled } from '../limits/throttled'
import type { CleanImage } from './clean'
import { abandonUpload, deleteKeys, deleteObjects, isMissing, LatePut, leaseImage, putImage } from './store'

const UPLOADS_AT_ONCE = { name: 'uploads_at_once', quota: MAX_UPLOADS_AT_ONCE, windowSeconds: 1 }
/** For each user, the bytes that this isolate is currently storing. */
const uploading = new Map<number | undefined, number>()

/**
 * Stores the image, if there is one, then runs the write with its lease. If the write fails, the image is deleted. Throws `Throttled` if the user has
 * used up their bytes, or would have more than `MAX_UPLOAD_BYTES_AT_ONCE` in progress.
 */
export async function withImage<T>(
  c: RequestContext,
  image: CleanImage | undefined,
  write: (image: LeasedImage | undefined) => Promise<T>,
): Promise<T> {
  if (!image) return write(undefined)
  const userId = c.var.viewer?.id
  const bytes = Math.max(image.bytes.length, MAX_UPLOAD_BYTES_AT_ONCE / MAX_UPLOADS_AT_ONCE)
  const withThis = (uploading.get(userId) ?? 0) + bytes
  if (withThis > MAX_UPLOAD_BYTES_AT_ONCE) throw new Throttled(1_000, UPLOADS_AT_ONCE)
  uploading.set(userId, withThis)
  try {
    return await storeAndWrite(c, image, write)
  } finally {
    const left = (uploading.get(userId) ?? bytes) - bytes
    if (left > 0) uploading.set(userId, left)
    else uploading.delete(userId)
  }
}

async function storeAndWrite<T>(
  c: RequestContext,
  image: CleanImage,
  write: (image: LeasedImage) => Promise<T>,
): Promise<T> {
  const hash = await sha256(image.bytes)
  const { lease, key, overtaken, isShown } = await leaseImage(
    c.var.db,
    { hash, size: image.shown },
    uploadCharges(c, image),
  )
  try {
    if (!isShown || (await isMissing(c.env.MEDIA, key)))
      await putImage(c.env.MEDIA, key, image.bytes, image.type, hash)
    if (overtaken.length > 0) c.executionCtx.waitUntil(deleteKeys(c.env.MEDIA, overtaken))
    return await write(lease)
  } catch (error) {
    // After such an error the row or the object may still have been written: `sweep` decides once the lease has expired.
    if (!isUnknown(error)) c.executionCtx.waitUntil(abandonUpload(ownDb(c), c.env.MEDIA, lease))
    throw error
  }
}

/** Uploads count in bytes per user, which limits what is stored and what is in progress. */
function uploadCharges(c: RequestContext, { bytes }: CleanImage): Charge[] {
  const { viewer } = c.var
  if (!viewer) return []
  return charges(config(c.env).limits, 'upload_bytes', viewer.id, Math.max(bytes.length, MIN_UPLOAD_BYTES))
}

const isUnknown = (error: unknown) =>
  error instanceof DatabaseUnavailable ||
  error instanceof LatePut ||
  (error instanceof ApiError && error.code === 'unavailable')

/** Cleanup must not act for the viewer: if their account is gone, their batches fail. */
const ownDb = (c: RequestContext) => openDb(c.env.DB, { primary: true })

/** After the answer, whatever it is, deletes the images that the request's writes have marked. */
export const deleteMarkedImages = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  const { markedImages } = c.var.db
  if (markedImages.length > 0) c.executionCtx.waitUntil(deleteObjects(ownDb(c), c.env.MEDIA, markedImages))
})
