/** Writing rows that show pictures: nothing half-done, whichever of the two stores fails. */
import { sha256 } from '../crypto'
import { openDb } from '../db/client'
import { DatabaseUnavailable } from '../db/errors'
import type { RequestContext } from '../http/env'
import { ApiError } from '../http/errors'
import type { CleanImage } from './clean'
import { abandonUpload, deleteObjects, type Marked, storePicture } from './store'

/**
 * Stores the picture, if there is one, then runs the write with its hash. If the write fails the picture goes again.
 * The write gives the claim back in its own batch (`releaseClaim`).
 */
export async function withPicture<T>(
  c: RequestContext,
  picture: CleanImage | undefined,
  write: (hash: string | undefined) => Promise<T>,
): Promise<T> {
  if (!picture) return write(undefined)
  const hash = await sha256(picture.bytes)
  await storePicture(c.var.db, c.env.MEDIA, hash, picture)
  try {
    return await write(hash)
  } catch (error) {
    // Whether the row was written is not known then: `sweep` will see.
    if (!isUnavailable(error)) c.executionCtx.waitUntil(abandonUpload(ownDb(c), c.env.MEDIA, hash))
    throw error
  }
}

const isUnavailable = (error: unknown) =>
  error instanceof DatabaseUnavailable || (error instanceof ApiError && error.code === 'unavailable')

/** Cleaning up is not done for the viewer, who may be the one who is gone. */
const ownDb = (c: RequestContext) => openDb(c.env.DB, { primary: true })

/** Deletes the pictures that a write left unneeded, once the client has its answer. */
export function deleteLater(c: RequestContext, marked: Marked): void {
  if (marked.length > 0) c.executionCtx.waitUntil(deleteObjects(ownDb(c), c.env.MEDIA, marked))
}
