/** Files of lines, gzipped in members of about a megabyte each. A file that ends after any member can be read and continued. */
import { closeSync, createReadStream, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { createGunzip, gzipSync } from 'node:zlib'

const MEMBER_CHARACTERS = 1_000_000
/** Barely larger than with the usual 6, at twice the speed. */
const LEVEL = 3

export class LineWriter {
  #file: number
  #pending: string[] = []
  #characters = 0
  /** The length that is safely written. */
  bytes: number

  /** Continues after this many bytes of the file; starts over if 0. */
  constructor(path: string, bytes = 0) {
    this.#file = openSync(path, bytes > 0 ? 'r+' : 'w')
    ftruncateSync(this.#file, bytes)
    this.bytes = bytes
  }

  /** Returns whether a member was completed, which makes everything written so far permanent. */
  write(lines: string): boolean {
    this.#pending.push(lines)
    this.#characters += lines.length
    if (this.#characters < MEMBER_CHARACTERS) return false
    this.flush()
    return true
  }

  flush(): void {
    const member = gzipSync(this.#pending.join(''), { level: LEVEL })
    for (let at = 0; at < member.length; )
      at += writeSync(this.#file, member, at, member.length - at, this.bytes + at)
    fsyncSync(this.#file)
    this.bytes += member.length
    this.#pending = []
    this.#characters = 0
  }

  end(): void {
    if (this.#characters > 0) this.flush()
    closeSync(this.#file)
  }
}

/** The lines of such a file, or of its first `bytes` bytes. Throws if it is cut off, or not such a file. */
export async function* readLines(path: string, bytes?: number): AsyncGenerator<string[]> {
  const unzipped = createReadStream(path, bytes === undefined ? {} : { end: bytes - 1 })
    .pipe(createGunzip())
    .setEncoding('utf8')
  let rest = ''
  for await (const text of unzipped) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    yield lines
  }
  if (rest !== '') yield [rest]
}
