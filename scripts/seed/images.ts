/** Images drawn by code: indexed PNGs of a few hundred bytes to a few kilobytes (https://www.w3.org/TR/png-3/). */
import { crc32, deflateSync } from 'node:zlib'
import type { Random } from './random.ts'

type Colour = [red: number, green: number, blue: number]

/** The palette index of each pixel, 0 … palette.length - 1. */
type Paint = (x: number, y: number) => number

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

function png(width: number, height: number, palette: Colour[], paint: Paint): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // Eight bits per pixel, with a palette.
  header.set([8, 3, 0, 0, 0], 8)
  // Each line begins with its filter type: none.
  const lines = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) lines[y * (width + 1) + 1 + x] = paint(x, y)
  }
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flat())),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** Hue in degrees, the others 0 … 1. https://www.w3.org/TR/css-color-4/#hsl-to-rgb */
function hsl(hue: number, saturation: number, lightness: number): Colour {
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12
    const value =
      lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1))
    return Math.round(value * 255)
  }
  return [channel(0), channel(8), channel(4)]
}

/** A face of symmetric squares on a plain background, 250 × 250. */
export function avatar(random: Random): Buffer {
  const hue = random.between(0, 359)
  const cells = Array.from({ length: 15 }, () => random.chance(0.5))
  const margin = 25
  const size = 40
  return png(250, 250, [hsl(hue, 0.3, 0.92), hsl(hue, 0.5, 0.45)], (x, y) => {
    const column = Math.floor((x - margin) / size)
    const row = Math.floor((y - margin) / size)
    if (column < 0 || column > 4 || row < 0 || row > 4) return 0
    return cells[row * 3 + Math.min(column, 4 - column)] ? 1 : 0
  })
}

/** Hills under a sky with a sun, 640 × 480. */
export function landscape(random: Random): Buffer {
  const [width, height, bands] = [640, 480, 8]
  const hue = random.between(0, 359)
  const sky = Array.from({ length: bands }, (_, i) => hsl((hue + i * 4) % 360, 0.5, 0.6 + i * 0.04))
  const ground = [0.62, 0.48, 0.36, 0.25].map((lightness) => hsl((hue + 150) % 360, 0.25, lightness))
  const sun = { x: random.between(80, 560), y: random.between(60, 200), radius: random.between(25, 60) }
  const hills = ground.map((_, i) => ({
    base: 220 + i * 65,
    height: random.between(15, 45),
    width: random.between(45, 130),
    phase: random.number() * 2 * Math.PI,
  }))
  const tops = hills.map((hill) =>
    Array.from({ length: width }, (_, x) => hill.base - hill.height * Math.sin(x / hill.width + hill.phase)),
  )
  return png(width, height, [...sky, ...ground, [255, 246, 220]], (x, y) => {
    const hill = tops.findLastIndex((top) => y >= (top[x] ?? height))
    if (hill !== -1) return bands + hill
    if (Math.hypot(x - sun.x, y - sun.y) < sun.radius) return bands + ground.length
    return Math.min(bands - 1, Math.floor((y / 260) * bands))
  })
}
