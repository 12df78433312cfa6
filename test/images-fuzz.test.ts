/**
 * Damaged images, a thousand of each format: whatever is accepted, another reader finds of the same type and size, is hardly larger
 * than it came, and is accepted unchanged again; what is refused is refused without an error. Either takes no more buffers than about the file twice.
 */
import { imageSize } from 'image-size'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type CleanImage, cleanImage } from '../src/images/clean'
import {
  ascii,
  avif,
  concat,
  exif,
  gif,
  jpeg,
  png,
  pngChunk,
  webp,
  webpChunk,
  webpFile,
} from './fixtures/images'
import { type Random, random } from './fixtures/random'

type Bytes = Uint8Array<ArrayBuffer>

const SEED = 20_261_125
const ROUNDS = 1_000

const animatedWebp = webpFile([
  webpChunk('VP8X', Uint8Array.of(2, 0, 0, 0, 3, 0, 0, 2, 0, 0)),
  webpChunk('ANIM', new Uint8Array(6)),
  webpChunk(
    'ANMF',
    concat(Uint8Array.of(0, 0, 0, 0, 0, 0, 3, 0, 0, 2, 0, 0, 100, 0, 0, 0), webp().subarray(12)),
  ),
])
const eXIf = pngChunk('eXIf', exif({ orientation: 6, gps: true }))
const FORMATS: [string, Bytes[]][] = [
  ['jpeg', [jpeg(), jpeg({ orientation: 6, gps: true, comment: 'x' })]],
  ['png', [png(), png(300, 200, { chunks: [eXIf, pngChunk('tEXt', ascii('Author\0x'))] })]],
  ['gif', [gif(), gif({ comment: 'x' })]],
  ['webp', [webp(), webp({ orientation: 6, gps: true, xmp: 'x' }), animatedWebp]],
  ['avif', [avif(), avif({ metadata: true })]],
]

/** One to four damages: bits, bytes, numbers, and stretches that are doubled, moved, lost or cut off. */
function damaged(original: Bytes, { below, pick }: Random): Bytes {
  let bytes = original.slice()
  for (let left = 1 + below(4); left > 0 && bytes.length > 0; left--) {
    const [at, to] = [below(bytes.length), below(bytes.length)]
    const stretch = bytes.slice(at, at + 1 + below(40))
    switch (below(8)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8))
        break
      case 1:
        bytes[at] = below(256)
        break
      case 2:
        bytes.set(
          pick([
            [0, 0],
            [0xff, 0xff],
            [0, 1],
            [0x7f, 0xff],
            [0x80, 0],
          ]).slice(0, bytes.length - at),
          at,
        )
        break
      case 3:
        bytes.set([0, 0, 0, below(40)].slice(0, bytes.length - at), at)
        break
      case 4:
        bytes = concat(bytes.subarray(0, to), stretch, bytes.subarray(to))
        break
      case 5:
        bytes = concat(bytes.subarray(0, at), bytes.subarray(at + stretch.length))
        break
      case 6:
        bytes.set(stretch.subarray(0, bytes.length - to), to)
        break
      default:
        bytes = below(8) === 0 ? bytes.slice(0, at) : bytes
    }
  }
  return bytes
}

/** With the checksums that its chunks should have: else nearly all damage to a PNG would be found out by them. */
function rechecked(bytes: Bytes): Bytes {
  const view = new DataView(bytes.buffer)
  const chunks: Bytes[] = [bytes.slice(0, 8)]
  let at = 8
  while (at + 12 <= bytes.length) {
    const end = at + 12 + view.getUint32(at)
    if (end > bytes.length) break
    chunks.push(
      pngChunk(String.fromCharCode(...bytes.subarray(at + 4, at + 8)), bytes.slice(at + 8, end - 4)),
    )
    at = end
  }
  return concat(...chunks, bytes.subarray(at))
}

/** What the other reader makes of it. It knows nothing of turns, and an AVIF by its first brand alone. */
function read({ bytes, type, width, height }: CleanImage) {
  const isAvif = type === 'image/avif'
  const known = isAvif ? concat(bytes.subarray(0, 8), ascii('avif'), bytes.subarray(12)) : bytes
  let found: ReturnType<typeof imageSize>
  try {
    found = imageSize(known)
  } catch (error) {
    return { error: String(error), bytes: bytes.toHex() }
  }
  const isTurned = isAvif && new TextDecoder('latin1').decode(bytes).includes('irot')
  const isSwapped = isTurned && found.width === height && found.height === width
  return {
    type: found.type?.replace('jpg', 'jpeg'),
    ...(isSwapped ? { width, height } : { width: found.width, height: found.height }),
  }
}

/** Bytes of buffers that the cleaner made so far; views of one that exists are none. */
let allocated = 0
const { slice } = Uint8Array.prototype
const Real = Uint8Array
beforeAll(() => {
  const counting = new Proxy(Real, {
    construct(target, [first, ...rest], newTarget) {
      const made: Uint8Array = Reflect.construct(target, [first, ...rest], newTarget)
      if (!(first instanceof ArrayBuffer)) allocated += made.byteLength
      return made
    },
  })
  vi.stubGlobal('Uint8Array', counting)
  vi.spyOn(Real.prototype, 'slice').mockImplementation(function (this: Uint8Array, ...range) {
    const made = slice.apply(this, range)
    allocated += made.byteLength
    return made
  })
})
afterAll(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** An image's bytes once, and the joining of a chunk or two: an isolate has 128 MB for whatever it does at once. */
const MOST_ALLOCATED = { perByte: 2, more: 256 }

describe(`images damaged at random, seed ${SEED}`, () => {
  it.each(FORMATS)('%s', (format, originals) => {
    const chance = random(SEED + FORMATS.findIndex(([name]) => name === format))
    let accepted = 0
    for (let round = 0; round < ROUNDS; round++) {
      const broken = damaged(chance.pick(originals), chance)
      const bytes = format === 'png' && round % 2 ? rechecked(broken) : broken
      const what = `round ${round}: ${bytes.toBase64()}`
      let clean: CleanImage | undefined
      allocated = 0
      expect(() => {
        clean = cleanImage(bytes)
      }, what).not.toThrow()
      const most = bytes.length * MOST_ALLOCATED.perByte + MOST_ALLOCATED.more
      expect(allocated, what).toBeLessThanOrEqual(most)
      if (!clean) continue
      accepted++
      const { type, width, height } = clean
      expect(read(clean), what).toEqual({ type: type.replace('image/', ''), width, height })
      expect(clean.extent.width, what).toBeGreaterThanOrEqual(width)
      expect(clean.extent.height, what).toBeGreaterThanOrEqual(height)
      // An orientation is all that is ever added.
      expect(clean.bytes.length, what).toBeLessThan(bytes.length + 64)
      expect(cleanImage(clean.bytes)?.bytes, what).toEqual(clean.bytes)
    }
    expect(accepted).toBeGreaterThan(ROUNDS / 50)
  })
})
