/**
 * Writes all data into one file (docs/operations.md says what it includes, docs/backup.schema.json describes the format):
 *
 *   npm run backup -- backup.gz              of the local database
 *   npm run backup -- backup.gz --remote     of the deployed one; `--env staging` of another environment's
 *   npm run backup -- backup.gz --images     includes the image files; without it, back up the bucket by other means
 *
 * If it is stopped, running it again continues. `--persist-to <directory>` selects other local data, as in wrangler.
 */
import { parseArgs } from 'node:util'
import { backUp } from './transfer/backup'
import { openBucket, openDatabase, PLACE } from './transfer/open'
import { endWith, rowsOf, speed } from './transfer/report'
import { openShow } from './transfer/show'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ...PLACE, images: { type: 'boolean', default: false } },
})

await endWith(async () => {
  const [path, ...more] = positionals
  if (!path || more.length > 0) throw new Error('Into which file? npm run backup -- backup.gz')
  const db = await openDatabase(values, { snapshot: true })
  const bucket = values.images ? await openBucket(values) : undefined
  const show = openShow()
  const started = performance.now()
  try {
    const { tables, images, consistent } = await backUp(db, path, { bucket, show })
    show('')
    for (const [table, { rows, sha256 }] of Object.entries(tables))
      console.log(`${table}: ${rows} rows, ${sha256}`)
    if (bucket) console.log(`${images} images`)
    console.log(speed(rowsOf(Object.values(tables)), started))
    console.log(
      consistent
        ? `${path} is complete, and of one moment.`
        : `${path} is complete. Others wrote meanwhile: it has nothing that came after it was begun, and some changes that did.`,
    )
  } finally {
    db.close()
    await bucket?.close()
  }
})
