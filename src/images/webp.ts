import {
  Budget,
  concat,
  fromText,
  holds,
  type Image,
  type Size,
  text,
  uint32LE,
  uintBE,
  uintLE,
} from './bytes'
import { isSideways, orientationBlock, readOrientation } from './exif'

interface Chunk {
  type: string
  data: Uint8Array
}

// Flags of the VP8X chunk: RFC 9649, 2.7.
const [ICC_FLAG, ALPHA_FLAG, EXIF_FLAG, ANIMATION_FLAG] = [0x20, 0x10, 0x08, 0x02]
const FRAME_HEADER_SIZE = 16

/** Keeps the image, colour profile and animation. Drops Exif except an orientation, XMP, and chunks unknown to RFC 9649. */
export function cleanWebp(bytes: Uint8Array): Image | undefined {
  const end = 8 + uintLE(bytes, 4, 4)
  if (!holds(bytes, 0, 'RIFF') || !holds(bytes, 8, 'WEBP') || end > bytes.length) return undefined
  const budget = new Budget()
  const chunks = readChunks(bytes.subarray(12, end), budget)
  const first = chunks?.[0]
  if (!chunks || !first) return undefined

  if (first.type !== 'VP8X') {
    const size = bitstreamSize([first])
    return size && { bytes: file(piecesOf([first])), ...size }
  }
  return cleanExtended(first.data, chunks, budget)
}

function cleanExtended(header: Uint8Array, chunks: Chunk[], budget: Budget): Image | undefined {
  if (header.length < 10) return undefined
  const flags = header[0] ?? 0
  const canvas = { width: uintLE(header, 4, 3) + 1, height: uintLE(header, 7, 3) + 1 }

  const profile = chunks.find(({ type }) => type === 'ICCP')
  const image = flags & ANIMATION_FLAG ? animation(chunks, canvas, budget) : still(chunks, canvas)
  if (!image) return undefined

  const exif = chunks.find(({ type }) => type === 'EXIF')
  const orientation = exif ? readOrientation(exif.data) : 1
  const turned = orientation > 1
  const kept = (flags & (ICC_FLAG | ALPHA_FLAG | ANIMATION_FLAG)) | (turned ? EXIF_FLAG : 0)
  return {
    bytes: file([
      ...serialize('VP8X', [Uint8Array.of(kept, 0, 0, 0), header.subarray(4, 10)]),
      ...(profile ? piecesOf([profile]) : []),
      ...image,
      ...(turned ? serialize('EXIF', [orientationBlock(orientation)]) : []),
    ]),
    ...canvas,
    isSideways: isSideways(orientation),
  }
}

/** The chunks of a still image. It must fill the canvas exactly, or decoders refuse it. */
function still(chunks: Chunk[], canvas: Size): Uint8Array[] | undefined {
  const image = imageChunks(chunks)
  const size = bitstreamSize(image)
  return isSame(size, canvas) ? piecesOf(image) : undefined
}

const isSame = (a: Size | undefined, b: Size) => a?.width === b.width && a.height === b.height

/**
 * The pieces of an animation. Frames may contain unknown chunks too, so each is rebuilt (RFC 9649, 2.7.1.1). Undefined if a frame does not have the
 * size that its header states, or extends beyond the canvas: decoders refuse it.
 */
function animation(chunks: Chunk[], canvas: Size, budget: Budget): Uint8Array[] | undefined {
  const control = chunks.find(({ type }) => type === 'ANIM')
  const frames: Uint8Array[] = []
  for (const { type, data } of chunks) {
    if (type !== 'ANMF') continue
    const header = data.subarray(0, FRAME_HEADER_SIZE)
    const image = imageChunks(readChunks(data.subarray(FRAME_HEADER_SIZE), budget) ?? [])
    const size = { width: uintLE(header, 6, 3) + 1, height: uintLE(header, 9, 3) + 1 }
    const [left, top] = [uintLE(header, 0, 3) * 2, uintLE(header, 3, 3) * 2]
    const isOutside = left + size.width > canvas.width || top + size.height > canvas.height
    if (isOutside || !isSame(bitstreamSize(image), size)) return undefined
    frames.push(...serialize(type, [header, ...piecesOf(image)]))
  }
  return control && frames.length > 0 ? [...piecesOf([control]), ...frames] : undefined
}

/** The first bitstream, with the alpha channel that may precede it. */
function imageChunks(chunks: Chunk[]): Chunk[] {
  const alpha = chunks.find(({ type }) => type === 'ALPH')
  const bitstream = chunks.find(({ type }) => type === 'VP8 ' || type === 'VP8L')
  if (!bitstream) return []
  return alpha && bitstream.type === 'VP8 ' ? [alpha, bitstream] : [bitstream]
}

/** The size stated in the last chunk's bitstream; undefined if it is neither a VP8 key frame nor a VP8L image. */
function bitstreamSize(chunks: Chunk[]): Size | undefined {
  const { type, data } = chunks.at(-1) ?? { type: '', data: new Uint8Array() }
  // RFC 6386, 9.1: in a key frame's tag bit 0 is clear, and a start code follows. The upper two bits of each side are a scale.
  if (type === 'VP8 ' && data.length > 10 && uintBE(data, 3, 3) === 0x9d012a && ((data[0] ?? 1) & 1) === 0) {
    return { width: uintLE(data, 6, 2) & 0x3fff, height: uintLE(data, 8, 2) & 0x3fff }
  }
  // RFC 9649, 3.4: 14 bits each for width - 1 and height - 1, one for alpha, three for version 0.
  const bits = uintLE(data, 1, 4)
  if (type === 'VP8L' && data.length > 5 && data[0] === 0x2f && bits >>> 29 === 0) {
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  }
  return undefined
}

/** Undefined if a chunk is truncated or there are too many. The last chunk's padding byte may be missing. */
function readChunks(bytes: Uint8Array, budget: Budget): Chunk[] | undefined {
  const chunks: Chunk[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 8 + uintLE(bytes, at + 4, 4)
    if (!budget.take() || end > bytes.length) return undefined
    chunks.push({ type: text(bytes, at, 4), data: bytes.subarray(at + 8, end) })
    at = end + (end % 2)
  }
  return chunks
}

/** Returns pieces, so that only the complete file is ever assembled. */
const piecesOf = (chunks: Chunk[]): Uint8Array[] =>
  chunks.flatMap(({ type, data }) => serialize(type, [data]))

function serialize(type: string, content: Uint8Array[]): Uint8Array[] {
  const length = lengthOf(content)
  return [fromText(type), uint32LE(length), ...content, new Uint8Array(length % 2)]
}

function file(pieces: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const form = fromText('WEBP')
  return concat([fromText('RIFF'), uint32LE(form.length + lengthOf(pieces)), form, ...pieces])
}

const lengthOf = (pieces: Uint8Array[]) => pieces.reduce((total, piece) => total + piece.length, 0)
