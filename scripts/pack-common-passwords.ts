/**
 * Packs a text list of passwords, one per line, into src/auth/common-passwords.bin:
 *
 *   node scripts/pack-common-passwords.ts <list.txt>
 *
 * The committed file is made from the list that Django 3.2 ships, `common-passwords.txt.gz` (by Royce Williams, 19,727 entries). The same list and
 * the same version of Node give the same bytes.
 *
 * Format, before raw deflate: the sorted entries in groups that share their first two characters, so that a reader finds a group by searching for
 * 0x1f and those two, and reads no other. A group is 0x1f and its first entry. Each further entry is a byte below 0x1f, the number of characters to
 * drop from the end of the previous entry, followed by the characters to append. Counting the characters to drop packs 2 % better than counting those
 * to keep. A last 0x1f ends the list.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { constants, deflateRawSync } from 'node:zlib'

const GROUP = '\x1f'

function readEntries(path: string): string[] {
  const entries = readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim().toLowerCase())
    .filter((entry) => entry !== '')
  for (const entry of entries) {
    if (!/^[\x20-\x7e]{1,30}$/.test(entry)) {
      throw new Error(`The format holds 1 to 30 printable ASCII characters, not ${JSON.stringify(entry)}`)
    }
  }
  // The default order, by code unit, is the byte order that the reader relies on.
  return [...new Set(entries)].sort()
}

function sharedLength(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

function frontCode(entries: readonly string[]): Buffer {
  let previous = ''
  const parts: string[] = []
  for (const entry of entries) {
    if (entry.slice(0, 2) === previous.slice(0, 2)) {
      const shared = sharedLength(previous, entry)
      parts.push(String.fromCharCode(previous.length - shared), entry.slice(shared))
    } else {
      parts.push(GROUP, entry)
    }
    previous = entry
  }
  return Buffer.from(parts.join('') + GROUP, 'latin1')
}

const list = process.argv[2]
if (list === undefined) throw new Error('Usage: node scripts/pack-common-passwords.ts <list.txt>')

const entries = readEntries(list)
const coded = frontCode(entries)
const packed = deflateRawSync(coded, {
  level: constants.Z_BEST_COMPRESSION,
  // Measured: level 7 beats 8 (the default) and 9 here, because it ends Huffman blocks sooner.
  memLevel: 7,
})
writeFileSync(new URL('../src/auth/common-passwords.bin', import.meta.url), packed)
console.log(`${entries.length} entries: ${coded.length} bytes front-coded, ${packed.length} packed`)
