/**
 * How much memory cleaning an image takes, relative to its size: `npm run bench:images`. Files of tiny segments once took up to forty times their
 * size; the limit is four. Not a test, because memory use depends on the machine.
 */
import { readFileSync } from 'node:fs'

const MIB = 2 ** 20
const LIMIT = 4

// The module's imports have no extensions, which the settings for Node's own files cannot resolve. Importing it by a computed name hides it from
// them.
const source = new URL('../src/images/clean.ts', import.meta.url).href
const { cleanImage }: { cleanImage: (bytes: Uint8Array) => object | undefined } = await import(source)

/** A beginning, then as many copies of `part` as fit into 5 MiB. */
function filled(beginning: string, part: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(5 * MIB)
  bytes.set(Buffer.from(beginning, 'latin1'))
  for (let at = beginning.length; at + part.length <= bytes.length; at += part.length)
    bytes.set(Buffer.from(part, 'latin1'), at)
  return bytes
}

const FILES: Record<string, Uint8Array<ArrayBuffer>> = {
  'JPEG of tables': filled('\xff\xd8', '\xff\xdb\0\x02'),
  'JPEG of comments': filled('\xff\xd8', '\xff\xfe\0\x02'),
  'PNG of chunks': filled('\x89PNG\r\n\x1a\n', '\0\0\0\0prVt\xa6\x5b\x5b\x5c'),
  'GIF of comments': filled('GIF89a\x04\0\x03\0\0\0\0', '!\xfe\0'),
  'WebP of chunks': filled('RIFF\xf8\xff\x4f\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x03\0\0\x02\0\0', 'ABCD\0\0\0\0'),
  'JPEG that is taken': taken(),
  'AVIF of boxes': filled('\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf', '\0\0\0\x08free'),
}

/** The example image's JPEG with 1,900 additional tables of 2.7 KB. */
function taken(): Uint8Array<ArrayBuffer> {
  const image = readFileSync(new URL('../public/media/images/default_post_ovkj9a.jpg', import.meta.url))
  const table = Buffer.concat([Buffer.from([0xff, 0xdb, 0x0a, 0x8c]), Buffer.alloc(0x0a8a)])
  return Uint8Array.from(
    Buffer.concat([image.subarray(0, 2), ...Array.from({ length: 1_900 }, () => table), image.subarray(2)]),
  )
}

let worst = 0
for (const [name, bytes] of Object.entries(FILES)) {
  globalThis.gc?.()
  const before = used()
  const started = performance.now()
  const accepted = cleanImage(bytes) !== undefined
  const ms = performance.now() - started
  // An upper bound of the memory needed, as garbage may still be included.
  const ratio = Math.max(0, used() - before) / bytes.length
  worst = Math.max(worst, ratio)
  console.log(
    `${name}: ${accepted ? 'accepted' : 'refused'}, ${ratio.toFixed(2)} × the file, ${ms.toFixed(1)} ms`,
  )
}
process.exitCode = worst > LIMIT ? 1 : 0

function used(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
