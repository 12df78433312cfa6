/** The same, against what answers as Cloudflare's API does. */
import { afterEach, describe, expect, it } from 'vitest'
import { backUp } from '../../../scripts/transfer/backup'
import { openRemoteBucket } from '../../../scripts/transfer/bucket'
import { openRemote } from '../../../scripts/transfer/remote'
import { readBackup, restore } from '../../../scripts/transfer/restore'
import { MOVED } from '../../../scripts/transfer/tables'
import { type Api, startApi } from './d1-api'
import { newDatabase, newPath, query, schemaOf, untrue, withSqlite } from './databases'
import { fill } from './world'

const show = () => undefined
const apis: Api[] = []
afterEach(() => {
  for (const api of apis.splice(0)) api.stop()
})
async function opened(path: string) {
  const api = await startApi('social', path)
  apis.push(api)
  return { api, db: await openRemote(api.account, 'social') }
}
const rowsOf = (path: string) =>
  MOVED.map(({ name, columns, key }) =>
    query(path, `select ${columns.join(', ')} from ${name} order by ${key.join(', ')}`),
  )

describe('a deployed database', () => {
  it('is backed up and restored with its images, though answers are lost', async () => {
    const [from, to] = [newDatabase(), newDatabase()]
    fill(from)
    const [source, target] = [await opened(from), await opened(to)]
    const key = 'a'.repeat(64)
    source.api.objects.set(key, { bytes: Buffer.from([0, 200, 7]), type: 'image/png' })
    target.api.loseEvery = 3

    const file = newPath('backup.gz')
    const end = await backUp(source.db, file, {
      bucket: openRemoteBucket(source.api.account, 'images'),
      show,
    })
    expect([end.consistent, end.images]).toEqual([true, 1])
    await restore(target.db, file, await readBackup(file), {
      bucket: openRemoteBucket(target.api.account, 'images'),
      show,
    })
    expect(rowsOf(to)).toEqual(rowsOf(from))
    expect(schemaOf(to)).toEqual(schemaOf(from))
    expect(untrue(to)).toEqual([])
    expect(target.api.objects).toEqual(source.api.objects)
  })

  it('that is written to meanwhile gives a backup without what came later, which says so', async () => {
    const [from, to] = [newDatabase(), newDatabase()]
    fill(from)
    const [source, target] = [await opened(from), await opened(to)]
    let isFirst = true
    const file = newPath('backup.gz')
    const posts = query(from, 'select max(id) as id from posts')[0]?.id
    const end = await backUp(
      {
        ...source.db,
        // Somebody registers and posts once users are read, likes are taken away, and a message is sent.
        read: async (sql, ...values) => {
          const rows = await source.db.read(sql, ...values)
          if (isFirst && / from users /.test(sql)) {
            isFirst = false
            await source.db.write([
              {
                sql: `insert into users (id, username, username_key, search_key, password_hash, created_at, profile_updated_at) values (500, 'new', 'new', 'new', '', 1, 1)`,
              },
              {
                sql: `insert into posts (id, owner_id, title, title_key, created_at, updated_at) values (9000, 500, 'New', 'new', 1, 1)`,
              },
              {
                sql: `insert into posts (id, owner_id, title, title_key, created_at, updated_at) values (9001, 1, 'New', 'new', 1, 1)`,
              },
              { sql: 'delete from likes where id < 20' },
              {
                sql: `insert into changes (conversation_id, seq, kind, user_id, up_to) values (1, 3, 'read', 2, 2)`,
              },
              { sql: 'update conversations set seq = 3, read_b = 2, unread_b = 0' },
            ])
          }
          return rows
        },
      },
      file,
      { bucket: undefined, show },
    )
    expect(end.consistent).toBe(false)
    await restore(target.db, file, await readBackup(file), { bucket: undefined, show })
    expect(query(to, 'select max(id) as id from posts')).toEqual([{ id: posts }])
    expect(query(to, 'select id from likes where id < 20')).toEqual([])
    expect(
      query(
        to,
        'select c.seq, max(h.seq) as last from conversations c join changes h on h.conversation_id = c.id',
      ),
    ).toEqual([{ seq: 3, last: 3 }])
    expect(query(to, 'pragma foreign_key_check')).toEqual([])
    expect(untrue(to)).toEqual([])
  })

  it('says what is wrong with it', async () => {
    const path = newDatabase()
    const { api, db } = await opened(path)
    await expect(openRemote(api.account, 'another')).rejects.toThrow('There is no database another')
    await expect(db.read('select * from missing')).rejects.toThrow('no such table: missing')
    const before = withSqlite(path, (sqlite) => sqlite.prepare('select count(*) as n from jobs').get())
    await expect(
      db.write([{ sql: "insert into jobs (name) values ('x')" }, { sql: 'insert into missing values (1)' }]),
    ).rejects.toThrow('no such table')
    expect(withSqlite(path, (sqlite) => sqlite.prepare('select count(*) as n from jobs').get())).toEqual(
      before,
    )
  })
})
