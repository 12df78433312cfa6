/** The URLs of images: absolute, with content that never changes. */
import { config } from '../http/config'
import type { Bindings, RequestContext } from '../http/env'

/** The project's own images, stored in `public/` under the original's paths. */
const DEFAULTS = {
  profile: '/media/images/default_profile_dqcubz.jpg',
  post: '/media/images/default_post_ovkj9a.jpg',
} as const

export interface ImageUrls {
  image(key: string): string
  imageOr(fallback: keyof typeof DEFAULTS, key: string | null): string
}

/** An imported image (`npm run import -- --media-url`) may have stayed where it was. Its key is then its URL, which answers contain unchanged. */
export const isAddress = (key: string): boolean => key.startsWith('https://')

/** Builds URLs for this request. */
export const imageUrls = (c: RequestContext): ImageUrls => imageUrlsAt(c.env, new URL(c.req.url).origin)

/** Builds URLs on the API's own origin, or on the configured public one. */
export function imageUrlsAt(env: Bindings, origin: string): ImageUrls {
  const base = config(env).mediaUrl ?? `${origin}/media`
  const image = (key: string) => (isAddress(key) ? key : `${base}/${key}`)
  return {
    image,
    imageOr: (fallback, key) => (key === null ? origin + DEFAULTS[fallback] : image(key)),
  }
}

const MAX_URL_LENGTH = 2_000
const HASH_PATH = /\/[0-9a-f]{64}$/

/** Whether the value looks like a URL that these functions build or pass on, with or without an appended `?t=…`. */
export function isImageUrl(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > MAX_URL_LENGTH || !/^https?:\/\//.test(value)) return false
  const path = URL.parse(value)?.pathname ?? ''
  return (
    HASH_PATH.test(path) ||
    path.includes('/image/upload/') ||
    Object.values(DEFAULTS).some((one) => path === one)
  )
}
