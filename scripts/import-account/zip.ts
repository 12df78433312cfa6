/** Reads zip files as src/http/zip.ts writes them, with uncompressed entries. */

/** The entries by name. Throws if the file is not such a zip file, or is damaged. */
export function readZip(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = bytes.length - 22
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50)
    throw new Error('This is no whole zip file of an export.')
  const entries = new Map<string, Uint8Array>()
  let at = view.getUint32(end + 16, true)
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    const [method, size, nameLength] = [
      view.getUint16(at + 10, true),
      view.getUint32(at + 20, true),
      view.getUint16(at + 28, true),
    ]
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength))
    const start = view.getUint32(at + 42, true) + 30 + nameLength
    if (method !== 0) throw new Error(`${name} is compressed: was the file packed anew?`)
    entries.set(name, bytes.subarray(start, start + size))
    at += 46 + nameLength
  }
  return entries
}
