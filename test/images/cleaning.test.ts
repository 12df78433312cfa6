import { describe, expect, it } from 'vitest'
import { cleanImage } from '../../src/images/clean'
import {
  ascii,
  avif,
  bmp,
  concat,
  exif,
  gif,
  jpeg,
  jpegSegment,
  noisePng,
  png,
  pngChunk,
  SECRET,
  svg,
  tiff,
  webp,
  webpChunk,
  webpFile,
} from '../fixtures/images'

const PLAIN = { jpeg: jpeg(), png: png(), gif: gif(), webp: webp(), avif: avif() }
const secretText = ascii(SECRET)

/** What is left of a file, as text of one character a byte. */
function cleanedText(bytes: Uint8Array): string {
  const cleaned = cleanImage(bytes)
  if (!cleaned) throw new Error('the image was refused')
  return asText(cleaned.bytes)
}

function asText(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

describe('what is refused', () => {
  it.each([
    ['nothing', new Uint8Array()],
    ['text', ascii('this is not an image!')],
    ['HTML', ascii('<!doctype html><script>alert(1)</script>')],
    ['SVG', svg()],
    ['BMP', bmp()],
    ['TIFF', tiff()],
    ['a PDF with an image in it', concat(ascii('%PDF-1.7\n'), jpeg())],
    [
      'an HEIC, which is built like an AVIF',
      concat(avif().subarray(0, 8), ascii('heic'), avif().subarray(12, 16)),
    ],
  ])('%s', (_, bytes) => {
    expect(cleanImage(bytes)).toBeUndefined()
  })

  it.each(Object.entries(PLAIN))('%s: cut off anywhere', (_, bytes) => {
    for (let length = 0; length < bytes.length; length++) {
      // Of a GIF, whole frames without a trailer are a file that browsers show.
      if (endsFrame(bytes, length)) continue
      expect(cleanImage(bytes.subarray(0, length)), `${length} bytes`).toBeUndefined()
    }
  })

  it('codecs that no browser shows, whatever the brand says', () => {
    for (const codec of ['hvc1', 'hev1', 'vvc1', 'jpeg', 'iden']) {
      expect(cleanImage(replaced(avif(), 'av01', codec)), codec).toBeUndefined()
      expect(cleanImage(replaced(replaced(avif(), 'av01', codec), 'av1C', 'hvcC')), codec).toBeUndefined()
    }
    expect(cleanImage(replaced(avif(), 'av1C', 'hvcC'))).toBeUndefined()
    expect(cleanImage(concat(avif(), movie('hvc1')))).toBeUndefined()
    // A grid of nothing.
    expect(cleanImage(replaced(avif(), 'av01', 'grid'))).toBeUndefined()
  })

  it('a JPEG that has nothing to be decoded by', () => {
    const table = asText(jpeg()).indexOf('\xff\xdb')
    expect(cleanImage(concat(jpeg().subarray(0, table), jpeg().subarray(table + 69)))).toBeUndefined()
  })

  it('frames that do not lie on their canvas', () => {
    const control = (values: readonly number[]) =>
      pngChunk('fcTL', concat(uint32(0), ...values.map(uint32), new Uint8Array(6)))
    const framed = (values: readonly number[]) =>
      cleanImage(png(4, 3, { chunks: [pngChunk('acTL', new Uint8Array(8)), control(values)] }))
    expect(framed([4, 3, 0, 0])).toBeDefined()
    for (const values of [
      [5, 3, 0, 0],
      [4, 3, 1, 0],
      [4, 3, 0, 1],
      [0, 3, 0, 0],
      [2 ** 31, 1, 0, 0],
    ] as const)
      expect(framed(values), values.join()).toBeUndefined()
    const animated = (place: readonly number[]) =>
      webpFile([
        webpChunk('VP8X', Uint8Array.of(2, 0, 0, 0, 5, 0, 0, 4, 0, 0)),
        webpChunk('ANIM', new Uint8Array(6)),
        webpChunk(
          'ANMF',
          concat(...place.map((value) => Uint8Array.of(value, 0, 0)), new Uint8Array(4), webp().subarray(12)),
        ),
      ])
    expect(cleanImage(animated([1, 1, 3, 2]))).toMatchObject({ width: 6, height: 5 })
    for (const place of [
      [2, 1, 3, 2],
      [1, 2, 3, 2],
      [0, 0, 2, 2],
      [0, 0, 4, 2],
    ] as const)
      expect(cleanImage(animated(place)), place.join()).toBeUndefined()
  })

  it('an image without width or height', () => {
    const flatJpeg = jpeg()
    flatJpeg.set([0, 0], asText(flatJpeg).indexOf('\xff\xc0') + 5)
    const flatGif = gif()
    flatGif.set([0, 0], 6)
    for (const bytes of [png(0, 3), png(4, 0), flatJpeg, flatGif]) expect(cleanImage(bytes)).toBeUndefined()
  })

  it('a PNG with a wrong checksum, an unknown critical chunk, or a depth its colours cannot have', () => {
    const damaged = png()
    damaged[damaged.length - 20] = (damaged[damaged.length - 20] ?? 0) ^ 1
    const wrongDepth = pngChunk('IHDR', Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 3, 1, 2, 0, 0, 0))
    expect(cleanImage(damaged)).toBeUndefined()
    expect(cleanImage(png(4, 3, { chunks: [pngChunk('ABCD', ascii('?'))] }))).toBeUndefined()
    expect(cleanImage(concat(png().subarray(0, 8), wrongDepth, png().subarray(33)))).toBeUndefined()
  })
})

describe('what is accepted', () => {
  it.each(Object.entries(PLAIN))(
    '%s: type, size, and the same bytes when there is nothing to remove',
    (type, bytes) => {
      const size = { width: 4, height: 3 }
      expect(cleanImage(bytes)).toEqual({ bytes, type: `image/${type}`, ...size, extent: size, shown: size })
    },
  )

  it.each(Object.entries(PLAIN))('%s: leaves its input as it is, and its result as it is', (_, bytes) => {
    const before = bytes.slice()
    const once = cleanImage(bytes)?.bytes ?? new Uint8Array()
    expect(bytes).toEqual(before)
    expect(cleanImage(once)?.bytes).toEqual(once)
  })

  it('large images', () => {
    expect(cleanImage(png(4096, 4096))).toMatchObject({ width: 4096, height: 4096 })
    expect(cleanImage(noisePng(2_400_000))?.bytes.length).toBeGreaterThan(2_400_000)
  })

  it('a JPEG of exactly 5 MiB, padded behind its end or with comments', () => {
    const padded = jpeg({ padTo: 5 * 1024 * 1024 })
    expect(padded.length).toBe(5 * 1024 * 1024)
    expect(cleanImage(padded)?.bytes).toEqual(jpeg())
    expect(cleanImage(jpeg({ comment: 'x'.repeat(60_000) }))?.bytes).toEqual(jpeg())
  })

  it('a WebP of 44 bytes', () => {
    const lossless = Uint8Array.of(
      0x2f,
      3,
      0x80,
      0,
      0,
      0x07,
      0x10,
      0x11,
      0xfd,
      0x0f,
      0x44,
      0x44,
      0xff,
      0x03,
      0,
      0,
      0,
      0,
    )
    const bytes = webpFile([webpChunk('VP8L', concat(lossless, new Uint8Array(6)))])
    expect(bytes.length).toBe(44)
    expect(cleanImage(bytes)).toMatchObject({ bytes, type: 'image/webp', width: 4, height: 3 })
  })

  it('a GIF without its trailer, which is given one', () => {
    expect(cleanImage(gif().subarray(0, -1))?.bytes).toEqual(gif())
    const firstFrame = asText(gif()).indexOf('!\xf9', 45)
    expect(cleanImage(gif().subarray(0, firstFrame))?.bytes).toEqual(
      concat(gif().subarray(0, firstFrame), ascii(';')),
    )
  })

  it('an AVIF sequence in AV1, and a grid of AV1 tiles', () => {
    expect(cleanImage(concat(avif(), movie('av01')))).toMatchObject({ width: 4, height: 3 })
    // Of the three items, the Exif one becomes a tile and the primary one a grid of it.
    const grid = replaced(replaced(avif({ metadata: true }), 'av01', 'grid'), 'ExifExif', 'av01Exif')
    expect(cleanImage(grid)).toMatchObject({ width: 3, height: 4 })
  })

  it('a PNG whose metadata fails its checksum, which goes anyway', () => {
    const damaged = pngChunk('tEXt', ascii('Author'))
    damaged.set([0, 0], damaged.length - 2)
    expect(cleanImage(png(4, 3, { chunks: [damaged] }))?.bytes).toEqual(png())
  })
})

describe('what counts for limits', () => {
  it('the largest frame of a GIF, wherever it lies', () => {
    const second = asText(gif()).lastIndexOf(',\0\0\0\0\x04\0\x03\0')
    const bytes = gif()
    bytes.set([1, 0, 0, 2, 0x10, 0x27, 0x20, 0x4e], second + 1)
    expect(cleanImage(bytes)).toMatchObject({
      width: 4,
      height: 3,
      extent: { width: 10_001, height: 20_512 },
    })
  })

  it('any item of an AVIF, and the tracks of a sequence', () => {
    expect(cleanImage(concat(avif(), movie('av01', 5000, 6000)))).toMatchObject({
      width: 4,
      height: 3,
      extent: { width: 5000, height: 6000 },
    })
  })
})

/** Each made of so many segments, chunks, blocks or boxes, of the smallest that there are. */
describe('at most 2,000 segments', () => {
  const many = (count: number, part: Uint8Array<ArrayBuffer>) => {
    const all = new Uint8Array(count * part.length)
    for (let i = 0; i < count; i++) all.set(part, i * part.length)
    return all
  }
  const header = webpChunk('VP8X', Uint8Array.of(0, 0, 0, 0, 3, 0, 0, 2, 0, 0))
  const plainSegments = segmentsOf(jpeg())
  const made: Record<string, (count: number) => Uint8Array<ArrayBuffer>> = {
    'JPEG: comments': (count) =>
      concat(
        jpeg().subarray(0, 20),
        many(count - plainSegments, ascii('\xff\xfe\0\x02')),
        jpeg().subarray(20),
      ),
    'JPEG: tables that stay': (count) =>
      concat(
        jpeg().subarray(0, 20),
        many(count - plainSegments, ascii('\xff\xdb\0\x02')),
        jpeg().subarray(20),
      ),
    'PNG: unknown chunks': (count) =>
      png(4, 3, { chunks: [many(count - 3, pngChunk('prVt', new Uint8Array()))] }),
    'PNG: data in pieces': (count) =>
      png(4, 3, { chunks: [many(count - 3, pngChunk('IDAT', new Uint8Array()))] }),
    'GIF: comments': (count) =>
      concat(gif().subarray(0, 19), many(count - 5, ascii('!\xfe\0')), gif().subarray(19)),
    'WebP: unknown chunks': (count) =>
      webpFile([header, webp().subarray(12), many(count - 2, webpChunk('ABCD', new Uint8Array()))]),
    'WebP: unknown chunks in a frame': (count) =>
      webpFile([
        webpChunk('VP8X', Uint8Array.of(2, 0, 0, 0, 3, 0, 0, 2, 0, 0)),
        webpChunk('ANIM', new Uint8Array(6)),
        webpChunk(
          'ANMF',
          concat(
            Uint8Array.of(0, 0, 0, 0, 0, 0, 3, 0, 0, 2, 0, 0, 100, 0, 0, 0),
            webp().subarray(12),
            many(count - 4, webpChunk('ABCD', new Uint8Array())),
          ),
        ),
      ]),
    // Twelve boxes, one entry of iinf and one extent.
    'AVIF: boxes': (count) => concat(avif(), many(count - 16, ascii('\0\0\0\x08free'))),
  }
  it.each(Object.entries(made))('%s', (_, make) => {
    expect(cleanImage(make(2000))).toBeDefined()
    expect(cleanImage(make(2001))).toBeUndefined()
    expect(cleanImage(make(200_000))).toBeUndefined()
  })

  it('AVIF: extents of an item', () => {
    // A list of locations at the end of a second `meta`, in a movie: as many as are announced, of a byte each.
    const extents = (count: number) => {
      const iloc = box(
        'iloc',
        concat(uint32(0), Uint8Array.of(0x01, 0, 0, 1, 0, 1, 0, 0), uint16(count), new Uint8Array(count)),
      )
      return concat(avif(), box('moov', box('meta', concat(uint32(0), iloc))))
    }
    expect(cleanImage(extents(1_900))).toBeDefined()
    expect(cleanImage(extents(2_001))).toBeUndefined()
    expect(cleanImage(extents(65_535))).toBeUndefined()
  })
})

describe('what is removed', () => {
  const trailer = concat(ascii('PK\x03\x04'), secretText)
  const xmpGif = concat(
    ascii('!\xff\x0bXMP DataXMP'),
    Uint8Array.of(secretText.length),
    secretText,
    ascii('\0'),
  )
  const cases: [string, Uint8Array, Uint8Array][] = [
    ['JPEG: Exif', jpeg({ gps: true }), jpeg()],
    ['JPEG: a comment', jpeg({ comment: SECRET }), jpeg()],
    ['JPEG: XMP', withSegment(0xe1, `http://ns.adobe.com/xap/1.0/\0${SECRET}`), jpeg()],
    ['JPEG: IPTC', withSegment(0xed, `Photoshop 3.0\0${SECRET}`), jpeg()],
    ['JPEG: a list of further images', withSegment(0xe2, `MPF\0${SECRET}`), jpeg()],
    ['JPEG: a preview', withSegment(0xe0, `JFXX\0\x10${SECRET}`), jpeg()],
    ['JPEG: what follows its end', concat(jpeg(), trailer), jpeg()],
    ['PNG: Exif', png(4, 3, { chunks: [pngChunk('eXIf', exif({ gps: true }))] }), png()],
    ['PNG: text', png(4, 3, { chunks: [pngChunk('tEXt', ascii(`Author\0${SECRET}`))] }), png()],
    ['PNG: its time', png(4, 3, { chunks: [pngChunk('tIME', new Uint8Array(7))] }), png()],
    ['PNG: private chunks', png(4, 3, { chunks: [pngChunk('prVt', secretText)] }), png()],
    ['PNG: what follows its end', concat(png(), trailer), png()],
    ['GIF: a comment', gif({ comment: SECRET }), gif()],
    ['GIF: XMP', concat(gif().subarray(0, 19), xmpGif, gif().subarray(19)), gif()],
    ['GIF: what follows its end', concat(gif(), trailer), gif()],
    ['WebP: what follows its end', concat(webp(), trailer), webp()],
  ]
  it.each(cases)('%s', (_, bytes, expected) => {
    expect(cleanImage(bytes)?.bytes).toEqual(expected)
  })

  it('WebP: Exif, XMP and unknown chunks, with their flags', () => {
    const image = webp().subarray(12)
    const header = (flags: number) => webpChunk('VP8X', Uint8Array.of(flags, 0, 0, 0, 3, 0, 0, 2, 0, 0))
    const unknown = webpChunk('ABCD', secretText)
    const both = webp({ gps: true, xmp: SECRET })
    const bytes = webpFile([header(0x0c), unknown, ...[both.subarray(30)]])
    expect(cleanImage(bytes)?.bytes).toEqual(webpFile([header(0), image]))
    expect(cleanImage(both)?.bytes).toEqual(webpFile([header(0), image]))
  })

  it('WebP: unknown chunks inside of the frames of an animation', () => {
    const header = webpChunk('VP8X', Uint8Array.of(2, 0, 0, 0, 3, 0, 0, 2, 0, 0))
    const control = webpChunk('ANIM', new Uint8Array(6))
    const frame = Uint8Array.of(0, 0, 0, 0, 0, 0, 3, 0, 0, 2, 0, 0, 100, 0, 0, 0)
    const image = webp().subarray(12)
    const clean = webpFile([header, control, webpChunk('ANMF', concat(frame, image))])
    const dirty = [header, control, webpChunk('ANMF', concat(frame, image, webpChunk('ABCD', secretText)))]
    expect(cleanImage(webpFile(dirty))).toMatchObject({
      bytes: clean,
      type: 'image/webp',
      width: 4,
      height: 3,
    })
  })

  it('AVIF: Exif and XMP items and boxes of others, where they stand', () => {
    const note = concat(Uint8Array.of(0, 0, 0, 8 + secretText.length), ascii('uuid'), secretText)
    const bytes = concat(avif({ metadata: true }), note)
    expect(asText(bytes).split(SECRET)).toHaveLength(4)
    expect(cleanedText(bytes)).not.toContain(SECRET)
    expect(cleanedText(bytes)).toHaveLength(bytes.length)
    expect(cleanedText(bytes).slice(-22 - secretText.length)).toContain('free')
  })
})

describe('what stays', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('orientation %i, and nothing else of its Exif block', (orientation) => {
    const size = { width: 4, height: 3 }
    const block = `MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0${String.fromCharCode(orientation)}\0\0\0\0\0\0`
    const eXIf = pngChunk('eXIf', exif({ orientation, gps: true }))
    for (const bytes of [
      jpeg({ orientation, gps: true, comment: SECRET }),
      png(4, 3, { chunks: [eXIf] }),
      concat(png().subarray(0, -12), eXIf, png().subarray(-12)),
      webp({ orientation, gps: true, xmp: SECRET }),
    ]) {
      expect(cleanImage(bytes)).toMatchObject(size)
      expect(cleanedText(bytes)).not.toContain(SECRET)
      expect(cleanedText(bytes).includes(block)).toBe(orientation > 1)
      expect(cleanedText(bytes).split(/Exif\0\0|eXIf|EXIF/)).toHaveLength(orientation > 1 ? 2 : 1)
    }
  })

  it('an AVIF keeps its quarter turn', () => {
    expect(cleanImage(avif({ metadata: true }))).toMatchObject({ width: 3, height: 4 })
    expect(cleanedText(avif({ metadata: true }))).toContain('irot')
  })

  it('colours and transparency', () => {
    const profile = withSegment(0xe2, 'ICC_PROFILE\0\x01\x01colours')
    const adobe = withSegment(0xee, 'Adobe\0\x64\0\0\0\0\0')
    const chunks = ['gAMA', 'tRNS', 'iCCP', 'acTL'].map((type) => pngChunk(type, ascii(type)))
    for (const bytes of [png(4, 3, { chunks }), profile, adobe])
      expect(cleanImage(bytes)?.bytes).toEqual(bytes)
  })

  it('every scan, restart marker and fill byte of a JPEG', () => {
    const plain = jpeg()
    const restarts = Uint8Array.of(0xff, 0xd0, 0x12, 0xff, 0xff, 0xd1, 0xff, 0x00, 0xff)
    const secondScan = concat(jpegSegment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)), Uint8Array.of(0x34))
    const bytes = concat(plain.subarray(0, -2), restarts, secondScan, plain.subarray(-2))
    expect(cleanImage(bytes)?.bytes).toEqual(bytes)
  })
})

describe('hostile files', () => {
  it('a box nested in itself without end, and lists that announce more than they hold', () => {
    const nested = new Uint8Array(800_000)
    const view = new DataView(nested.buffer)
    for (let at = 0; at < nested.length; at += 8) {
      view.setUint32(at, nested.length - at)
      nested.set(ascii('moov'), at + 4)
    }
    const endless = avif()
    endless.fill(0xff, asText(endless).indexOf('iloc') + 10, asText(endless).indexOf('iloc') + 12)
    expect(cleanImage(concat(avif(), nested))).toBeUndefined()
    expect(cleanImage(endless)).toBeUndefined()
  })

  it('damage never throws', () => {
    let seed = 7
    const random = (limit: number) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return Math.floor((seed / 2 ** 32) * limit)
    }
    const files = [
      ...Object.values(PLAIN),
      avif({ metadata: true }),
      webp({ orientation: 6 }),
      jpeg({ orientation: 6 }),
    ]
    for (const file of files) {
      for (let round = 0; round < 500; round++) {
        const damaged = file.slice()
        for (let i = 0; i <= random(4); i++) damaged[random(file.length)] = random(256)
        expect(() => cleanImage(damaged)).not.toThrow()
      }
    }
  })
})

/** A JPEG with one more segment after its JFIF header. */
function withSegment(marker: number, payload: string): Uint8Array {
  return concat(jpeg().subarray(0, 20), jpegSegment(marker, ascii(payload)), jpeg().subarray(20))
}

const uint16 = (value: number) => Uint8Array.of(value >>> 8, value)
const uint32 = (value: number) => concat(uint16(value >>> 16), uint16(value & 0xffff))
const box = (type: string, content: Uint8Array<ArrayBuffer>) =>
  concat(uint32(content.length + 8), ascii(type), content)

/** A movie with one track of this codec and size: what a sequence has beside its `meta`. */
function movie(codec: string, width = 4, height = 3): Uint8Array<ArrayBuffer> {
  const sizes = concat(uint32(width * 65_536), uint32(height * 65_536))
  const entries = concat(uint32(0), uint32(1), box(codec, new Uint8Array(78)))
  const media = box('mdia', box('minf', box('stbl', box('stsd', entries))))
  return box('moov', box('trak', concat(box('tkhd', concat(new Uint8Array(76), sizes)), media)))
}

/** With every such code replaced by another of the same length. */
function replaced(bytes: Uint8Array<ArrayBuffer>, from: string, to: string): Uint8Array<ArrayBuffer> {
  return ascii(asText(bytes).replaceAll(from, to))
}

/** Whether a GIF that is cut off there has whole frames, and nothing after them but a terminator. */
function endsFrame(bytes: Uint8Array, length: number): boolean {
  const text = asText(bytes)
  if (!text.startsWith('GIF')) return false
  const ends = [text.indexOf('!\xf9', 45), bytes.length - 1]
  // A control block that no frame follows is whole, too.
  return ends.includes(length) || length === (ends[0] ?? 0) + 8
}

function segmentsOf(bytes: Uint8Array): number {
  return [...asText(bytes).matchAll(/\xff[\xc0\xc4\xda-\xef]/g)].length
}
