/**
 * Two versions of the bundle on one local database: while the next one's migration runs, once it is deployed, and after it was rolled
 * back, the version before goes on working, with what the other has written.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrations } from '../../bench/fill.ts'
import { build, type Server, serve } from '../../bench/server.ts'
import { faultsOf } from '../../scripts/check-migrations.ts'

/** What a release may bring: a column, an index and a trigger. */
const MIGRATION = [
  'ALTER TABLE posts ADD pinned_at integer',
  'CREATE INDEX posts_pinned ON posts (owner_id, pinned_at) WHERE pinned_at IS NOT NULL',
  `CREATE TRIGGER posts_pinned_first AFTER INSERT ON posts WHEN NEW.title LIKE 'Pinned%' BEGIN
    UPDATE posts SET pinned_at = NEW.created_at WHERE id = NEW.id;
  END`,
]
/** What is looked at of answers. */
interface Answer {
  id: number
  title: string
  name: string
  access_token: string
  results: { id: number; likes_count: number; comments_count: number }[]
}

const PASSWORD = 'Zx9!kkqwPlum'

describe.sequential('two versions on one database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollback-'))
  const data = join(folder, 'data')
  let before: string
  let next: string
  let server: Server | undefined

  beforeAll(() => {
    before = build('before', 'wrangler.toml', folder)
    // The next version is the same code, but that it says so; its column is written by the trigger, whichever version serves.
    next = join(folder, 'next')
    mkdirSync(next)
    for (const file of readdirSync(before)) writeFileSync(join(next, file), readFileSync(join(before, file)))
    const code = readFileSync(join(before, 'index.js'), 'utf8')
    writeFileSync(join(next, 'index.js'), code.replaceAll('edge-social-api', 'edge-social-api 2'))
  }, 120_000)
  afterAll(async () => {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function deploy(bundle: string): Promise<Server> {
    await server?.stop()
    server = await serve(bundle, { data })
    return server
  }

  async function migrate(statements: string[]): Promise<void> {
    const db = await server?.miniflare.getD1Database('DB')
    for (const statement of statements) await db?.prepare(statement).run()
  }

  async function call(method: string, path: string, sent?: object, token?: string) {
    const answer = await fetch(`http://127.0.0.1:${server?.port}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      ...(sent && { body: JSON.stringify(sent) }),
    })
    const body: Answer = await answer.json()
    return { status: answer.status, body }
  }

  let token = ''
  const written: number[] = []

  /** Everything that people do, by the version that serves; what was written so far must all be there. */
  async function everythingWorks(title: string): Promise<void> {
    const { status, body: post } = await call('POST', '/posts/', { title }, token)
    expect([status, post.title]).toEqual([201, title])
    written.push(post.id)
    expect((await call('POST', '/comments/', { post: post.id, content: title }, token)).status).toBe(201)
    expect((await call('POST', '/likes/', { post: post.id }, token)).status).toBe(201)
    expect((await call('PATCH', `/posts/${post.id}/`, { content: title }, token)).status).toBe(200)
    const { body: list } = await call('GET', '/posts/')
    expect(list.results.map(({ id }) => id).sort()).toEqual([...written].sort())
    for (const one of list.results) expect([one.likes_count, one.comments_count]).toEqual([1, 1])
  }

  const name = async () => (await call('GET', '/')).body.name

  it('begin with the first, which people use', async () => {
    await deploy(before)
    await migrate(migrations())
    const account = { username: 'alice', password1: PASSWORD, password2: PASSWORD }
    token = (await call('POST', '/dj-rest-auth/registration/', account)).body.access_token
    await everythingWorks('Before')
  })

  it('have a migration that only adds, and runs while the first serves', async () => {
    expect(MIGRATION.flatMap(faultsOf)).toEqual([])
    await migrate(MIGRATION)
    expect(await name()).toBe('edge-social-api')
    await everythingWorks('Pinned while the code is the old one')
  })

  it('go on with the second', async () => {
    await deploy(next)
    expect(await name()).toBe('edge-social-api 2')
    await everythingWorks('Pinned by the new code')
  })

  it('come back to the first, with what the second has written', async () => {
    await deploy(before)
    expect(await name()).toBe('edge-social-api')
    await everythingWorks('After')
  })
})

describe('a migration that takes something away', () => {
  it.each([
    ['drops a column', 'ALTER TABLE posts DROP COLUMN content;'],
    ['drops a table', 'DROP TABLE `likes`;'],
    ['renames', 'ALTER TABLE posts RENAME TO articles;'],
    [
      'adds a column that every row must have, without a default',
      'ALTER TABLE posts ADD `mood` text NOT NULL;',
    ],
    ['makes unique what was not', 'CREATE UNIQUE INDEX one_title ON posts (title);'],
    ['drops a trigger', 'DROP TRIGGER likes_inserted;'],
    ['drops a view', 'DROP VIEW feed;'],
    [
      'refuses what was accepted',
      "CREATE TRIGGER quiet BEFORE INSERT ON posts BEGIN SELECT RAISE(ABORT, 'no'); END;",
    ],
    ['deletes rows', 'DELETE FROM likes;'],
    ['drops a table', '/* -- x */ DROP TABLE posts;'],
  ])('is refused: it %s', (what, sql) => {
    expect(faultsOf(sql)).toEqual([expect.stringContaining(what)])
    expect(faultsOf(`-- contract: nothing since 1.4.0 has it\n${sql}`)).toEqual([])
  })

  it('is not one that adds', () => {
    expect(faultsOf("ALTER TABLE posts ADD `mood` text DEFAULT '' NOT NULL;")).toEqual([])
    expect(
      faultsOf('CREATE TABLE moods (name text); CREATE UNIQUE INDEX moods_name ON moods (name);'),
    ).toEqual([])
  })

  it('is not one that makes a trigger again, or lets it delete', () => {
    const trigger = "CREATE TRIGGER quiet BEFORE INSERT ON posts BEGIN SELECT RAISE(ABORT, 'no; END'); END;"
    expect(faultsOf(`DROP TRIGGER quiet; ${trigger}`)).toEqual([])
    expect(
      faultsOf(
        'CREATE TRIGGER kept AFTER DELETE ON posts BEGIN DELETE FROM likes WHERE post_id = OLD.id; END;',
      ),
    ).toEqual([])
  })

  it('is not one that tidies up, or talks of it', () => {
    expect(faultsOf('DELETE FROM notifications WHERE cause_id NOT IN (SELECT id FROM likes);')).toEqual([])
    expect(faultsOf("INSERT INTO notes VALUES ('DROP TABLE posts; -- x'); /* DROP TABLE likes; */")).toEqual(
      [],
    )
  })
})
