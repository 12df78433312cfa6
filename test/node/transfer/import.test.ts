import { readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { HASH, inventObjects, type Size, writeDump } from '../../../scripts/transfer/django/invent'
import { MOVED } from '../../../scripts/transfer/tables'
import { newDatabase, newPath, query, schemaOf, untrue, withSqlite } from './databases'
import { Images, killedAt, writePictures } from './doubles'
import { importInto } from './importing'

const SIZE: Size = { users: 60, posts: 400, likes: 900, messages: 700 }
type Objects = ReturnType<typeof inventObjects> extends Iterable<infer O> ? O[] : never

const objects = (): Objects => [...inventObjects(SIZE)]
function dumpOf(content: Objects | string, indent?: number): string {
  const path = newPath('dump.json')
  if (typeof content === 'string') writeFileSync(path, content)
  else writeDump(path, content, indent)
  return path
}

/** Everything but how far jobs have come, which is nothing once they are done. */
const stateOf = (path: string) => ({
  schema: schemaOf(path),
  rows: Object.fromEntries(
    MOVED.map(({ name, columns, key }) => [
      name,
      query(path, `select ${columns.join(', ')} from ${name} order by ${key.join(', ')}`),
    ]),
  ),
  jobs: query(path, 'select * from jobs'),
})

/** The objects after something was done to the first of a model. */
function withChanged(model: string, change: (object: Objects[number], all: Objects) => void): Objects {
  const all = objects()
  const object = all.find((one) => one.model === model)
  if (!object) throw new Error(`There is no ${model}.`)
  change(object, all)
  return all
}

describe('the import of a dump', () => {
  let plain: Awaited<ReturnType<typeof importInto>>
  beforeAll(async () => {
    plain = await importInto(dumpOf(objects()))
  })

  it('keeps ids, times, texts and relations', () => {
    const all = objects()
    const ms = (time: unknown) => Date.parse(String(time))
    const of = (model: string) => all.filter((object) => object.model === model)
    expect(
      query(
        plain.path,
        'select id, username, email, first_name, password_hash, is_active, created_at from users order by id',
      ),
    ).toEqual(
      of('auth.user').map(({ pk, fields }) => ({
        id: pk,
        username: fields.username,
        email: fields.email,
        first_name: fields.first_name,
        password_hash: HASH,
        is_active: Number(fields.is_active),
        created_at: ms(fields.date_joined),
      })),
    )
    expect(
      query(
        plain.path,
        'select id, profile_name, profile_content, profile_updated_at, image from users order by id',
      ),
    ).toEqual(
      of('profiles.profile').map(({ fields }) => ({
        id: fields.owner,
        profile_name: fields.name,
        profile_content: fields.content,
        profile_updated_at: ms(fields.updated_at),
        image: null,
      })),
    )
    expect(
      query(
        plain.path,
        'select id, owner_id, title, content, image_filter, created_at, updated_at from posts order by id',
      ),
    ).toEqual(
      of('posts.post').map(({ pk, fields }) => ({
        id: pk,
        owner_id: fields.owner,
        title: fields.title,
        content: fields.content,
        image_filter: fields.image_filter,
        created_at: ms(fields.created_at),
        updated_at: ms(fields.updated_at),
      })),
    )
    expect(query(plain.path, 'select id, owner_id, post_id, created_at from likes order by id')).toEqual(
      of('likes.like').map(({ pk, fields }) => ({
        id: pk,
        owner_id: fields.owner,
        post_id: fields.post,
        created_at: ms(fields.created_at),
      })),
    )
    expect(query(plain.path, 'select id, owner_id, followed_id from followers order by id')).toEqual(
      of('followers.follower').map(({ pk, fields }) => ({
        id: pk,
        owner_id: fields.owner,
        followed_id: fields.followed,
      })),
    )
    expect(query(plain.path, 'select id, owner_id, post_id, content from comments order by id')).toEqual(
      of('comments.comment').map(({ pk, fields }) => ({
        id: pk,
        owner_id: fields.owner,
        post_id: fields.post,
        content: fields.content,
      })),
    )
  })

  it('makes conversations of messages, in their order, read as far as they were', () => {
    const messages = objects().filter(({ model }) => model === 'messaging.message')
    const stored = query(
      plain.path,
      `select m.id, m.sender_id as sender, c.user_a + c.user_b - m.sender_id as recipient, m.content, m.created_at as at,
        m.seq <= iif(m.sender_id = c.user_a, c.read_b, c.read_a) as read, m.seq from messages m join conversations c on c.id = m.conversation_id order by m.id`,
    )
    const seqs = new Map<string, number>()
    expect(stored).toEqual(
      messages.map(({ pk, fields }) => {
        const pair = [fields.sender, fields.recipient].sort().join()
        seqs.set(pair, (seqs.get(pair) ?? 0) + 1)
        return {
          id: pk,
          sender: fields.sender,
          recipient: fields.recipient,
          content: fields.content,
          at: Date.parse(String(fields.timestamp)),
          read: Number(fields.read),
          seq: seqs.get(pair),
        }
      }),
    )
    expect(query(plain.path, 'select count(*) as n from changes')).toEqual([{ n: messages.length }])
  })

  it('leaves triggers, search and everything that is kept as if all had been written one by one', () => {
    expect(schemaOf(plain.path)).toEqual(schemaOf(newDatabase()))
    expect(untrue(plain.path)).toEqual([])
    expect(plain.report.resets).toBe(0)
  })

  it.each(['natural keys', 'an indent', 'another order'])('takes a dump with %s', async (what) => {
    let all = objects()
    const names = new Map(
      all.filter(({ model }) => model === 'auth.user').map(({ pk, fields }) => [pk, fields.username]),
    )
    if (what === 'natural keys')
      for (const { fields } of all)
        for (const key of ['owner', 'followed', 'sender', 'recipient']) {
          // Posts have no natural key.
          if (key in fields) fields[key] = [names.get(Number(fields[key]))]
        }
    if (what === 'another order') all = all.toReversed()
    const { path } = await importInto(dumpOf(all, what === 'an indent' ? 2 : 0))
    expect(stateOf(path)).toEqual(stateOf(plain.path))
  })

  it('gives users ids where their natural primary keys stand for them', async () => {
    const all = objects().filter(({ model }) => model === 'auth.user')
    for (const object of all) delete object.pk
    const { path } = await importInto(dumpOf(all))
    expect(query(path, 'select count(*) as n, max(id) as id from users')).toEqual([
      { n: SIZE.users, id: SIZE.users },
    ])
  })

  it('takes what Django and its packages dump beside, and says what has no place here', async () => {
    const more = [
      { model: 'contenttypes.contenttype', pk: 1, fields: { app_label: 'posts' } },
      { model: 'account.emailaddress', pk: 1, fields: { user: 1 } },
    ]
    const { path, report } = await importInto(dumpOf([...more, ...objects()]))
    expect(stateOf(path)).toEqual(stateOf(plain.path))
    expect(report.leftOut).toContainEqual(['auth.user.last_login', SIZE.users])
    expect(report.counts).toContainEqual(['account.emailaddress', 1])
  })

  it('tells which passwords have to be reset, and whose address is somebody else’s', async () => {
    const all = withChanged('auth.user', ({ fields }, every) => {
      fields.password = '!unusable'
      const [, second, third, fourth] = every
      if (!second || !third || !fourth) return
      second.fields.password = 'bcrypt_sha256$$2b$12$x'
      third.fields.password =
        'argon2$argon2id$v=19$m=1024,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$AWrYdlcK3ObY1x7OCBQDhZc/VVsKoik1QDK3lQNfoCA'
      fourth.fields.email = String(third.fields.email).toUpperCase()
    })
    const { path, report } = await importInto(dumpOf(all))
    expect([report.resets, report.sharedAddresses]).toEqual([2, 1])
    expect(query(path, "select count(*) as n from users where password_hash like '$argon2id$%'")).toEqual([
      { n: 1 },
    ])
  })

  it('leaves a message unread where one before it is', async () => {
    const all = objects()
    const messages = all.filter(({ model }) => model === 'messaging.message')
    if (messages[1]) messages[1].fields.read = false
    const { report } = await importInto(dumpOf(all))
    expect(report.readAfterUnread).toBeGreaterThan(0)
  })

  const field = (model: string, name: string, value: unknown) =>
    withChanged(model, ({ fields }) => (fields[name] = value))
  it.each<[string, () => Objects | string, RegExp]>([
    ['that is cut off', () => JSON.stringify(objects()).slice(0, -500), /is cut off after object \d+/],
    [
      'that is cut off between objects',
      () => `[${JSON.stringify(objects()[0])},`,
      /is cut off after object 1/,
    ],
    ['that is empty', () => '', /is empty/],
    ['that is no JSON', () => 'CREATE TABLE users;', /is no dump/],
    ['with something behind it', () => `${JSON.stringify(objects())} []`, /comes something else/],
    ['with broken JSON', () => '[{"model": "auth.user", "pk": 1, "fields": {,}}]', /object 1 is no JSON/],
    ['with other objects', () => '[{"name": "Ada"}]', /object 1 is no object of a dump/],
    [
      'of another project',
      () => [{ model: 'shop.order', pk: 1, fields: {} }, ...objects()],
      /object 1: shop.order is of another project/,
    ],
    ['of nothing that is wanted', () => [{ model: 'auth.group', pk: 1, fields: {} }], /has nothing of/],
    [
      'with an id that is there twice',
      () => withChanged('likes.like', (one, all) => all.push(one)),
      /likes.like 1\): its key is there twice/,
    ],
    [
      'with an owner who is nobody',
      () => field('posts.post', 'owner', 99_999),
      /posts.post 1\): owner 99999 is not in the dump/,
    ],
    ['with a like of nothing', () => field('likes.like', 'post', 99_999), /post 99999 is not in the dump/],
    [
      'with a name that nobody has',
      () => field('comments.comment', 'owner', ['nobody']),
      /owner nobody is not in the dump/,
    ],
    [
      'with two names that differ in case',
      () => withChanged('auth.user', ({ fields }) => (fields.username = 'USER.1@+-')),
      /the name user.1@\+- is USER.1@\+- but for case/,
    ],
    ['without a title', () => field('posts.post', 'title', null), /title is null, not a text/],
    [
      'with a time that is none',
      () => field('posts.post', 'created_at', 'yesterday'),
      /created_at is "yesterday", not a time/,
    ],
    [
      'with a filter that nobody knows',
      () => field('posts.post', 'image_filter', 'sepia'),
      /image_filter is "sepia", not a filter/,
    ],
    ['with a NUL', () => field('comments.comment', 'content', 'a\0b'), /content holds what is no character/],
    [
      'with half a character',
      () => field('comments.comment', 'content', 'a\ud800'),
      /content holds what is no character/,
    ],
    [
      'with a key that is no number',
      () => withChanged('posts.post', (one) => Object.assign(one, { pk: 'x' })),
      /its key is "x"/,
    ],
    [
      'in which somebody follows themselves',
      () => field('followers.follower', 'followed', 1),
      /somebody follows themselves/,
    ],
    [
      'in which somebody likes twice',
      () => withChanged('likes.like', (one, all) => all.push({ ...one, pk: 5_000 })),
      /likes the post already/,
    ],
    [
      'with a message to its sender',
      () => withChanged('messaging.message', ({ fields }) => (fields.recipient = fields.sender)),
      /is to its sender/,
    ],
  ])('changes nothing for one %s', async (_, content, message) => {
    const into = newDatabase()
    const before = stateOf(into)
    await expect(importInto(dumpOf(content()), { into })).rejects.toThrow(message)
    expect(stateOf(into)).toEqual(before)
  })

  it('leaves out what is bad where that is asked for, with all that refers to it, and keeps it in a file', async () => {
    const dump = dumpOf(field('auth.user', 'date_joined', null))
    const { path, badFile, report } = await importInto(dump, { options: { skipBad: true } })
    expect(query(path, 'select min(id) as id, count(*) as n from users')).toEqual([
      { id: 2, n: SIZE.users - 1 },
    ])
    expect(query(path, 'select count(*) as n from posts where owner_id = 1')).toEqual([{ n: 0 }])
    expect(untrue(path)).toEqual([])
    const bad = readFileSync(badFile ?? '', 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(bad).toHaveLength(report.bad)
    expect(bad[0]).toEqual({
      file: dump,
      object: 1,
      reason: 'date_joined is null, not a time',
      data: objects().map((one) => ({ ...one, fields: { ...one.fields, date_joined: null } }))[0],
    })
    expect(bad.slice(1).every(({ reason }) => /is not in the dump/.test(reason))).toBe(true)
  })

  it('gives a name that is free', async () => {
    const clash = withChanged('auth.user', ({ fields }) => (fields.username = 'USER.1@+-'))
    const { path } = await importInto(dumpOf(clash), {
      options: { renamed: new Map([['USER.1@+-', 'someone']]) },
    })
    expect(query(path, 'select username from users where id = 1')).toEqual([{ username: 'someone' }])
  })

  it('writes nothing on a dry run', async () => {
    const into = newDatabase()
    const before = stateOf(into)
    const { report, tables } = await importInto(dumpOf(objects()), { into, options: { dryRun: true } })
    expect([report.bad, tables]).toEqual([0, undefined])
    expect(stateOf(into)).toEqual(before)
  })

  it('adds to what is there only where that is asked for, behind the ids that are there', async () => {
    const into = newDatabase()
    withSqlite(into, (db) => {
      db.exec(
        `insert into users (id, username, username_key, search_key, password_hash, created_at, profile_updated_at) values (1, 'ada', 'ada', 'ada', '', 1, 1)`,
      )
      db.exec(
        "insert into posts (id, owner_id, title, title_key, created_at, updated_at) values (1, 1, 'First', 'first', 1, 1)",
      )
    })
    const before = stateOf(into)
    const dump = dumpOf(objects())
    await expect(importInto(dump, { into })).rejects.toThrow('not empty (users, posts)')
    expect(stateOf(into)).toEqual(before)
    await importInto(dump, { into, options: { add: true } })
    const shifted = (table: string, columns: string, by: string) =>
      expect(query(into, `select ${columns} from ${table} where id > 1 order by id`)).toEqual(
        query(plain.path, `select ${by} from ${table} order by id`),
      )
    shifted(
      'users',
      'id, username, posts_count, newest_images',
      'id + 1 as id, username, posts_count, newest_images',
    )
    shifted(
      'posts',
      'id, owner_id, title, likes_count',
      'id + 1 as id, owner_id + 1 as owner_id, title, likes_count',
    )
    expect(untrue(into)).toEqual([])
    expect(schemaOf(into)).toEqual(before.schema)
  })

  it('lists names that somebody has there', async () => {
    const into = newDatabase()
    withSqlite(into, (db) =>
      db.exec(
        `insert into users (id, username, username_key, search_key, password_hash, created_at, profile_updated_at) values (1, 'x', 'user.1@+-', 'x', '', 1, 1)`,
      ),
    )
    await expect(importInto(dumpOf(objects()), { into, options: { add: true } })).rejects.toThrow(
      'the name user.1@+- is taken',
    )
  })

  it('that was stopped is gone on with, wherever that was', async () => {
    const dump = dumpOf(objects())
    for (const stop of [0, 1, 3, 6, 7]) {
      const into = newDatabase()
      await expect(importInto(dump, { into, wrap: killedAt(stop) })).rejects.toThrow('killed')
      await importInto(dump, { into })
      expect(stateOf(into)).toEqual(stateOf(plain.path))
    }
  })
})

describe('pictures', () => {
  const folder = newPath('media')
  beforeAll(() => writePictures(folder))

  it('come from a folder, under the names that the original stores, before any row shows them', async () => {
    const images = new Images()
    const { path, report } = await importInto(dumpOf(objects()), {
      images,
      options: { pictures: { kind: 'folder', path: folder } },
    })
    expect(report.pictures.missing).toEqual([])
    const hashes = query(
      path,
      'select distinct image from posts where image is not null union select image from users where image is not null union select image from messages where image is not null',
    ).map(({ image }) => image)
    expect(hashes).toHaveLength(21)
    expect(hashes.sort()).toEqual([...images.objects.keys()].sort())
    expect(query(path, 'select hash from images order by hash').map(({ hash }) => hash)).toEqual(hashes)
    expect(untrue(path)).toEqual([])
  })

  it('that are missing are told, and left out where that is asked for', async () => {
    const all = withChanged('posts.post', ({ fields }) => (fields.image = 'media/images/nowhere_abc'))
    const pictures = { kind: 'folder', path: folder } as const
    await expect(importInto(dumpOf(all), { options: { pictures } })).rejects.toThrow(
      'picture media/images/nowhere_abc: there is no such file',
    )
    const { path, report } = await importInto(dumpOf(all), { options: { pictures, skipBad: true } })
    expect(report.pictures.missing).toHaveLength(1)
    expect(query(path, 'select image from posts where id = 1')).toEqual([{ image: null }])
  })

  it('stay where they are, as addresses', async () => {
    const base = 'https://res.cloudinary.com/cloud'
    const { path } = await importInto(dumpOf(objects()), { options: { pictures: { kind: 'address', base } } })
    expect(query(path, 'select image from posts where id = 1')).toEqual([
      { image: `${base}/image/upload/v1/media/images/view_0` },
    ])
    expect(query(path, 'select image from messages where id = 1')).toEqual([
      { image: `${base}/image/upload/v170/seen_0.jpg` },
    ])
    expect(untrue(path)).toEqual([])
  })
})
