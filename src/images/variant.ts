/**
 * Smaller versions of images, if the optional binding `IMAGES` is configured: `?w=320|640|1280`. Each is created when it is first requested, stored
 * beside the original, and deleted with it.
 */
import * as z from 'zod/mini'
import { openDb } from '../db/client'
import { withinDeadline } from '../deadline'
import type { RequestContext } from '../http/env'
import { queryParam } from '../http/params'
import {
  abandonUpload,
  getOriginal,
  LatePut,
  leaseImage,
  putImage,
  VARIANT_WIDTHS,
  variantKey,
} from './store'

/** The query of every route that serves images. */
export const variantQuery = z.object({
  w: queryParam(
    'Width in pixels: 320, 640 or 1280 returns a smaller version, if the service supports it. Other values return the original, and so do images that are not wider.',
  ),
})

/** How long the platform may take to create a version while the client waits. */
const MAKE_DEADLINE_MS = 10_000

/** The versions that this isolate is creating. Other requests cannot await them, because a promise belongs to its request. */
const making = new Set<string>()

/** The requested width; undefined if it is not one of the available ones, or if versions cannot be created. The original is sent then. */
export function variantWidth(c: RequestContext): number | undefined {
  if (!c.env.IMAGES) return undefined
  const asked = new URL(c.req.url).searchParams.get('w')
  return VARIANT_WIDTHS.find((width) => String(width) === asked)
}

/**
 * Creates a version of this width and stores it. False if the original must be sent instead, because it is animated or no longer exists; throws if
 * the version cannot be created now. If the version would be no smaller in bytes, the original's bytes are stored as the version, so that this is not
 * tried again.
 *
 * Two D1 calls, which write 1 row each: the image is leased during that time, so that every deletion includes the new version.
 */
export async function makeVariant({ env }: RequestContext, hash: string, width: number): Promise<boolean> {
  const name = variantKey(hash, width)
  if (!env.IMAGES || making.has(name)) throw new Error('is being made')
  making.add(name)
  const db = openDb(env.DB, { primary: true })
  try {
    const { lease, key } = await leaseImage(db, { hash, size: { width: 0, height: 0 } }, [])
    let isLate = false
    try {
      const original = await getOriginal(env.MEDIA, key)
      if (!original || original.type === 'image/gif') return false
      const bytes = await scaled(env.IMAGES, original, width)
      const smaller = bytes.length < original.bytes.length ? bytes : original.bytes
      await putImage(env.MEDIA, variantKey(key, width), smaller, original.type)
      return true
    } catch (error) {
      isLate = error instanceof LatePut
      throw error
    } finally {
      // A late put may still arrive. The lease lasts until then, and whatever deletes the image later also deletes the version.
      if (!isLate) await abandonUpload(db, env.MEDIA, lease)
    }
  } finally {
    making.delete(name)
  }
}

type Original = NonNullable<Awaited<ReturnType<typeof getOriginal>>>

/** In the original's format, and never wider than the original. */
async function scaled(images: ImagesBinding, { bytes, type }: Original, width: number) {
  const made = await withinDeadline(MAKE_DEADLINE_MS, async () => {
    const result = await images
      .input(new Blob([bytes]).stream())
      .transform({ width, fit: 'scale-down' })
      .output({ format: type as ImageOutputOptions['format'] })
    return result.response().arrayBuffer()
  })
  return new Uint8Array(made)
}
