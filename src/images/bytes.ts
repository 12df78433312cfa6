/** In pixels. */
export interface Size {
  width: number
  height: number
}

/** What each format's cleaner returns: the cleaned file, and its size before any rotation by Exif. */
export interface Image extends Size {
  bytes: Uint8Array<ArrayBuffer>
  /** The largest width and height of anything in the file, if something, such as a frame, is larger than the shown image. */
  extent?: Size
  /** Whether viewers show it with width and height swapped. */
  isSideways?: boolean
}

/**
 * The most segments, chunks, blocks or boxes in a file. An image of 5 MiB has hundreds. One that consists only of segments would take twenty times
 * its size in memory, because each becomes an object during parsing.
 */
export const MAX_SEGMENTS = 2_000

/** Counts segments. */
export class Budget {
  #left = MAX_SEGMENTS

  /** False if none was left. */
  take(): boolean {
    return --this.#left >= 0
  }
}

/** The smallest size that holds both. */
export const union = (a: Size, b: Size): Size => ({
  width: Math.max(a.width, b.width),
  height: Math.max(a.height, b.height),
})

/** A big-endian unsigned integer of 1 to 8 bytes. Bytes past the end count as 0, so parsers check their bounds first. */
export function uintBE(bytes: Uint8Array, at: number, size: number): number {
  let value = 0
  for (let i = at; i < at + size; i++) value = value * 256 + (bytes[i] ?? 0)
  return value
}

/** Little-endian counterpart of {@link uintBE}. */
export function uintLE(bytes: Uint8Array, at: number, size: number): number {
  let value = 0
  for (let i = at + size - 1; i >= at; i--) value = value * 256 + (bytes[i] ?? 0)
  return value
}

/** The big-endian bytes of an unsigned 32-bit integer. */
export function uint32BE(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/** The little-endian bytes of an unsigned 32-bit integer. */
export function uint32LE(value: number): Uint8Array {
  return uint32BE(value).reverse()
}

/** The bytes as text, one character each (Latin-1), for signatures and four-character codes. */
export function text(bytes: Uint8Array, at: number, length: number): string {
  let value = ''
  for (const byte of bytes.subarray(at, at + length)) value += String.fromCharCode(byte)
  return value
}

/** Whether `bytes` contains `expected` (one character per byte) at `at`. */
export function holds(bytes: Uint8Array, at: number, expected: string): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected.charCodeAt(i)) return false
  return true
}

/** The inverse of {@link text}. */
export function fromText(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0))
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** Reads consecutive big-endian integers. Past its end it reads 0 and sets `overrun` instead of throwing. */
export class Cursor {
  overrun = false
  readonly #bytes: Uint8Array
  #at: number
  readonly #end: number

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes
    this.#at = from
    this.#end = to
  }

  uint(size: number): number {
    if (this.#at + size > this.#end) this.overrun = true
    if (this.overrun) return 0
    this.#at += size
    return uintBE(this.#bytes, this.#at - size, size)
  }
}
