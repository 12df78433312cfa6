/** The import as its command calls it, into a database in a file. */
import { dirname } from 'node:path'
import type { Database } from '../../../scripts/transfer/database'
import { type ImportOptions, importDump } from '../../../scripts/transfer/django/import'
import { openLocal } from '../../../scripts/transfer/local'
import { newDatabase } from './databases'
import { Images } from './doubles'

interface Given {
  into?: string
  options?: Partial<ImportOptions>
  images?: Images
  wrap?: (db: Database) => Database
}

export async function importInto(
  dump: string,
  { into = newDatabase(), options, images = new Images(), wrap = (db) => db }: Given = {},
) {
  const db = openLocal(into)
  try {
    const imported = await importDump(
      wrap(db),
      {
        dump,
        pictures: { kind: 'none' },
        renamed: new Map(),
        skipBad: false,
        add: false,
        dryRun: false,
        work: dirname(dump),
        place: into,
        ...options,
      },
      { openBucket: async () => images, show: () => undefined },
    )
    return { path: into, ...imported }
  } finally {
    db.close()
  }
}
