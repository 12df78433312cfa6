/** A dump of the size that an original may have: killed, gone on with, and served. */
import { execFileSync, spawn } from 'node:child_process'
import { pbkdf2Sync } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalServer, startLocal } from '../../../scripts/local-server'
import { inventObjects, type Size, writeDump } from '../../../scripts/transfer/django/invent'
import { hashTable } from '../../../scripts/transfer/hash'
import { localFile, openLocal } from '../../../scripts/transfer/local'
import { MOVED } from '../../../scripts/transfer/tables'
import { readDjangoHash } from '../../../src/auth/django-hash'
import { pbkdf2Sha256 } from '../../../src/auth/pbkdf2'
import { newPath, query, untrue } from './databases'
import { importInto } from './importing'

const SIZE: Size = { users: 5_000, posts: 50_000, likes: 100_000, messages: 50_000 }
const KILLS = 2
const LOGINS = 30
const STAGING = '.wrangler/import'
const MINUTES = 60_000

type DumpObject = ReturnType<typeof inventObjects> extends Iterable<infer One> ? One : never

const passwordOf = (id: number) => `Zx9!kkqw-${id}`
/** Few rounds, as everybody's password is checked. */
function hashOf(id: number): string {
  const [rounds, salt] = [100 + (id % 90), `salt${id}`]
  return `pbkdf2_sha256$${rounds}$${salt}$${pbkdf2Sync(passwordOf(id), salt, rounds, 32, 'sha256').toString('base64')}`
}

/** Everybody has a password of their own. */
function* objects(): Generator<DumpObject> {
  for (const object of inventObjects(SIZE)) {
    if (object.model === 'auth.user') object.fields.password = hashOf(object.pk ?? 0)
    yield object
  }
}

const of = (model: string) => [...objects()].filter((object) => object.model === model)
/** Every table's hash. */
async function digestsOf(path: string) {
  const db = openLocal(path, { snapshot: true })
  try {
    return await Promise.all(MOVED.map(async (table) => [table.name, await hashTable(db, table)]))
  } finally {
    db.close()
  }
}

describe.sequential('a dump of 5,000 people, 50,000 posts, 100,000 likes and 50,000 messages', () => {
  const [dump, state] = [newPath('dump.json'), newPath('state')]
  const run = ['scripts/bundled.ts', 'import', dump, '--no-media', '--persist-to', state]
  let server: LocalServer | undefined
  beforeAll(() => {
    writeDump(dump, objects())
  })
  afterAll(() => server?.stop())

  it(
    'comes to the same however often it is killed',
    async () => {
      const started = performance.now()
      const { path } = await importInto(dump)
      const length = performance.now() - started

      const staged = () =>
        existsSync(STAGING) ? readdirSync(STAGING).filter((name) => name.endsWith('.sqlite')) : []
      const before = staged()
      for (let kill = 0; kill < KILLS; kill++) {
        const child = spawn(process.execPath, run, { stdio: 'ignore', detached: true })
        const ended = new Promise((resolve) => child.once('exit', resolve))
        // Until then it starts, and brings the database up to date.
        while (child.exitCode === null && staged().length === before.length) await pause(5)
        await pause(Math.random() * length)
        if (child.exitCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL')
        await ended
      }
      const database = localFile(state, 'DB')
      const isDone =
        query(database, 'select 1 from jobs').length === 0 &&
        query(database, 'select 1 from users limit 1').length > 0
      if (!isDone) {
        const said = execFileSync(process.execPath, run, { encoding: 'utf8' })
        expect(Number(/in (\d+) MB\.$/m.exec(said)?.[1])).toBeLessThan(200)
      }
      expect(await digestsOf(database)).toEqual(await digestsOf(path))
      expect(untrue(database)).toEqual([])
      expect(staged()).toEqual(before)
    },
    5 * MINUTES,
  )

  it(
    'has everybody’s password, and nobody else’s',
    () => {
      const people = query(localFile(state, 'DB'), 'select id, password_hash from users')
      expect(people).toHaveLength(SIZE.users)
      const encoder = new TextEncoder()
      const isPassword = (id: unknown, hash: unknown, password: string) => {
        const read = readDjangoHash(String(hash))
        if (!read) throw new Error(`${id} has ${hash}.`)
        const key = pbkdf2Sha256(encoder.encode(password), encoder.encode(read.salt), read.rounds)
        return Buffer.from(key).equals(read.key)
      }
      for (const { id, password_hash } of people) {
        expect(isPassword(id, password_hash, passwordOf(Number(id))), `${id}`).toBe(true)
        expect(isPassword(id, password_hash, passwordOf(Number(id) + 1)), `${id}`).toBe(false)
      }
    },
    2 * MINUTES,
  )

  it(
    'is served: logins, and whole lists in their order',
    async () => {
      server = await startLocal(state)
      const { origin } = server
      const users = of('auth.user').filter(({ fields }) => fields.is_active)
      for (let n = 0; n < LOGINS; n++) {
        const user = users[Math.floor((n * users.length) / LOGINS)]
        const answer = await fetch(`${origin}/dj-rest-auth/login/`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ username: user?.fields.username, password: passwordOf(user?.pk ?? 0) }),
        })
        expect([answer.status, (await answer.json<{ user: { pk: number } }>()).user?.pk]).toEqual([
          200,
          user?.pk,
        ])
      }
      for (const [path, model] of [
        ['/posts/', 'posts.post'],
        ['/comments/', 'comments.comment'],
      ] as const) {
        const shown: number[] = []
        for (let next: string | null = `${origin}${path}?page_size=100`; next; ) {
          const answer = await fetch(next)
          expect(answer.status).toBe(200)
          const page: { next: string | null; results: { id: number }[] } = await answer.json()
          shown.push(...page.results.map(({ id }) => id))
          next = page.next
        }
        const expected = of(model).toSorted(
          (a, b) => Date.parse(String(b.fields.created_at)) - Date.parse(String(a.fields.created_at)),
        )
        expect(shown).toEqual(expected.map(({ pk }) => pk))
      }
    },
    5 * MINUTES,
  )
})
