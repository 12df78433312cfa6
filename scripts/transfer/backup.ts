/** Backs up a database, and its images if requested. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { imageKey } from '../../src/db/image-leases'
import type { Bucket } from './bucket'
import type { Database, Value } from './database'
import { type EndLine, FORMAT, type Header, type ImageLine, isRow, type TableLine } from './format'
import { LineWriter, readLines } from './gzip-lines'
import { type Digest, linesOf, TableHash } from './hash'
import { largestIds, readPages } from './pages'
import type { Show } from './show'
import { MOVED } from './tables'

/** The progress, stored next to the file being written. The backup continues at `after`. */
interface State {
  header: Header
  bookmark: string
  limits: [string, number][]
  bytes: number
  table: number
  after: Value[] | null
  images: number
}

/** Continues a stopped backup of the same name. */
export async function backUp(
  db: Database,
  path: string,
  { bucket, show }: { bucket: Bucket | undefined; show: Show },
): Promise<EndLine['end']> {
  const [partial, statePath] = [`${path}.partial`, `${path}.state`]
  const state = existsSync(statePath) ? readState(statePath) : await begin(db, bucket !== undefined)
  const hashes = await hashesSoFar(partial, state)
  const writer = new LineWriter(partial, state.bytes)
  const save = () => {
    state.bytes = writer.bytes
    writeFileSync(`${statePath}.new`, JSON.stringify(state))
    renameSync(`${statePath}.new`, statePath)
  }
  if (state.bytes === 0) writer.write(linesOf([state.header]))

  const limits = new Map(state.limits)
  for (; state.table < MOVED.length; state.table++, state.after = null) {
    const table = MOVED[state.table]
    if (!table) break
    const hash = hashes.get(table.name) ?? new TableHash()
    hashes.set(table.name, hash)
    if (!state.after) writer.write(linesOf([{ table: table.name, columns: table.columns } as TableLine]))
    let rows = 0
    for await (const page of readPages(db, table, limits, state.after ?? undefined)) {
      const lines = linesOf(page)
      hash.add(lines, page.length)
      rows += page.length
      show(`${table.name}: ${rows}`)
      const last = page.at(-1)
      state.after = table.key.map((column) => last?.[table.columns.indexOf(column)] ?? null)
      if (writer.write(lines)) save()
    }
  }
  if (bucket) await writeImages(db, bucket, writer, state, save, show)

  const tables: Record<string, Digest> = {}
  for (const [name, hash] of hashes) tables[name] = hash.digest()
  const consistent = (await db.bookmark()) === state.bookmark
  const end = { tables, images: state.images, consistent }
  writer.write(linesOf([{ end } satisfies EndLine]))
  writer.end()
  renameSync(partial, path)
  rmSync(statePath, { force: true })
  return end
}

async function begin(db: Database, images: boolean): Promise<State> {
  const [migration] = await db.read('select name from d1_migrations order by id desc limit 1')
  const header: Header = {
    format: FORMAT,
    migration: String(migration?.[0]).replace(/\.sql$/, ''),
    created: new Date().toISOString(),
    images,
  }
  const bookmark = await db.bookmark()
  return { header, bookmark, limits: [...(await largestIds(db))], bytes: 0, table: 0, after: null, images: 0 }
}

// Written above.
const readState = (path: string): State => JSON.parse(readFileSync(path, 'utf8'))

async function hashesSoFar(partial: string, { bytes }: State): Promise<Map<string, TableHash>> {
  const hashes = new Map<string, TableHash>()
  if (bytes === 0) return hashes
  let hash = new TableHash()
  for await (const lines of readLines(partial, bytes)) {
    for (const line of lines) {
      if (isRow(line)) hash.add(`${line}\n`, 1)
      else {
        hash = new TableHash()
        const { table }: Partial<TableLine> = JSON.parse(line)
        if (table) hashes.set(table, hash)
      }
    }
  }
  return hashes
}

async function writeImages(
  db: Database,
  bucket: Bucket,
  writer: LineWriter,
  state: State,
  save: () => void,
  show: Show,
): Promise<void> {
  const table = { name: 'images', columns: ['hash', 'generation'], key: ['hash'], ids: [] }
  // After the last table, `after` is the position among the images.
  for await (const page of readPages(db, table, undefined, state.after ?? undefined)) {
    for (const [hash, generation] of page) {
      const key = imageKey({ hash: String(hash), generation: Number(generation) })
      const object = await bucket.get(key)
      state.after = [String(hash)]
      // It may just have been deleted.
      if (!object) continue
      state.images++
      show(`Images: ${state.images}`)
      const line: ImageLine = { image: key, type: object.type, base64: object.bytes.toString('base64') }
      if (writer.write(linesOf([line]))) save()
    }
  }
}
