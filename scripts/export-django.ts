/**
 * Writes a file for `manage.py loaddata` of the original:
 *
 *   npm run export-django -- dump.json                    of the local database
 *   npm run export-django -- dump.json --media media/     with the image files, in a folder
 *
 * `--remote` and `--env production` select deployed databases, `--persist-to <directory>` another local one, as in wrangler.
 */
import { parseArgs } from 'node:util'
import { exportDjango, exportPictures } from './transfer/django/export'
import { openBucket, openDatabase, PLACE } from './transfer/open'
import { endWith } from './transfer/report'
import { openShow } from './transfer/show'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ...PLACE, media: { type: 'string' } },
})

await endWith(async () => {
  const [path, ...more] = positionals
  if (!path || more.length > 0) throw new Error('Into which file? npm run export-django -- dump.json')
  const db = await openDatabase(values, { snapshot: true })
  const bucket = values.media === undefined ? undefined : await openBucket(values)
  const show = openShow()
  try {
    const counts = await exportDjango(db, path, show)
    const images =
      bucket && values.media !== undefined ? await exportPictures(db, bucket, values.media, show) : 0
    show('')
    for (const [model, count] of counts) console.log(`${model}: ${count.toLocaleString('en')}`)
    if (bucket) console.log(`${images} images in ${values.media}`)
  } finally {
    db.close()
    await bucket?.close()
  }
})
