/** The pictures of a dump: files in a folder, or addresses that answers pass on. */

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type CleanImage, cleanImage } from '../../../src/images/clean'
import type { Bucket } from '../bucket'

export type PictureSource =
  | { kind: 'folder'; path: string }
  /** The part before Cloudinary's `image/upload/`. */
  | { kind: 'address'; base: string }
  /** Everybody gets the default pictures. */
  | { kind: 'none' }

export interface Pictures {
  found: number
  missing: { name: string; reason: string }[]
}

const MAX_MISSING = 1_000

/** Writes how each picture is stored here into the table `pictures`: the hash of a file, or an address; null if it is missing. */
export function resolvePictures(db: DatabaseSync, source: PictureSource): Pictures {
  db.exec(`create table pictures (name text primary key, stored text, path text);
    insert or ignore into pictures (name) select image from posts where image is not null
      union select image from profiles where image is not null union select image from messages where image is not null`)
  const pictures: Pictures = { found: 0, missing: [] }
  if (source.kind === 'none') return pictures
  const index = source.kind === 'folder' ? indexFolder(source.path) : undefined
  const set = db.prepare('update pictures set stored = ?, path = ? where name = ?')
  const next = db.prepare('select name from pictures where name > ? order by name limit 1')
  for (let row = next.get(''); row; row = next.get(String(row.name))) {
    const name = String(row.name)
    if (source.kind === 'address') {
      set.run(addressOf(name, source.base), null, name)
      pictures.found++
      continue
    }
    const path = index && findFile(index, name)
    const image = path && cleanImage(readFileSync(path))
    if (path && image) {
      set.run(hashOf(image), path, name)
      pictures.found++
    } else if (pictures.missing.length < MAX_MISSING)
      pictures.missing.push({
        name,
        reason: path ? `${path} is no image that browsers show` : 'there is no such file',
      })
  }
  return pictures
}

/** Puts the files into the bucket before any row shows one. */
export async function putPictures(
  db: DatabaseSync,
  openBucket: () => Promise<Bucket>,
  tell: (done: number) => void,
): Promise<void> {
  const next = db.prepare(
    'select name, stored, path from pictures where path is not null and name > ? order by name limit 1',
  )
  let row = next.get('')
  if (!row) return
  const bucket = await openBucket()
  try {
    for (let done = 1; row; row = next.get(String(row.name)), done++) {
      const image = cleanImage(readFileSync(String(row.path)))
      if (!image || hashOf(image) !== row.stored) throw new Error(`${row.path} has changed meanwhile.`)
      await bucket.put(String(row.stored), { bytes: Buffer.from(image.bytes), type: image.type })
      tell(done)
    }
  } finally {
    await bucket.close()
  }
}

const hashOf = ({ bytes }: CleanImage) => createHash('sha256').update(bytes).digest('hex')

/** An `ImageField` stores `media/images/x_ab12cd` or `images/x.jpg`, a `CloudinaryField` `image/upload/v1724/x_ab12cd.jpg`. */
function addressOf(name: string, base: string): string {
  if (/^https?:\/\//.test(name)) return name
  const path = name
    .replace(/^(\.\.\/)+/, '')
    .split('/')
    .map(encodeURIComponent)
    .join('/')
  return `${base.replace(/\/*$/, '/')}${path.startsWith('image/upload/') ? path : `image/upload/v1/${path}`}`
}

/** Removes extensions, because without them Cloudinary's public ids equal file names. */
const withoutEnding = (path: string) => path.replace(/\.\w{1,5}$/, '')
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** Files by their whole path and by their name alone; null if two files have the same name. */
type FolderIndex = Map<string, string | null>

function indexFolder(folder: string): FolderIndex {
  const index: FolderIndex = new Map()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const whole = withoutEnding(path.slice(folder.length).replaceAll('\\', '/').replace(/^\/+/, ''))
    index.set(whole, path)
    const name = nameOf(whole)
    if (name !== whole) index.set(name, index.has(name) ? null : path)
  }
  return index
}

function findFile(index: FolderIndex, stored: string): string | undefined {
  const whole = withoutEnding(
    stored.replace(/^(\.\.\/|https?:\/\/[^/]+\/)+/, '').replace(/^.*image\/upload\/(v\d+\/)?/, ''),
  )
  for (const name of [whole, whole.replace(/^media\//, ''), nameOf(whole)]) {
    const path = index.get(name)
    if (path) return path
  }
  return undefined
}
