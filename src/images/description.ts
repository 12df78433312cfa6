/** What answers say of an image besides its URL. */
import * as z from 'zod/mini'

/** Its size in pixels, upright, and its placeholder. Null for default images, and for those from before these were kept. */
export const imageDescription = {
  image_width: z.nullable(z.int()),
  image_height: z.nullable(z.int()),
  image_thumbhash: z.nullable(z.string()),
}

interface Described {
  image: string | null
  /** Missing in answers that were remembered before these were kept. */
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
