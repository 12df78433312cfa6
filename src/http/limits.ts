/** Limits of a request body. They apply to every route that does not pass others to `body()`, and are checked before parsing. */

const KIB = 2 ** 10
const MIB = 2 ** 20

/** The default, for routes with short texts and no image. */
export const BODY_BYTES = 64 * KIB

/** For forms with an image. In a message it may have 5 MiB, and a slightly larger one should get the error for its field. */
export const IMAGE_FORM_BYTES = 12 * MIB

/**
 * For a body whose longest text may have this many characters. A character takes at most 12 bytes, however it is sent: `\ud83d\ude00`
 * in JSON, `%F0%9F%98%80` in a form. The rest is room for the other fields.
 */
export const textBytes = (characters: number): number => 12 * characters + 8 * KIB

/** Members of a JSON body at any depth, fields of a form, or parts of a multipart form. */
export const MAX_FIELDS = 100

/** Nesting levels of lists and objects in JSON. */
export const MAX_DEPTH = 20
