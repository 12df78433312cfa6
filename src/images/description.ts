/** What answers say about an image besides its URL. */
import * as z from 'zod/mini'

/** The upright image's size in pixels, and its placeholder. Null for default images, and for images from before these were stored. */
export const imageDescription = {
  image_width: z.nullable(z.int()),
  image_height: z.nullable(z.int()),
  image_thumbhash: z.nullable(z.string()),
}

interface Described {
  image: string | null
  /** Missing in stored answers from before these columns existed. */
  imageWidth?: number | null
  imageHeight?: number | null
  imageThumbhash?: string | null
}

/** A placeholder that was sent without an image describes nothing. */
export const imageDescriptionView = ({ image, imageWidth, imageHeight, imageThumbhash }: Described) => ({
  image_width: imageWidth ?? null,
  image_height: imageHeight ?? null,
  image_thumbhash: image === null ? null : (imageThumbhash ?? null),
})
