import packed from './common-passwords.bin'

/**
 * Begins each group of entries that share their first two characters; scripts/pack-common-passwords.ts describes
 * the format.
 */
const GROUP = 0x1f

let unpacked: string | undefined

/**
 * Whether the password, without case and outer spaces, is one of the 19,727 commonest.
 *
 * The list is 38,512 bytes in the bundle and a string of 70,220 in memory. In workerd an isolate's first call takes
 * about 1,300 µs more than the later ones (500 µs of it to unpack, once warm), and a later one 5 µs. Filling a Set
 * instead takes 3,000 µs more.
 */
export async function isCommonPassword(password: string): Promise<boolean> {
  // The result is kept, never the promise: a request that is cancelled while it unpacks would leave the others
  // waiting on it for ever. Two first uses at once merely both unpack.
  unpacked ??= await unpack()
  return contains(unpacked, password.trim().toLowerCase())
}

async function unpack(): Promise<string> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Response(stream).text()
}

/** Reads one group, keeping how long the current entry is and how much of it equals the target's beginning. */
function contains(list: string, target: string): boolean {
  const group = list.indexOf(String.fromCharCode(GROUP) + target.slice(0, 2))
  if (group === -1) return false

  let length = 0
  let matched = 0
  for (let index = group + 1; index < list.length; index++) {
    const code = list.charCodeAt(index)
    if (code > GROUP) {
      if (matched === length && code === target.charCodeAt(matched)) matched++
      length++
      continue
    }
    if (matched === length && matched === target.length) return true
    if (code === GROUP) return false
    length -= code
    // What follows differs where the last entry still agreed with the target, so it sorts after the target.
    if (length < matched) return false
  }
  return false
}
