/** Files of lines, gzipped in members of about a megabyte each: a file that ends behind any of them is one that can be read, and gone on with. */
import { closeSync, createReadStream, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { createGunzip, gzipSync } from 'node:zlib'

const MEMBER_CHARACTERS = 1_000_000
/** Barely larger than by the usual 6, at twice the speed. */
const LEVEL = 3

export class LineWriter {
  #file: number
  #pending: string[] = []
  #characters = 0
  /** Of what can be relied on. */
  bytes: number

  /** Goes on behind so many bytes of the file; from its beginning, if none. */
  constructor(path: string, bytes = 0) {
    this.#file = openSync(path, bytes > 0 ? 'r+' : 'w')
    ftruncateSync(this.#file, bytes)
    this.bytes = bytes
  }

  /** Whether a member was ended: what has been written so far stays. */
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

/** The lines of such a file, or of so many bytes of it. Throws where it is cut off, or no such file. */
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
