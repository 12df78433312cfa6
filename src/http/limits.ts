/** What one request body may hold. Every route has these limits unless it declares others to `body()`; all are checked before parsing. */

const KIB = 2 ** 10
const MIB = 2 ** 20

/** Where a route says nothing else: its texts are short, and no image belongs there. */
export const BODY_BYTES = 64 * KIB

/** For forms with an image. A message's may have 5 MiB, and one that is somewhat larger is told so by its field. */
export const IMAGE_FORM_BYTES = 12 * MIB

/**
 * For a body whose longest text may have so many characters. One takes at most 12 bytes, whichever way it is sent: `\ud83d\ude00`
 * in JSON, `%F0%9F%98%80` in a form. The rest is room for the other fields.
 */
export const textBytes = (characters: number): number => 12 * characters + 8 * KIB

/** Members of a JSON body, at whatever depth, or fields of a form, or parts of a multipart one. */
export const MAX_FIELDS = 100

/** Lists and objects of JSON inside each other. */
export const MAX_DEPTH = 20
