/**
 * Zip files, written while they are sent. Entries are stored uncompressed, because images do not become smaller. APPNOTE.TXT 6.3, without ZIP64: the
 * caller keeps an archive below 65,535 entries and 4 GB.
 */

export interface ZipEntry {
  /** A path with slashes. */
  name: string
  bytes: Uint8Array
}

const VERSION = 20
/** Names are UTF-8. */
const FLAGS = 0x0800
/** 1 January 1980, the earliest possible date: the entries themselves contain the times. */
const DOS_DATE = 0x21

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1
  return crc
})

export function crc32(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  return ~crc >>> 0
}

/** Little-endian fields: `[bytes, value]`, two or four each. */
function record(...fields: [2 | 4, number][]): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.reduce((size, [bytes]) => size + bytes, 0)))
  let offset = 0
  for (const [bytes, value] of fields) {
    if (bytes === 2) view.setUint16(offset, value, true)
    else view.setUint32(offset, value, true)
    offset += bytes
  }
  return new Uint8Array(view.buffer)
}

/** The bytes of the archive. Only names and checksums of sent entries stay in memory. */
export async function* zip(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Uint8Array> {
  const directory: Uint8Array[] = []
  const encoder = new TextEncoder()
  let offset = 0
  let count = 0
  for await (const { name, bytes } of entries) {
    const path = encoder.encode(name)
    const common: [2 | 4, number][] = [
      [2, VERSION],
      [2, FLAGS],
      [2, 0],
      [2, 0],
      [2, DOS_DATE],
      [4, crc32(bytes)],
      [4, bytes.length],
      [4, bytes.length],
      [2, path.length],
      [2, 0],
    ]
    const header = record([4, 0x04034b50], ...common)
    directory.push(
      record([4, 0x02014b50], [2, VERSION], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]),
      path,
    )
    offset += header.length + path.length + bytes.length
    count += 1
    yield header
    yield path
    yield bytes
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  yield* directory
  yield record([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0])
}
