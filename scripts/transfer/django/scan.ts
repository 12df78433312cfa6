/**
 * Reads the objects of a JSON array as texts, from a file of any size. Only one object is in memory at a time, with the chunk of the file in which it
 * ends.
 */
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'

const PIECE_BYTES = 262_144
const [QUOTE, BACKSLASH, OPEN, CLOSE, BEGIN, END, COMMA] = [...'"\\{}[],'].map((character) =>
  character.charCodeAt(0),
)
const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** The position in the array. */
type Place = 'before' | 'between' | 'object' | 'behind'

/** Throws if the file is not an array of objects, or ends too early. Unzips `.gz`. */
export async function* scanObjects(path: string): AsyncGenerator<string[]> {
  const raw = createReadStream(path, { highWaterMark: PIECE_BYTES })
  const stream: AsyncIterable<Buffer> = path.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  let place: Place = 'before'
  let depth = 0
  let isText = false
  let isEscaped = false
  let wantsComma = false
  let count = 0
  /** The beginning of an object that continues after the previous chunk. */
  let rest: Buffer = Buffer.alloc(0)
  let isFirst = true

  for await (let piece of stream) {
    if (isFirst && piece.subarray(0, 3).equals(BYTE_ORDER_MARK)) piece = piece.subarray(3)
    isFirst = false
    const bytes = rest.length > 0 ? Buffer.concat([rest, piece]) : piece
    let start = 0
    const objects: string[] = []
    for (let i = rest.length; i < bytes.length; i++) {
      const byte = bytes[i]
      if (place === 'object') {
        if (isEscaped) isEscaped = false
        else if (isText) {
          if (byte === QUOTE) isText = false
          else if (byte === BACKSLASH) isEscaped = true
        } else if (byte === QUOTE) isText = true
        else if (byte === OPEN || byte === BEGIN) depth++
        else if (byte === CLOSE || byte === END) {
          depth--
          if (depth === 0) {
            objects.push(bytes.toString('utf8', start, i + 1))
            count++
            place = 'between'
            wantsComma = true
          }
        }
      } else if (isSpace(byte)) continue
      else if (place === 'before' && byte === BEGIN) place = 'between'
      else if (place === 'between' && byte === OPEN && !wantsComma) {
        place = 'object'
        depth = 1
        start = i
      } else if (place === 'between' && byte === COMMA && wantsComma) wantsComma = false
      else if (place === 'between' && byte === END && (wantsComma || count === 0)) place = 'behind'
      else throw new Error(`${path} is no dump: after object ${count} comes something else.`)
    }
    rest = place === 'object' ? bytes.subarray(start) : Buffer.alloc(0)
    if (objects.length > 0) yield objects
  }
  if (place === 'before') throw new Error(`${path} is no dump: it is empty.`)
  if (place !== 'behind') throw new Error(`${path} is cut off after object ${count}.`)
}
