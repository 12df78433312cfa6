/** The body field that takes an image. */
import * as z from 'zod/mini'
import { NOT_NULL, preparing, text } from '../http/fields'
import { IMAGE_FORM_BYTES } from '../http/limits'
import { BLANK, Upload } from '../http/values'
import { type CleanImage, cleanImage } from './clean'
import { isImageUrl } from './url'

interface Rules {
  maxBytes: number
  tooLarge: string
  notAnImage: string
  /** In pixels, for each side. */
  maxSide?: number
  /** For width × height. */
  maxPixels?: number
}

/** For posts and profiles. */
export const IMAGE: Rules = {
  maxBytes: 2 * 2 ** 20,
  tooLarge: 'Image size larger than 2MB!',
  notAnImage: 'Upload a valid image. The file you uploaded was either not an image or a corrupted image.',
  maxSide: 4096,
}

/** For messages. */
export const MESSAGE_IMAGE: Rules = {
  maxBytes: 5 * 2 ** 20,
  tooLarge: 'Image file too large (max 5MB)',
  notAnImage: 'Invalid image file',
  // A decoded pixel takes four bytes in the reader's browser. Phones produce images of at most this size, or scale them down.
  maxPixels: 40_000_000,
}

/** For `body()`: allows larger forms for images, so that an image that is far too large gets its field's error. */
export const imageUpload = ({ tooLarge }: Rules) => ({
  maxBytes: IMAGE_FORM_BYTES,
  tooLarge: { image: [tooLarge] },
})

/** A thumbhash has at least 5 bytes, usually about 25. */
const MAX_THUMBHASH_CHARACTERS = 100
const THUMBHASH = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/

/**
 * A placeholder for an image (https://evanw.github.io/thumbhash/), in base64; blank and null mean none. The service does not check that it resembles
 * the image.
 */
export const thumbhashField = () =>
  preparing(
    (value) => (isBlank(value) || value === '' ? null : value),
    z.optional(
      z.nullable(
        text({ max: MAX_THUMBHASH_CHARACTERS }).check(
          z.regex(THUMBHASH, 'Enter a valid thumbhash in base64.'),
        ),
      ),
    ),
  )

/** Whether it is a form's blank part, which the fields' types do not include. */
const isBlank = (value: unknown) => value === BLANK

/** A file. Both an absent field and a form's blank part mean that no image was sent. The output is the image without its metadata. */
export const imageField = (rules: Rules) =>
  z
    .pipe(
      z.optional(z.custom<File | undefined>()),
      z.transform((value: File | undefined, payload): CleanImage | undefined =>
        value === undefined || isBlank(value) ? undefined : (checked(value, rules, payload) ?? undefined),
      ),
    )
    .check(z.meta({ type: 'string', format: 'binary' }))

/**
 * Like `imageField`, for a row that already has an image: the image's URL means, like an absent field, that the image stays. Clients that read a
 * record, change a field and send everything back cannot say it differently.
 */
export const changedImageField = (rules: Rules) =>
  preparing((value) => (isImageUrl(value) ? undefined : value), imageField(rules))

/** A file that can be removed: a form's blank part and null mean no image; an absent field means no change. */
export const optionalImageField = (rules: Rules) =>
  z
    .pipe(
      z.optional(z.custom<File | null | undefined>()),
      z.transform((value: File | null | undefined, payload): CleanImage | null | undefined => {
        if (value === undefined) return undefined
        return value === null || isBlank(value) ? null : checked(value, rules, payload)
      }),
    )
    .check(z.meta({ type: ['string', 'null'], format: 'binary' }))

function checked(value: unknown, rules: Rules, { issues }: z.core.ParsePayload): CleanImage | null {
  const found = check(value, rules)
  if (typeof found !== 'string') return found
  issues.push({ code: 'custom', message: found, input: value })
  return null
}

/** The image, or the error message. */
function check(
  value: unknown,
  { maxBytes, tooLarge, notAnImage, maxSide, maxPixels }: Rules,
): CleanImage | string {
  if (value === null) return NOT_NULL
  if (!(value instanceof Upload))
    return 'The submitted data was not a file. Check the encoding type on the form.'
  if (value.bytes.length === 0) return 'The submitted file is empty.'
  if (value.bytes.length > maxBytes) return tooLarge
  const image = cleanImage(value.bytes)
  if (!image) return notAnImage
  // The limits apply to everything that has to be decoded, not only to what is shown.
  const { width, height } = image.extent
  if (maxSide !== undefined) {
    if (height > maxSide) return `Image height larger than ${maxSide}px!`
    if (width > maxSide) return `Image width larger than ${maxSide}px!`
  }
  if (maxPixels !== undefined && width * height > maxPixels) return notAnImage
  return image
}
