/**
 * Restores a file of `npm run backup` into an empty database of the same or a later version:
 *
 *   npm run restore -- backup.gz              the local one, which is created if there is none
 *   npm run restore -- backup.gz --remote     the deployed one; `--env staging` that of another environment
 *   npm run restore -- backup.gz --images-only    only its image files, into a bucket that has lost them
 *
 * If it is stopped, running it again continues. `--persist-to <directory>` selects other local data, as in wrangler.
 */
import { parseArgs } from 'node:util'
import { openBucket, openDatabase, PLACE } from './transfer/open'
import { endWith, rowsOf, speed } from './transfer/report'
import { type Backup, putImages, readBackup, restore } from './transfer/restore'
import { openShow } from './transfer/show'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ...PLACE, 'images-only': { type: 'boolean', default: false } },
})

await endWith(async () => {
  const [path, ...more] = positionals
  if (!path || more.length > 0) throw new Error('Which file? npm run restore -- backup.gz')
  const backup = await readBackup(path)
  if (values['images-only']) return restoreImages(path, backup)
  const db = await openDatabase(values, { migrated: true })
  const bucket = backup.header.images ? await openBucket(values) : undefined
  const show = openShow()
  const started = performance.now()
  try {
    await restore(db, path, backup, { bucket, show })
    show('')
    for (const { table, digest } of backup.tables)
      console.log(`${table.name}: ${digest.rows} rows, ${digest.sha256} on both sides`)
    console.log(speed(rowsOf(Object.values(backup.end.tables)), started))
    console.log(`Restored, as it was on ${backup.header.created}. Everything that is kept is true.`)
  } finally {
    db.close()
    await bucket?.close()
  }
})

async function restoreImages(path: string, { header, end }: Backup): Promise<void> {
  if (!header.images) throw new Error('The backup has no images: it was made without --images.')
  const bucket = await openBucket(values)
  try {
    await putImages(path, bucket, end.images, openShow())
    console.log(`${end.images} images are in the bucket.`)
  } finally {
    await bucket.close()
  }
}
