/** Plants each fault that the check detects in a copy of the project. Also tests that `npm run migration` repairs it and keeps every row. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from 'drizzle-kit/api'

const ROOT = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'check-database-'))
after(() => rmSync(folder, { recursive: true }))

const NEXT = '9999_next'
const CUSTOM = '-- Custom SQL migration file, put your code below! --'

/** A copy of the project with its own module instances, which know nothing of other copies. */
class Project {
  static #made = 0
  readonly root = join(folder, String(Project.#made++))

  constructor() {
    for (const path of ['src/db', 'scripts', 'migrations', 'drizzle.config.ts', 'package.json'])
      cpSync(join(ROOT, path), join(this.root, path), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(this.root, 'node_modules'))
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8')
  }

  edit(path: string, from: string | RegExp, to: string) {
    const text = this.read(path)
    assert.notEqual(text.replace(from, to), text, `${path} has no ${from}`)
    writeFileSync(join(this.root, path), text.replace(from, to))
  }

  /** The last migration that creates the trigger. */
  migrationOf(trigger: string): string {
    const files = readdirSync(join(this.root, 'migrations')).filter((file) => file.endsWith('.sql'))
    const paths = files.sort().map((file) => `migrations/${file}`)
    const found = paths.findLast((path) => this.read(path).includes(`CREATE TRIGGER \`${trigger}\``))
    assert.ok(found)
    return found
  }

  append(path: string, text: string) {
    appendFileSync(join(this.root, path), text)
  }

  /** The problems that the check finds, without the advice. */
  async faults(): Promise<string[]> {
    const { findFaults } = await this.#faults()
    const { readMigrations } = await this.#migrations()
    return (await findFaults(readMigrations())).map(({ problem }) => problem)
  }

  /** A stand-in for drizzle-kit, which takes seconds to start. */
  async generator(): Promise<(options: string[]) => void> {
    const snapshots = readdirSync(join(this.root, 'migrations/meta')).filter((file) =>
      file.endsWith('_snapshot.json'),
    )
    const snapshot = JSON.parse(this.read(`migrations/meta/${snapshots.sort().at(-1)}`))
    const schema = await generateSQLiteDrizzleJson(
      await this.#import('src/db/schema.ts'),
      snapshot.id,
      'snake_case',
    )
    const statements = await generateSQLiteMigration(snapshot, schema)
    return (options) => {
      const isCustom = options.includes('--custom')
      if (!isCustom && statements.length === 0) return
      this.append('migrations/meta/_journal.json', '\n')
      this.append(`migrations/meta/9999_snapshot.json`, JSON.stringify(schema))
      this.append(`migrations/${NEXT}.sql`, isCustom ? CUSTOM : statements.join('--> statement-breakpoint\n'))
    }
  }

  /** Writes the next migration as `npm run migration` does. */
  async migration(): Promise<string | undefined> {
    const { writeMigration } = await this.#write()
    return writeMigration(await this.generator(), [])
  }

  /** A database without the next migration, with rows in the tables that tests look at. */
  async databaseWithRows(): Promise<DatabaseSync> {
    const { buildDatabase, readMigrations } = await this.#migrations()
    const db = buildDatabase(readMigrations().filter(({ file }) => !file.includes('next')))
    db.exec(`
      insert into users (id, username, username_key, password_hash, created_at, profile_updated_at)
        values (1, 'alice', 'alice', '', 0, 0), (2, 'bob', 'bob', '', 0, 0);
      insert into posts (id, owner_id, title, title_key, created_at, updated_at) values (1, 1, 'A', 'a', 0, 0);
      insert into comments (id, post_id, owner_id, content, created_at, updated_at)
        values (1, 1, 1, 'one', 0, 0), (2, 1, 2, 'two', 0, 0), (3, 1, 2, 'three', 0, 0);
      delete from comments where id = 3;
      insert into conversations (id, user_a, user_b) values (1, 1, 2);
      insert into changes (conversation_id, seq, kind, user_id) values (1, 1, 'message', 1)`)
    return db
  }

  async migrate(db: DatabaseSync) {
    const { readMigrations } = await this.#migrations()
    const next = readMigrations().find(({ file }) => file.includes('next'))
    assert.ok(next)
    for (const statement of next.statements) db.exec(statement)
  }

  // These modules belong to the copy, and have the same types.
  readonly #faults = () =>
    this.#import('scripts/database/faults.ts') as Promise<typeof import('./database/faults')>
  readonly #migrations = () =>
    this.#import('scripts/database/migrations.ts') as Promise<typeof import('./database/migrations')>
  readonly #write = () =>
    this.#import('scripts/database/write.ts') as Promise<typeof import('./database/write')>
  readonly #import = (path: string): Promise<Record<string, unknown>> => import(join(this.root, path))
}

const one = (db: DatabaseSync, query: string) => ({ ...db.prepare(query).get() })

const SAMPLES = `
export const samples = sqliteTable('samples', {
  id: id('samples'),
  postId: integer().notNull().references(() => posts.id, { onDelete: 'cascade' }),
})
`
const DEFAULT_OF_COMMENTS = [
  'src/db/schema.ts',
  /(export const comments[\s\S]*?content: text\(\)\.notNull\(\))/,
  `$1.default('')`,
] as const

test('the project as it is has no faults', async () => {
  assert.deepEqual(await new Project().faults(), [])
})

test('a trigger that was lost', async () => {
  const project = new Project()
  project.append(
    project.migrationOf('likes_deleted'),
    '--> statement-breakpoint\nDROP TRIGGER `likes_deleted`;',
  )
  assert.deepEqual(await project.faults(), ['trigger likes_deleted: is missing'])
})

test('a trigger that does something else', async () => {
  const project = new Project()
  project.edit(project.migrationOf('comments_inserted'), 'comments_count + 1', 'comments_count + 2')
  const [fault, ...more] = await project.faults()
  assert.match(
    fault ?? '',
    /^trigger comments_inserted: is\n[\s\S]*comments_count \+ 2[\s\S]*should be\n[\s\S]*comments_count \+ 1/,
  )
  assert.deepEqual(more, [])
})

test('a trigger that nothing declares', async () => {
  const project = new Project()
  for (const declared of [
    / {2}countAndNewest\(\{\n {4}of: comments\.postId,[\s\S]*?\n {2}\}\),\n/,
    '  goesWith(hiddenComments.commentId, comments.id),\n',
    '  ...notifications(),\n',
  ])
    project.edit('src/db/kept.ts', declared, '')
  const faults = await project.faults()
  assert.ok(faults.includes('trigger comments_inserted: is not declared'), faults.join('\n'))
  assert.ok(faults.includes('column posts.comments_count: is kept by nothing'), faults.join('\n'))
})

test('a table made anew by drizzle-kit alone, for the default of a column: its triggers are lost', async () => {
  const project = new Project()
  project.edit(
    'src/db/schema.ts',
    /(export const messages[\s\S]*?content: text\(\)\.notNull\(\))/,
    `$1.default('')`,
  )
  const generate = await project.generator()
  generate([])
  assert.deepEqual(await project.faults(), [
    'trigger messages_deleted: is missing',
    'trigger messages_deleted_image: is missing',
    'trigger messages_inserted_image: is missing',
    'trigger messages_updated_image: is missing',
  ])
})

test('a new table without its sequence', async () => {
  const project = new Project()
  project.append('src/db/schema.ts', SAMPLES)
  const generate = await project.generator()
  generate([])
  assert.deepEqual(await project.faults(), [
    'sequence samples: is missing',
    'trigger samples_deleted: is missing',
  ])
})

test('a new table whose ids do not come from a sequence, or from that of another', async () => {
  for (const id of [`integer().primaryKey()`, `id('posts')`]) {
    const project = new Project()
    project.append('src/db/schema.ts', SAMPLES.replace(`id('samples')`, id))
    await assert.rejects(project.faults(), /samples: its key must be `id: id\('samples'\)`/)
  }
})

test('WITHOUT ROWID that was lost', async () => {
  const project = new Project()
  project.edit('migrations/0002_messaging.sql', ') WITHOUT ROWID', ')')
  assert.deepEqual(await project.faults(), [
    'table changes: is\n    with rowid\n  and should be\n    WITHOUT ROWID',
  ])
})

test('a schema that has gone ahead of the migrations', async () => {
  const project = new Project()
  project.edit(
    'src/db/schema.ts',
    `index('comments_owner').on(t.ownerId)`,
    `index('comments_owner').on(t.ownerId, t.postId)`,
  )
  const [fault, ...more] = await project.faults()
  assert.match(fault ?? '', /^index comments_owner: is/)
  assert.deepEqual(more, [])
})

test('`npm run migration` keeps triggers and rows of a table that is made anew', async () => {
  const project = new Project()
  project.edit(...DEFAULT_OF_COMMENTS)
  project.edit(
    'src/db/schema.ts',
    'userId: integer().notNull(),\n    messageId',
    'userId: integer().notNull().default(0),\n    messageId',
  )
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', './scripts/worker-source.ts', 'scripts/migration.ts', '--name', 'next'],
    { cwd: project.root, encoding: 'utf8' },
  )
  assert.equal(status, 0, stdout + stderr)
  assert.deepEqual(await project.faults(), [])

  const db = await project.databaseWithRows()
  const state = `select (select json_group_array(content) from comments) as comments, (select count(*) from changes) as changes,
    (select comments_count from posts) as count, s.* from sequences s where name = 'comments'`
  const before = one(db, state)
  await project.migrate(db)
  assert.deepEqual(one(db, state), before)
  db.exec('delete from comments where id = 1')
  assert.deepEqual(one(db, state), { ...before, comments: '["two"]', count: 1, deleted: 2 })
})

test('`npm run migration` gives a new table its sequence, and a new count its value', async () => {
  const project = new Project()
  project.append('src/db/schema.ts', SAMPLES)
  project.edit(
    'src/db/schema.ts',
    'likesGivenCount:',
    'commentsCount: integer().notNull().default(0),\n    likesGivenCount:',
  )
  project.edit(
    'src/db/kept.ts',
    'KEPT: Kept[] = [',
    'KEPT: Kept[] = [\n  countAndNewest({ of: comments.ownerId, count: users.commentsCount }),',
  )
  assert.equal(await project.migration(), `migrations/${NEXT}.sql`)
  assert.deepEqual(await project.faults(), [])

  const db = await project.databaseWithRows()
  await project.migrate(db)
  const counts = 'select json_group_object(username, comments_count) as counts from users'
  assert.deepEqual(one(db, counts), { counts: '{"alice":1,"bob":1}' })
  db.exec('delete from posts')
  assert.deepEqual(one(db, counts), { counts: '{"alice":0,"bob":0}' })
  assert.deepEqual(one(db, `select * from sequences where name = 'samples'`), {
    name: 'samples',
    last_id: 0,
    deleted: 0,
  })
})

test('`npm run migration` writes what is kept otherwise, where no table changes', async () => {
  const project = new Project()
  project.edit('src/db/kept.ts', 'NEWEST_IMAGES = 6', 'NEWEST_IMAGES = 0')
  assert.equal(await project.migration(), `migrations/${NEXT}.sql`)
  assert.deepEqual(await project.faults(), [])

  const db = await project.databaseWithRows()
  assert.deepEqual(one(db, 'select newest_images from users where id = 1'), { newest_images: '[null]' })
  await project.migrate(db)
  assert.deepEqual(one(db, 'select newest_images from users where id = 1'), { newest_images: '[]' })
})

test('`npm run migration` refuses to make a table anew that others refer to, and leaves nothing', async () => {
  const project = new Project()
  project.edit(
    'src/db/schema.ts',
    `imageFilter: text().notNull().default('normal')`,
    `imageFilter: text().notNull().default('none')`,
  )
  const journal = project.read('migrations/meta/_journal.json')
  await assert.rejects(
    project.migration(),
    /This migration drops `posts`, to which [a-z, ]*comments, [a-z, ]*likes[a-z, ]* refer/,
  )
  assert.equal(project.read('migrations/meta/_journal.json'), journal)
  const faults = await project.faults()
  assert.match(faults.join('\n'), /^column posts\.image_filter: is/)
})

test('`npm run migration` writes nothing where nothing has changed', async () => {
  assert.equal(await new Project().migration(), undefined)
})
