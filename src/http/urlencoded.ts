/** Bodies of `application/x-www-form-urlencoded`. */
import { type Decode, decoderFor } from './charset'
import { ApiError } from './errors'
import { MAX_FIELDS } from './limits'
import { BLANK } from './values'

const [AMPERSAND, EQUALS, PLUS, PERCENT, SPACE] = [0x26, 0x3d, 0x2b, 0x25, 0x20]
const encoder = new TextEncoder()

/**
 * The fields of a form; if one is repeated, the last counts. 400 if there are too many, or if one is not text: `URLSearchParams` would
 * replace it by U+FFFD and lose what was sent.
 */
export function parseUrlencoded(bytes: Uint8Array, charset: string | undefined): Record<string, unknown> {
  const decode = decoderFor(charset)
  const ascii = isAsciiCompatible(decode) ? bytes : encoder.encode(decode(bytes))
  const pairs = pairsOf(ascii)
  const text = ascii === bytes ? decode : decoderFor()
  const fields: Record<string, unknown> = Object.create(null)
  for (const pair of pairs) {
    const end = pair.indexOf(EQUALS)
    const name = end < 0 ? pair : pair.subarray(0, end)
    const value = end < 0 ? new Uint8Array() : pair.subarray(end + 1)
    fields[decoded(name, text)] = decoded(value, text) || BLANK
  }
  return fields
}

/** UTF-16 is not: there even the ampersands take two bytes. */
const isAsciiCompatible = (decode: Decode) => {
  try {
    return decode(Uint8Array.of(AMPERSAND, EQUALS)) === '&='
  } catch {
    return false
  }
}

/** Counted before they are parsed. */
function pairsOf(bytes: Uint8Array): Uint8Array[] {
  const pairs: Uint8Array[] = []
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(AMPERSAND, start)
    const end = found < 0 ? bytes.length : found
    if (end > start) pairs.push(bytes.subarray(start, end))
    if (pairs.length > MAX_FIELDS) throw malformed(`more than ${MAX_FIELDS} fields`)
    start = end + 1
  }
  return pairs
}

const malformed = (why: string) => new ApiError('parse_error', { detail: `Form parse error - ${why}` })

function decoded(bytes: Uint8Array, decode: Decode): string {
  try {
    return decode(percentDecoded(bytes))
  } catch {
    throw malformed('a field is not text in its charset')
  }
}

/** https://url.spec.whatwg.org/#urlencoded-parsing: a `%` not followed by two hexadecimal digits is kept. */
function percentDecoded(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    const [high, low] = byte === PERCENT ? [hexDigit(bytes[at + 1]), hexDigit(bytes[at + 2])] : [-1, -1]
    if (high >= 0 && low >= 0) {
      out[length++] = high * 16 + low
      at += 2
    } else {
      out[length++] = byte === PLUS ? SPACE : byte
    }
  }
  return out.subarray(0, length)
}

/** -1 if it is not one. */
function hexDigit(byte = 0): number {
  const digit = Number.parseInt(String.fromCharCode(byte), 16)
  return Number.isNaN(digit) ? -1 : digit
}
