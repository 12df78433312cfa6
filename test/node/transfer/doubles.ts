import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Bucket, StoredImage } from '../../../scripts/transfer/bucket'
import type { Database } from '../../../scripts/transfer/database'

/** A bucket in memory. */
export class Images implements Bucket {
  readonly objects = new Map<string, StoredImage>()
  async get(key: string) {
    return this.objects.get(key)
  }
  async put(key: string, image: StoredImage) {
    this.objects.set(key, image)
  }
  async close() {}
}

/** Ends the program, as far as the database can tell, behind that many inserts, of few rows each. */
export function killedAt(count: number): (db: Database) => Database {
  let inserts = 0
  return (db) => ({
    ...db,
    batch: { rows: 150, characters: 20_000 },
    insert: async (rows, progress) => {
      inserts++
      if (inserts > count) throw new Error('killed')
      await db.insert(rows, progress)
    },
  })
}

/** A GIF of one pixel, of a colour of its own. */
export const gif = (shade: number) =>
  Buffer.from(
    `47494638396101000100800000${shade.toString(16).padStart(2, '0')}0000ffffff2c00000000010001000002024401003b`,
    'hex',
  )

/** The pictures of an invented dump, some in the folder that the original names and some elsewhere. */
export function writePictures(folder: string): void {
  for (const [i, name] of ['face', 'view', 'seen'].entries())
    for (let n = 0; n < 9; n++) {
      const path = join(folder, name === 'view' ? 'images' : name, `${name}_${n}.gif`)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, gif(i * 9 + n))
    }
}
