import { concat, fromText, holds, type Image, text, uint32LE, uintBE, uintLE } from './bytes'
import { orientationBlock, readOrientation } from './exif'

interface Chunk {
  type: string
  data: Uint8Array
}

interface Size {
  width: number
  height: number
}

// Flags of the VP8X chunk: RFC 9649, 2.7.
const [ICC_FLAG, ALPHA_FLAG, EXIF_FLAG, ANIMATION_FLAG] = [0x20, 0x10, 0x08, 0x02]
const FRAME_HEADER_SIZE = 16

/** Keeps image, colour profile and animation; drops EXIF but for an orientation, XMP, and chunks unknown to RFC 9649. */
export function cleanWebp(bytes: Uint8Array): Image | undefined {
  const end = 8 + uintLE(bytes, 4, 4)
  if (!holds(bytes, 0, 'RIFF') || !holds(bytes, 8, 'WEBP') || end > bytes.length) return undefined
  const chunks = readChunks(bytes.subarray(12, end))
  const first = chunks?.[0]
  if (!chunks || !first) return undefined

  if (first.type !== 'VP8X') {
    const size = bitstreamSize([first])
    return size && { bytes: file([first]), ...size }
  }
  return cleanExtended(first.data, chunks)
}

function cleanExtended(header: Uint8Array, chunks: Chunk[]): Image | undefined {
  if (header.length < 10) return undefined
  const flags = header[0] ?? 0
  const canvas = { width: uintLE(header, 4, 3) + 1, height: uintLE(header, 7, 3) + 1 }

  const profile = chunks.find(({ type }) => type === 'ICCP')
  const image = flags & ANIMATION_FLAG ? animation(chunks) : still(chunks, canvas)
  if (!image) return undefined

  const exif = chunks.find(({ type }) => type === 'EXIF')
  const orientation = exif ? readOrientation(exif.data) : 1
  const turned = orientation > 1
  const kept = (flags & (ICC_FLAG | ALPHA_FLAG | ANIMATION_FLAG)) | (turned ? EXIF_FLAG : 0)
  return {
    bytes: file([
      { type: 'VP8X', data: concat([Uint8Array.of(kept, 0, 0, 0), header.subarray(4, 10)]) },
      ...(profile ? [profile] : []),
      ...image,
      ...(turned ? [{ type: 'EXIF', data: orientationBlock(orientation) }] : []),
    ]),
    ...canvas,
  }
}

/** The chunks of a still image, which has to fill the canvas exactly, or decoders refuse it. */
function still(chunks: Chunk[], canvas: Size): Chunk[] | undefined {
  const image = imageChunks(chunks)
  const size = bitstreamSize(image)
  return size?.width === canvas.width && size.height === canvas.height ? image : undefined
}

/** The chunks of an animation; frames may hold unknown chunks too, so each is put together anew (RFC 9649, 2.7.1.1). */
function animation(chunks: Chunk[]): Chunk[] | undefined {
  const control = chunks.find(({ type }) => type === 'ANIM')
  const kept: Chunk[] = []
  for (const { type, data } of chunks) {
    if (type !== 'ANMF') continue
    const image = imageChunks(readChunks(data.subarray(FRAME_HEADER_SIZE)) ?? [])
    if (!bitstreamSize(image)) return undefined
    kept.push({ type, data: concat([data.subarray(0, FRAME_HEADER_SIZE), ...image.map(serialize)]) })
  }
  return control && kept.length > 0 ? [control, ...kept] : undefined
}

/** The first bitstream, with the alpha channel that may come before it. */
function imageChunks(chunks: Chunk[]): Chunk[] {
  const alpha = chunks.find(({ type }) => type === 'ALPH')
  const bitstream = chunks.find(({ type }) => type === 'VP8 ' || type === 'VP8L')
  if (!bitstream) return []
  return alpha && bitstream.type === 'VP8 ' ? [alpha, bitstream] : [bitstream]
}

/** The size that the last chunk's bitstream states, or undefined when it is no VP8 key frame or VP8L image. */
function bitstreamSize(chunks: Chunk[]): Size | undefined {
  const { type, data } = chunks.at(-1) ?? { type: '', data: new Uint8Array() }
  // RFC 6386, 9.1: a key frame's tag has bit 0 clear, a start code follows; upper two bits of each side are a scale.
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

/** Undefined when a chunk is cut off; the last one's padding byte may be missing. */
function readChunks(bytes: Uint8Array): Chunk[] | undefined {
  const chunks: Chunk[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 8 + uintLE(bytes, at + 4, 4)
    if (end > bytes.length) return undefined
    chunks.push({ type: text(bytes, at, 4), data: bytes.subarray(at + 8, end) })
    at = end + (end % 2)
  }
  return chunks
}

function serialize({ type, data }: Chunk): Uint8Array {
  return concat([fromText(type), uint32LE(data.length), data, new Uint8Array(data.length % 2)])
}

function file(chunks: Chunk[]): Uint8Array<ArrayBuffer> {
  const body = concat([fromText('WEBP'), ...chunks.map(serialize)])
  return concat([fromText('RIFF'), uint32LE(body.length), body])
}
