/** Where clients find images: absolute URLs that never change their content. */
import { config } from '../http/config'
import type { Bindings, RequestContext } from '../http/env'

/** The project's own images, files of `public/`; their paths are the original's. */
const DEFAULTS = {
  profile: '/media/images/default_profile_dqcubz.jpg',
  post: '/media/images/default_post_ovkj9a.jpg',
} as const

export interface ImageUrls {
  image(key: string): string
  imageOr(fallback: keyof typeof DEFAULTS, key: string | null): string
}

/** Images that came from elsewhere (`npm run import -- --media-url`) may have stayed there: their key is their address, and answers pass it on. */
export const isAddress = (key: string): boolean => key.startsWith('https://')

/** The builder of URLs for this request. */
export const imageUrls = (c: RequestContext): ImageUrls => imageUrlsAt(c.env, new URL(c.req.url).origin)

/** On the API's own origin, or on the configured public one. */
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

/** Whether it has the form of a URL that these builders make or pass on, with or without an appended `?t=…`. */
export function isImageUrl(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > MAX_URL_LENGTH || !/^https?:\/\//.test(value)) return false
  const path = URL.parse(value)?.pathname ?? ''
  return (
    HASH_PATH.test(path) ||
    path.includes('/image/upload/') ||
    Object.values(DEFAULTS).some((one) => path === one)
  )
}
