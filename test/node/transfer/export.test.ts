import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { exportDjango, exportPictures } from '../../../scripts/transfer/django/export'
import { inventObjects, writeDump } from '../../../scripts/transfer/django/invent'
import type { PictureSource } from '../../../scripts/transfer/django/pictures'
import { SOURCES } from '../../../scripts/transfer/django/rows'
import { openLocal } from '../../../scripts/transfer/local'
import { newDatabase, newPath, query, withSqlite } from './databases'
import { Images, writePictures } from './doubles'
import { importInto } from './importing'

const show = () => undefined
const objects = [...inventObjects({ users: 60, posts: 400, likes: 900, messages: 700 })]

const imported = async (dump: string, images: Images, pictures: PictureSource): Promise<string> =>
  (await importInto(dump, { images, options: { pictures } })).path

async function exported(path: string): Promise<string> {
  const dump = newPath('export.json')
  const db = openLocal(path, { snapshot: true })
  await exportDjango(db, dump, show)
  db.close()
  return dump
}

const rowsOf = (path: string) =>
  SOURCES.map(({ table, columns, key }) =>
    query(path, `select ${columns.join(', ')} from ${table} order by ${key.join(', ')}`),
  )

describe('an export for the original', () => {
  const [images, media] = [new Images(), newPath('media')]
  let first: string
  beforeAll(async () => {
    writePictures(media)
    const dump = newPath('dump.json')
    writeDump(dump, objects)
    first = await imported(dump, images, { kind: 'folder', path: media })
  })

  it('is imported again as it was, pictures and passwords included', async () => {
    const [again, folder] = [new Images(), newPath('exported-media')]
    const db = openLocal(first, { snapshot: true })
    expect(await exportPictures(db, images, folder, show)).toBe(images.objects.size)
    db.close()
    const second = await imported(await exported(first), again, { kind: 'folder', path: folder })
    expect(rowsOf(second)).toEqual(rowsOf(first))
    expect([...again.objects].sort()).toEqual([...images.objects].sort())
  })

  it('has every field that the dump had and we have, of every object', async () => {
    /** Two writings of one time are the same; files have other names, but for the default ones. */
    const comparable = (object: { model: string; pk?: number; fields: Record<string, unknown> }) => {
      const { last_login, is_superuser, is_staff, ...fields } = object.fields
      const isProfile = object.model === 'profiles.profile'
      return {
        ...object,
        fields: Object.fromEntries(
          Object.entries(fields)
            .filter(([name]) => !(isProfile && name === 'created_at'))
            .map(([name, value]) => {
              if (/_at$|^date_joined$|^timestamp$/.test(name)) return [name, Date.parse(String(value))]
              if (name === 'image' && value !== null && !/default_/.test(String(value)))
                return [name, 'a file']
              return [name, value]
            })
            .sort(),
        ),
      }
    }
    const written: typeof objects = JSON.parse(readFileSync(await exported(first), 'utf8'))
    // Profiles are numbered anew, by user: theirs have gaps.
    const byKey = ({ model, pk, fields }: (typeof objects)[number]) =>
      `${model} ${model === 'profiles.profile' ? fields.owner : pk}`
    const expected = new Map(objects.map((object) => [byKey(object), comparable(object)]))
    expect(written).toHaveLength(objects.length)
    for (const object of written) {
      const { pk, ...other } = comparable(object)
      expect(expected.get(byKey(object))).toMatchObject(
        object.model === 'profiles.profile' ? other : { pk, ...other },
      )
      expect(Object.keys(other.fields)).toEqual(Object.keys(expected.get(byKey(object))?.fields ?? {}))
    }
    const profiles = written.filter(({ model }) => model === 'profiles.profile')
    expect(profiles.map(({ pk }) => pk)).toEqual(profiles.map((_, i) => i + 1))
  })

  it('writes our own passwords as Django has them, and a name for who was erased', async () => {
    const path = newDatabase()
    withSqlite(path, (db) => {
      const user = db.prepare(
        'insert into users (id, username, username_key, search_key, password_hash, created_at, profile_updated_at) values (?, ?, ?, ?, ?, 1, 1)',
      )
      user.run(1, 'ada', 'ada', 'ada', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA')
      user.run(2, '', 'gone', '', '')
    })
    const written: typeof objects = JSON.parse(readFileSync(await exported(path), 'utf8'))
    expect(
      written
        .filter(({ model }) => model === 'auth.user')
        .map(({ fields }) => [fields.username, fields.password]),
    ).toEqual([
      ['ada', 'argon2$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA'],
      ['deleted-2', '!'],
    ])
  })

  it('of an empty database is an empty list', async () => {
    expect(JSON.parse(readFileSync(await exported(newDatabase()), 'utf8'))).toEqual([])
  })
})
