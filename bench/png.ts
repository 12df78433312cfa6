/** Images of noise: valid, of any requested size, and no two alike. */
import { randomBytes } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'

/** A PNG of about this many bytes. A deterministic `random` makes it reproducible. */
export function noise(size: number, random: (length: number) => Buffer = randomBytes): Buffer<ArrayBuffer> {
  const side = Math.floor(Math.sqrt(size / 3))
  const row = 1 + side * 3
  const pixels = random(row * side)
  // Each row begins with its filter type: none.
  for (let y = 0; y < side; y++) pixels[y * row] = 0
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels, { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}
