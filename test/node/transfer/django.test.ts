/** From Django and back, with Django itself: what its ORM has written is imported, served, exported and loaded. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalServer, startLocal } from '../../../scripts/local-server'
import { newPath, query } from './databases'
import { Django, python } from './django'
import { writePictures } from './doubles'
import { importInto } from './importing'

interface DumpObject {
  model: string
  pk?: number
  fields: Record<string, unknown>
}
/** By path and query; ids, and usernames of profiles. */
interface Lists {
  ada: number
  posts: Record<string, number[]>
  profiles: Record<string, string[]>
  comments: Record<string, number[]>
  likes: Record<string, number[]>
  followers: Record<string, number[]>
  conversations: number[]
  threads: Record<string, number[]>
}
interface Answer {
  user: { pk: number }
  access_token: string
  results: { id: number; owner: string }[]
  non_field_errors: string[]
}

/** Their hashes are ones that only a reset helps: 100 MiB of Argon2, bcrypt, none. */
const RESET = ['frank', 'heidi', 'ivan']
const INACTIVE = 'émile'

const read = (path: string): DumpObject[] => JSON.parse(readFileSync(path, 'utf8'))

describe.skipIf(!python).sequential('Django', () => {
  const [media, state, dump] = [newPath('media'), newPath('state'), newPath('dump.json')]
  let django: Django
  let passwords: Record<string, string>
  let server: LocalServer
  let report: string

  const npm = (script: string, ...args: string[]) =>
    execFileSync('npm', ['run', '--silent', script, '--', ...args, '--persist-to', state], {
      encoding: 'utf8',
    })

  beforeAll(async () => {
    django = new Django(newPath('django.sqlite'))
    passwords = JSON.parse(django.run('populate.py'))
    django.dump(dump)
    writePictures(media)
    server = await startLocal(state, () => {
      report = npm('import', dump, '--media', media)
    })
  }, 180_000)
  afterAll(() => server?.stop())

  const get = async (path: string, token?: string) => {
    const answer = await fetch(`${server.origin}${path}`, {
      headers: token ? { authorization: `Bearer ${token}` } : {},
    })
    expect(answer.status, path).toBe(200)
    return answer
  }
  const logIn = async (username: string, password: string) => {
    const answer = await fetch(`${server.origin}/dj-rest-auth/login/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    })
    return { status: answer.status, body: await answer.json<Answer>() }
  }

  it('has its passwords come along, but for those that the report counts', async () => {
    expect(report).toContain(`${RESET.length} accounts have passwords that have to be reset`)
    const ids = new Map(
      read(dump)
        .filter(({ model }) => model === 'auth.user')
        .map(({ pk, fields }) => [fields.username, pk]),
    )
    expect((await logIn('ada', `${passwords.ada}!`)).status).toBe(400)
    expect((await logIn('grace', `${passwords.grace}!`)).status).toBe(400)
    for (const [name, password] of Object.entries(passwords)) {
      const { status, body } = await logIn(name, password)
      if (RESET.includes(name) || name === INACTIVE) expect(status, name).toBe(400)
      else expect([status, body.user?.pk], name).toEqual([200, ids.get(name)])
    }
  }, 120_000)

  it('has its pictures served as they were', async () => {
    const post = read(dump).find(
      ({ model, fields }) => model === 'posts.post' && /view_/.test(String(fields.image)),
    )
    const { image } = await (await get(`/posts/${post?.pk}/`)).json<{ image: string }>()
    const answer = await get(new URL(image).pathname)
    expect(answer.headers.get('content-type')).toBe('image/gif')
    const file = join(media, 'images', `${basename(String(post?.fields.image))}.gif`)
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(readFileSync(file))
  })

  it('comes along in less than 200 MB of memory', () => {
    const [, megabytes] = /in (\d+) MB\.$/m.exec(report) ?? []
    expect(Number(megabytes)).toBeLessThan(200)
  })

  it('has its lists in their order, by its own queries', async () => {
    const lists: Lists = JSON.parse(django.run('lists.py'))
    const { access_token } = (await logIn('ada', passwords.ada ?? '')).body
    for (const resource of ['posts', 'profiles', 'comments', 'likes', 'followers'] as const)
      for (const [search, expected] of Object.entries(lists[resource])) {
        const answer = await get(`/${resource}/?page_size=100&${search}`)
        const { results } = await answer.json<Answer>()
        const shown = results.map(({ id, owner }) => (resource === 'profiles' ? owner : id))
        expect(shown, `${resource} ${search}`).toEqual(expected)
      }
    const conversations = await get('/messages/', access_token)
    expect((await conversations.json<{ id: number }[]>()).map(({ id }) => id)).toEqual(lists.conversations)
    for (const [other, expected] of Object.entries(lists.threads)) {
      const { results } = await (await get(`/messages/${other}/?page_size=100`, access_token)).json<Answer>()
      expect(results.map(({ id }) => id)).toEqual(expected)
    }
  })

  it.each([
    ['--natural-foreign', '--indent', '2'],
    ['--natural-foreign', '--natural-primary', '--indent', '2'],
  ])('may dump with %s %s %s', async (...options) => {
    const plain = await importInto(dump)
    const other = await importInto(django.dump(newPath('dump.json'), ...options))
    // Without their primary keys, users have new ids.
    const everything = [
      'select username, email, first_name, password_hash, is_active, created_at, profile_name, image from users order by username',
      'select p.id, username, title, p.content, image_filter, p.created_at, p.updated_at from posts p join users u on u.id = owner_id order by p.id',
      'select c.id, username, post_id, content, c.created_at from comments c join users u on u.id = owner_id order by c.id',
      'select l.id, username, post_id from likes l join users u on u.id = owner_id order by l.id',
      'select f.id, u.username, o.username as followed from followers f join users u on u.id = f.owner_id join users o on o.id = followed_id order by f.id',
      'select m.id, username, content, m.seq, m.created_at from messages m join users u on u.id = sender_id order by m.id',
    ]
    for (const sql of everything) expect(query(other.path, sql)).toEqual(query(plain.path, sql))
  })

  it('loads what is exported: every field that both have, and the passwords', async () => {
    const [exported, files, fresh] = [
      newPath('export.json'),
      newPath('files'),
      new Django(newPath('fresh.sqlite')),
    ]
    await server.stop()
    npm('export-django', exported, '--media', files)
    fresh.manage('loaddata', exported)

    const there = read(fresh.dump(newPath('dump.json')))
    const comparable = ({ model, pk, fields }: DumpObject) => {
      const { last_login, is_staff, is_superuser, groups, ...kept } = fields
      // A login stores them anew: see below.
      delete kept.password
      // The original makes them itself, for each user that is loaded.
      if (model === 'profiles.profile') delete kept.created_at
      if (kept.image && !/default_/.test(String(kept.image))) kept.image = 'a file'
      return { model, ...(model !== 'profiles.profile' && { pk }), ...kept }
    }
    const MODELS = /^(auth\.user|profiles|posts|comments|likes|followers|messaging)\b/
    const sorted = (objects: DumpObject[]) =>
      objects
        .filter(({ model }) => MODELS.test(model) && model !== 'auth.group')
        .map(comparable)
        .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    expect(sorted(there)).toEqual(sorted(read(dump)))

    // Every picture is a file again, with the bytes that it had.
    const bytes = new Map(
      readdirSync(files, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => [entry.name.replace(/\.\w+$/, ''), readFileSync(join(entry.parentPath, entry.name))]),
    )
    const pictures = (objects: DumpObject[]) =>
      objects
        .filter(({ fields }) => fields.image && !/default_/.test(String(fields.image)))
        .toSorted((a, b) =>
          `${a.model} ${a.fields.owner ?? a.pk} ${a.pk}` < `${b.model} ${b.fields.owner ?? b.pk} ${b.pk}`
            ? -1
            : 1,
        )
    const originals = new Map(
      readdirSync(media, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => [entry.name.replace(/\.\w+$/, ''), readFileSync(join(entry.parentPath, entry.name))]),
    )
    const nameOf = ({ fields }: DumpObject) => basename(String(fields.image)).replace(/\.\w+$/, '')
    expect(pictures(there).map((object) => bytes.get(nameOf(object)))).toEqual(
      pictures(read(dump)).map((object) => originals.get(nameOf(object))),
    )

    // Whoever has signed in has our Argon2 now, and all others what they came with.
    const known: string[] = JSON.parse(fresh.run('check_passwords.py', [], JSON.stringify(passwords)))
    expect(known.sort()).toEqual(
      Object.keys(passwords)
        .filter((name) => name !== 'ivan')
        .sort(),
    )
    const wrong = Object.fromEntries(Object.entries(passwords).map(([name, word]) => [name, `${word}!`]))
    expect(JSON.parse(fresh.run('check_passwords.py', [], JSON.stringify(wrong)))).toEqual([])
  }, 120_000)
})
