/**
 * Imports what the original's `manage.py dumpdata auth profiles posts comments likes followers messaging` has written (docs/operations.md):
 *
 *   npm run import -- dump.json --dry-run                reads all of it, and reports what is wrong and what will change
 *   npm run import -- dump.json --media media/           into the local database, with the pictures of a folder
 *   npm run import -- dump.json --media-url https://res.cloudinary.com/<cloud>/    leaves the pictures where they are
 *   npm run import -- dump.json --no-media               gives everybody the default pictures
 *
 * `--skip-bad` leaves out rows that cannot be imported; `--rename old=new` renames users whose name is taken; `--add` adds to existing data;
 * `--remote` and `--env staging` select deployed databases, `--persist-to <directory>` another local one, as in wrangler. If it is stopped, running
 * it again continues.
 */
import { parseArgs } from 'node:util'
import { importDump } from './transfer/django/import'
import type { PictureSource } from './transfer/django/pictures'
import { linesOfReport } from './transfer/django/report'
import { openBucket, openDatabase, PLACE } from './transfer/open'
import { endWith, rowsOf, speed } from './transfer/report'
import { openShow } from './transfer/show'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...PLACE,
    media: { type: 'string' },
    'media-url': { type: 'string' },
    'no-media': { type: 'boolean', default: false },
    rename: { type: 'string', multiple: true, default: [] },
    'skip-bad': { type: 'boolean', default: false },
    add: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
  },
})

await endWith(async () => {
  const [dump, ...more] = positionals
  if (!dump || more.length > 0) throw new Error('Which file? npm run import -- dump.json')
  const pictures = pictureSource()
  const db = await openDatabase(values, { migrated: true })
  const show = openShow()
  const started = performance.now()
  try {
    const { report, tables, badFile } = await importDump(
      db,
      {
        dump,
        pictures,
        renamed: new Map(values.rename.map(renaming)),
        skipBad: values['skip-bad'],
        add: values.add,
        dryRun: values['dry-run'],
        work: '.wrangler/import',
        place: JSON.stringify([values.remote, values.env, values['persist-to']]),
      },
      { openBucket: () => openBucket(values), show },
    )
    show('')
    for (const line of linesOfReport(report)) console.log(line)
    if (badFile) console.log(`What is left out is in ${badFile}.`)
    for (const { name, digest } of tables ?? [])
      console.log(`${name}: ${digest.rows} rows, ${digest.sha256} on both sides`)
    if (tables) {
      console.log(speed(rowsOf(tables.map(({ digest }) => digest)), started))
      console.log('Imported. Everything that is kept is true.')
    } else console.log('Nothing was written: this was a dry run.')
  } finally {
    db.close()
  }
})

function pictureSource(): PictureSource {
  const { media: path, 'media-url': base, 'no-media': isNone } = values
  if ([path !== undefined, base !== undefined, isNone].filter(Boolean).length !== 1)
    throw new Error('Where are the pictures? --media <folder>, --media-url <address> or --no-media')
  if (path !== undefined) return { kind: 'folder', path }
  if (base === undefined) return { kind: 'none' }
  if (!URL.canParse(base) || !base.startsWith('https://'))
    throw new Error('--media-url is an address: https://…')
  return { kind: 'address', base }
}

function renaming(text: string): [string, string] {
  const [from, to, ...more] = text.split('=')
  if (!from || !to || more.length > 0) throw new Error('--rename old=new')
  return [from, to]
}
