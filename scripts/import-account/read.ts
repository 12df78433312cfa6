/** Reads the parts of an export. */
import type { Exported } from './statements'
import { readZip } from './zip'

const empty = (): Exported => ({
  account: [],
  posts: [],
  comments: [],
  likes: [],
  following: [],
  followers: [],
  messages: [],
})

/** The rows and images (by hash) of all parts, in any order. Throws if a part is missing. */
export function readExport(files: Uint8Array[]): { exported: Exported; images: Map<string, Uint8Array> } {
  const exported = empty()
  const images = new Map<string, Uint8Array>()
  const parts = new Map<string, { entries: Map<string, Uint8Array>; next: string | null }>()
  for (const bytes of files) {
    const entries = readZip(bytes)
    const [name, manifest] = [...entries].find(([entry]) => entry.startsWith('part-')) ?? []
    if (!name || !manifest) throw new Error('This is no export.')
    const { format, next } = JSON.parse(new TextDecoder().decode(manifest))
    if (format !== 'edge-social-api 1') throw new Error('This export is of another format.')
    parts.set(name.slice('part-'.length, -'.json'.length), { entries, next })
  }
  for (let place: string | null = 'account'; place !== null; ) {
    const part = parts.get(place)
    if (!part) throw new Error(`The part "${place}" of the export is missing.`)
    for (const [name, bytes] of part.entries) {
      if (name.startsWith('images/')) images.set(name.slice('images/'.length), bytes)
      else if (!name.startsWith('part-')) {
        const rows: Partial<Exported> = JSON.parse(new TextDecoder().decode(bytes))
        // Appends each part's rows to those of the same kind.
        for (const kind of Object.keys(exported) as (keyof Exported)[])
          (exported[kind] as object[]).push(...(rows[kind] ?? []))
      }
    }
    place = part.next
  }
  return { exported, images }
}
