/**
 * Restores what `npm run backup` has written, into an empty database of the same or a later version:
 *
 *   npm run restore -- backup.gz              the local one, which is made if there is none
 *   npm run restore -- backup.gz --remote     the deployed one; `--env staging` that of another environment
 *
 * Stopped, it goes on when it is called again. `--persist-to <directory>` is wrangler's: another place of the local data.
 */
import { parseArgs } from 'node:util'
import { openBucket, openDatabase, PLACE } from './transfer/open'
import { endWith, rowsOf, speed } from './transfer/report'
import { readBackup, restore } from './transfer/restore'
import { openShow } from './transfer/show'

const { values, positionals } = parseArgs({ allowPositionals: true, options: PLACE })

await endWith(async () => {
  const [path, ...more] = positionals
  if (!path || more.length > 0) throw new Error('Which file? npm run restore -- backup.gz')
  const backup = await readBackup(path)
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
