import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { backUp } from '../../../scripts/transfer/backup'
import type { Bucket } from '../../../scripts/transfer/bucket'
import type { Database } from '../../../scripts/transfer/database'
import { TableHash } from '../../../scripts/transfer/hash'
import { openLocal } from '../../../scripts/transfer/local'
import { putImages, readBackup, restore } from '../../../scripts/transfer/restore'
import { LEFT_OUT, MOVED } from '../../../scripts/transfer/tables'
import { newDatabase, newPath, query, schemaOf, untrue, withSqlite } from './databases'
import { Images, killedAt } from './doubles'
import { fill } from './world'

const show = () => undefined

async function backedUp(path: string, bucket?: Bucket): Promise<string> {
  const file = newPath('backup.gz')
  const db = openLocal(path, { snapshot: true })
  await backUp(db, file, { bucket, show })
  db.close()
  return file
}

async function restoreInto(
  path: string,
  file: string,
  { bucket, wrap = (db) => db }: { bucket?: Bucket; wrap?: (db: Database) => Database } = {},
) {
  const db = openLocal(path)
  try {
    await restore(wrap(db), file, await readBackup(file), { bucket, show })
  } finally {
    db.close()
  }
}

const linesOf = (file: string) => gunzipSync(readFileSync(file)).toString().trimEnd().split('\n')
function withLines(change: (lines: string[]) => string[], file: string): string {
  const path = newPath('changed.gz')
  writeFileSync(path, gzipSync(`${change(linesOf(file)).join('\n')}\n`))
  return path
}
const without = (values: unknown[], place: number) => (place < 0 ? values : values.toSpliced(place, 1))
const rowsOf = (path: string, table: (typeof MOVED)[number]) =>
  query(path, `select ${table.columns.join(', ')} from ${table.name} order by ${table.key.join(', ')}`)
const allRows = (path: string) => Object.fromEntries(MOVED.map((table) => [table.name, rowsOf(path, table)]))

describe('a backup', () => {
  const source = newDatabase()
  fill(source)

  it('has every table that is not left out on purpose, and every column', async () => {
    const kept = /^(sqlite_|d1_|_cf_|(post|user)_search)/
    const there = query(source, "select name from sqlite_schema where type = 'table'")
      .map(({ name }) => String(name))
      .filter((name) => !kept.test(name))
    expect([...MOVED.map(({ name }) => name), ...Object.keys(LEFT_OUT)].sort()).toEqual(there.sort())
    for (const { name, columns } of MOVED)
      expect([...columns].sort()).toEqual(
        query(source, `select name from pragma_table_info('${name}')`)
          .map((column) => column.name)
          .sort(),
      )
  })

  it('restores into an empty database: every row, all that is kept, triggers and search', async () => {
    const target = newDatabase()
    const file = await backedUp(source)
    await restoreInto(target, file)
    expect(allRows(target)).toEqual(allRows(source))
    expect(schemaOf(target)).toEqual(schemaOf(source))
    expect(untrue(target)).toEqual([])
    const found = 'select rowid from post_search where post_search match \'"title 77"\''
    expect(query(target, found)).toEqual([{ rowid: 77 }, ...query(source, found).slice(1)])
    expect(query(target, 'select * from sessions')).toEqual([])
    expect(query(target, 'select * from jobs')).toEqual([])
    // What is kept goes on being kept.
    withSqlite(target, (db) => db.exec('delete from likes where id = 1'))
    expect(untrue(target)).toEqual([])
  })

  it('is as its JSON schema says, and of one moment', async () => {
    const file = await backedUp(source)
    const schema = z.fromJSONSchema(JSON.parse(readFileSync('docs/backup.schema.json', 'utf8')))
    const lines = linesOf(file).map((line) => JSON.parse(line))
    for (const line of lines) expect(schema.safeParse(line).success, JSON.stringify(line)).toBe(true)
    expect(schema.safeParse({ table: 'users' }).success).toBe(false)
    expect(lines.at(-1).end.consistent).toBe(true)
  })

  it('does not show what is written while it is made', async () => {
    const busy = newDatabase()
    fill(busy)
    const before = allRows(busy)
    const db = openLocal(busy, { snapshot: true })
    withSqlite(busy, (other) => other.exec('delete from likes; update users set first_name = id'))
    const file = newPath('backup.gz')
    await backUp(db, file, { bucket: undefined, show })
    db.close()
    const target = newDatabase()
    await restoreInto(target, file)
    expect(allRows(target)).toEqual(before)
  })

  it('brings the images where they are wanted', async () => {
    const [from, to] = [new Images(), new Images()]
    const key = 'a'.repeat(64)
    from.objects.set(key, { bytes: Buffer.from([0, 255, 128]), type: 'image/png' })
    await restoreInto(newDatabase(), await backedUp(source, from), { bucket: to })
    expect([...to.objects]).toEqual([...from.objects])
    const alone = new Images()
    await putImages(await backedUp(source, from), alone, 1, show)
    expect([...alone.objects]).toEqual([...from.objects])
  })

  it('that was stopped is gone on with, wherever that was', async () => {
    const whole = linesOf(await backedUp(source))
    for (const stop of [1, 3, 6, 9, 12]) {
      const file = newPath('backup.gz')
      let reads = 0
      const db = openLocal(source, { snapshot: true })
      const killed: Database = {
        ...db,
        read: async (...args) => {
          reads++
          if (reads > stop) throw new Error('killed')
          return db.read(...args)
        },
      }
      await expect(backUp(killed, file, { bucket: undefined, show })).rejects.toThrow('killed')
      expect(existsSync(file)).toBe(false)
      await backUp(db, file, { bucket: undefined, show })
      db.close()
      const rows = (lines: string[]) => lines.slice(1, -1)
      expect(rows(linesOf(file))).toEqual(rows(whole))
    }
  })

  it('whose restoring was stopped is gone on with, wherever that was', async () => {
    const file = await backedUp(source)
    for (const stop of [0, 1, 4, 7, 9, 10]) {
      const target = newDatabase()
      await expect(restoreInto(target, file, { wrap: killedAt(stop) })).rejects.toThrow('killed')
      await restoreInto(target, file)
      expect(allRows(target)).toEqual(allRows(source))
      expect(schemaOf(target)).toEqual(schemaOf(source))
      expect(untrue(target)).toEqual([])
    }
  })

  it('of an earlier version is restored: what came later has its default, and is kept', async () => {
    const [earlier, column, later] = ['0017_skeletons_and_post_images', 'is_sensitive', 'cases']
    const hashes: Record<string, TableHash> = {}
    let [table, place] = ['', -1]
    const file = withLines(
      (lines) =>
        lines.flatMap((line) => {
          const read = JSON.parse(line)
          if (read.format) return [JSON.stringify({ ...read, migration: earlier })]
          if (read.table) {
            table = read.table
            place = table === 'posts' ? read.columns.indexOf(column) : -1
            hashes[table] = new TableHash()
          }
          if (table === later && !read.end) return []
          if (read.table) return [JSON.stringify({ ...read, columns: without(read.columns, place) })]
          if (read.end) {
            delete hashes[later]
            const tables = Object.fromEntries(
              Object.entries(hashes).map(([name, hash]) => [name, hash.digest()]),
            )
            return [JSON.stringify({ end: { ...read.end, tables } })]
          }
          const row = JSON.stringify(without(read, place))
          hashes[table]?.add(`${row}\n`, 1)
          return [row]
        }),
      await backedUp(source),
    )
    expect(linesOf(file).join()).not.toContain(column)
    const target = newDatabase()
    await restoreInto(target, file)
    expect(allRows(target)).toEqual(allRows(source))
    expect(untrue(target)).toEqual([])
  })

  it.each<[string, (lines: string[]) => string[], string]>([
    ['is cut off', (lines) => lines.slice(0, -1), 'cut off'],
    ['lacks a row', (lines) => lines.toSpliced(10, 1), 'otherwise than it went in'],
    ['has another row', (lines) => lines.toSpliced(10, 1, '[1]'), 'otherwise than it went in'],
    ['is of another format', (lines) => lines.with(0, '{"format":"x"}'), 'no backup'],
    ['is no backup', () => ['hello'], 'no JSON'],
    [
      'has a column that is not known here',
      (lines) => lines.map((line) => line.replace('"username_key"', '"nickname"')),
      'users.nickname, which this version does not know',
    ],
    [
      'is of a later version',
      (lines) => lines.map((line) => line.replace(/"migration":"[^"]*"/, '"migration":"9999_x"')),
      'later version (9999_x)',
    ],
  ])('that %s changes nothing', async (_, change, message) => {
    const target = newDatabase()
    const before = [schemaOf(target), allRows(target)]
    const file = withLines(change, await backedUp(source))
    await expect(restoreInto(target, file)).rejects.toThrow(message)
    expect([schemaOf(target), allRows(target)]).toEqual(before)
  })

  it('whose file is cut off, or is no file of that kind, changes nothing', async () => {
    const bytes = readFileSync(await backedUp(source))
    for (const wrong of [bytes.subarray(0, bytes.length - 100), Buffer.from('no gzip')]) {
      const file = newPath('wrong.gz')
      writeFileSync(file, wrong)
      await expect(restoreInto(newDatabase(), file)).rejects.toThrow()
    }
  })

  it('is not restored into a database that has something', async () => {
    const target = newDatabase()
    fill(target, 5)
    const before = allRows(target)
    await expect(restoreInto(target, await backedUp(source))).rejects.toThrow('not empty')
    expect(allRows(target)).toEqual(before)
  })
})
