/**
 * Bodies of `multipart/form-data` (RFC 7578), as various clients write them. The platform's own parser only accepts what browsers
 * send: it refuses unquoted names (.NET), treats a file that only has a `filename*` as text, and checks no limits before parsing.
 */
import { decoderFor } from './charset'
import { ApiError } from './errors'
import { MAX_FIELDS } from './limits'
import { type MediaType, parseMediaType } from './media-type'
import { decodeTransfer } from './transfer'
import { BLANK, Upload } from './values'

type Bytes = Uint8Array<ArrayBuffer>

/** In bytes. RFC 2046, 5.1.1 allows 70; some stacks go further. */
const MAX_BOUNDARY = 200
const MAX_PART_HEADER = 8 * 1024

const [CR, LF, DASH, SPACE, TAB] = [0x0d, 0x0a, 0x2d, 0x20, 0x09]

interface Part {
  header: Uint8Array
  content: Bytes
}

/** The fields of a form; if one is repeated, the last counts. 400 for a body that is incomplete or has a part that is not a field. */
export function parseMultipart(bytes: Bytes, type: MediaType): Record<string, unknown> {
  const fields: Record<string, unknown> = Object.create(null)
  // axios sends the header, without a boundary, on requests that have no body.
  if (bytes.length === 0) return fields
  const boundary = (type.parameters.get('boundary') ?? '').trim()
  if (boundary === '' || boundary.length > MAX_BOUNDARY) throw malformed('invalid body or boundary')
  let charset = type.parameters.get('charset')
  for (const part of partsOf(
    bytes,
    Uint8Array.from(`--${boundary}`, (c) => c.charCodeAt(0)),
  )) {
    const { name, value } = readPart(part, charset)
    // RFC 7578, 4.6: names the charset of the texts that follow.
    if (name === '_charset_' && typeof value === 'string') charset = value
    fields[name] = value
  }
  return fields
}

const malformed = (why: string) =>
  new ApiError('parse_error', { detail: `Multipart form parse error - ${why}` })

function readPart({ header, content }: Part, charset: string | undefined) {
  const headers = headersOf(header)
  const { parameters } = parseMediaType(headers.get('content-disposition') ?? '')
  const name = parameters.get('name')
  if (name === undefined) throw malformed('a part has no name')
  const declared = parseMediaType(headers.get('content-type') ?? '')
  const bytes = decodeTransfer(content, headers.get('content-transfer-encoding'))
  if (!bytes) throw malformed('a part is not in its transfer encoding')

  const fileName = parameters.get('filename') ?? parameters.get('filename*')
  // Some clients send no file name for data that was never a file.
  if (fileName !== undefined || /^image\/|^application\/octet-stream$/.test(declared.type)) {
    // A browser sends an empty file input as a part with neither name nor bytes.
    return { name, value: fileName || bytes.length > 0 ? new Upload(bytes, fileName ?? '') : BLANK }
  }
  const decode = decoderFor(declared.parameters.get('charset') ?? charset)
  try {
    return { name, value: decode(bytes) || BLANK }
  } catch {
    throw malformed('a field is not text in its charset')
  }
}

/** By lower-case name. A line that begins with a blank continues the one before. */
function headersOf(header: Uint8Array): Map<string, string> {
  const lines = new TextDecoder().decode(header).replace(/\r\n[ \t]+/g, ' ')
  const headers = new Map<string, string>()
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
  }
  return headers
}

/** The parts between the delimiters, counted before they are parsed. Anything before the first and after the last is ignored. */
function partsOf(bytes: Bytes, delimiter: Uint8Array): Part[] {
  const parts: Part[] = []
  let contentStart: number | undefined
  let header: Uint8Array | undefined
  for (const at of occurrences(bytes, delimiter)) {
    const behind = at + delimiter.length
    const isClosing = bytes[behind] === DASH && bytes[behind + 1] === DASH
    const lineEnd = isClosing ? behind + 2 : endOfLine(bytes, behind)
    const isAtLineStart = at === 0 || (bytes[at - 2] === CR && bytes[at - 1] === LF)
    // The boundary may also occur in a file, or begin a longer line.
    if (!isAtLineStart || lineEnd === undefined || (contentStart !== undefined && at < contentStart)) continue
    if (header && contentStart !== undefined)
      parts.push({ header, content: bytes.subarray(contentStart, Math.max(contentStart, at - 2)) })
    if (isClosing) return parts
    if (parts.length >= MAX_FIELDS) throw malformed(`more than ${MAX_FIELDS} parts`)
    const headerEnd = endOfHeader(bytes, lineEnd)
    header = bytes.subarray(lineEnd, headerEnd)
    contentStart = headerEnd + 4
  }
  throw malformed('invalid body or boundary')
}

/** The position after the blanks and line break that follow a delimiter (RFC 2046, 5.1.1); undefined if anything else follows. */
function endOfLine(bytes: Uint8Array, from: number): number | undefined {
  let at = from
  while (bytes[at] === SPACE || bytes[at] === TAB) at++
  return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : undefined
}

/** The position of the blank line that ends a part's header; a part without headers begins with it. */
function endOfHeader(bytes: Uint8Array, from: number): number {
  const end = Math.min(bytes.length, from + MAX_PART_HEADER)
  for (let at = from - 2; at >= 0 && at < end; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF) return at
  }
  throw malformed('the header of a part does not end')
}

/** Where `pattern` occurs. Knuth–Morris–Pratt takes linear time for any input. */
function* occurrences(bytes: Uint8Array, pattern: Uint8Array): Generator<number> {
  // How much of the pattern's beginning still matches after a mismatch.
  const fallback = new Uint8Array(pattern.length)
  for (let at = 1, matched = 0; at < pattern.length; at++) {
    while (matched > 0 && pattern[at] !== pattern[matched]) matched = fallback[matched - 1] ?? 0
    if (pattern[at] === pattern[matched]) matched++
    fallback[at] = matched
  }
  for (let at = 0, matched = 0; at < bytes.length; at++) {
    while (matched > 0 && bytes[at] !== pattern[matched]) matched = fallback[matched - 1] ?? 0
    if (bytes[at] === pattern[matched]) matched++
    if (matched < pattern.length) continue
    yield at + 1 - pattern.length
    matched = fallback[matched - 1] ?? 0
  }
}
