/**
 * Smaller versions of images, where the optional binding `IMAGES` is configured: `?w=320|640|1280`. Each is made once, when it is first asked for, and
 * kept in the bucket beside the original, with which it goes.
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

/** How long the platform may take for one: whoever asked waits for it. */
const MAKE_DEADLINE_MS = 10_000

/** What this isolate is making. Its promises belong to other requests, so nobody can wait for them. */
const making = new Set<string>()

/** The width asked for; undefined where it is none of those that there are, or none can be made. The original answers then. */
export function variantWidth(c: RequestContext): number | undefined {
  if (!c.env.IMAGES) return undefined
  const asked = new URL(c.req.url).searchParams.get('w')
  return VARIANT_WIDTHS.find((width) => String(width) === asked)
}

/**
 * Makes a version of this width and stores it: `true`. `false` where the original has to do, as it is animated or nothing is there any more; throws
 * where it cannot be made now. An image that is no smaller for it is stored as it is, so that it is not tried again.
 *
 * Two calls to D1, which write 1 row each: the image is leased meanwhile, so that no deletion misses what is made.
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
      // What is put late may arrive yet: the lease lasts until then, and whatever deletes the image afterwards takes it along.
      if (!isLate) await abandonUpload(db, env.MEDIA, lease)
    }
  } finally {
    making.delete(name)
  }
}

type Original = NonNullable<Awaited<ReturnType<typeof getOriginal>>>

/** In the original's format, and never larger than it is. */
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
