/** Tests each rule on a small tree that breaks it, and on one that follows it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { importProblems } from './check-imports/rules.ts'

type Tree = Record<string, string>

/** The files that all trees share. They follow every rule. */
const SOUND: Tree = {
  'src/index.ts': `import { app } from './app'\nexport { Chat } from './messaging/object/statements-queries'`,
  'src/app.ts': `import { Hono } from 'hono'\nimport { postRoutes } from './posts/routes'`,
  'src/posts/routes.ts': `import { Hono } from 'hono'
import { requireUser } from '../auth/credentials'
import { listLikes } from '../likes/queries'
import { listPosts } from './queries'
import { postView } from './view'`,
  'src/posts/queries.ts': `import { sql } from 'drizzle-orm'\nimport { build } from '../db/statements'`,
  'src/posts/view.ts': `import type { PostRow } from './queries'\nimport { isoDate } from '../http/dates'`,
  'src/likes/queries.ts': `import { sql } from 'drizzle-orm'`,
  'src/likes/view.ts': '',
  'src/auth/credentials.ts': `import { createMiddleware } from 'hono/factory'\nimport { config } from '../http/config'`,
  'src/auth/password.ts': `import wasm from '@phi-ag/argon2/argon2.wasm'\nimport packed from './common.bin'`,
  'src/http/config.ts': `import type { Bindings } from './env'`,
  'src/http/env.ts': `import type { Context } from 'hono'`,
  'src/http/dates.ts': '',
  'src/http/body.ts': `import { Hono } from 'hono'`,
  'src/db/statements.ts': `import { drizzle } from 'drizzle-orm/d1'`,
  'src/db/client.ts': '',
  'src/messaging/worker/routes.ts': `import type { Chat } from '../object/statements-queries'
import { pairOf } from '../shared/pair-row'`,
  'src/messaging/object/statements-queries.ts': `import { pairOf } from '../shared/pair-row'`,
  'src/messaging/shared/pair-row.ts': '',
  'client/index.ts': `import type { routes } from '../src/app'\nimport { list } from './pages'`,
  'client/pages.ts': '',
}

const problemsIn = (planted: Tree) => importProblems(new Map(Object.entries({ ...SOUND, ...planted })))

test('a sound tree has no problems', () => {
  assert.deepEqual(problemsIn({}), [])
})

const BROKEN: Record<string, { planted: Tree; problem: RegExp }> = {
  'a file whose name has no role': {
    planted: { 'src/posts/helpers.ts': '' },
    problem: /^src\/posts\/helpers\.ts has no role: name it as/,
  },
  'also in a folder of a domain': {
    planted: { 'src/messaging/worker/helpers.ts': '' },
    problem: /^src\/messaging\/worker\/helpers\.ts has no role/,
  },
  'a file that does not exist': {
    planted: { 'src/posts/view.ts': `import { x } from './gone'` },
    problem: /imports src\/posts\/gone\.ts, which does not exist$/,
  },
  'an import that points up': {
    planted: { 'src/db/client.ts': `import { config } from '../http/config'` },
    problem: /^src\/db\/client\.ts \(db\) must not import src\/http\/config\.ts \(http\)$/,
  },
  'routes that import routes': {
    planted: { 'src/posts/feed-routes.ts': `import { postRoutes } from './routes'` },
    problem: /feed-routes\.ts \(routes\) must not import src\/posts\/routes\.ts \(routes\)$/,
  },
  'an import over several lines': {
    planted: { 'src/db/client.ts': `import {\n  type Config,\n  config,\n} from '../http/config'` },
    problem: /client\.ts \(db\) must not import/,
  },
  'a re-export': {
    planted: { 'src/db/client.ts': `export { config } from '../http/config'` },
    problem: /client\.ts \(db\) must not import/,
  },
  'a dynamic import': {
    planted: { 'src/db/client.ts': `const { config } = await import('../http/config')` },
    problem: /client\.ts \(db\) must not import/,
  },
  "another domain's view": {
    planted: { 'src/posts/view.ts': `import { likeView } from '../likes/view'` },
    problem:
      /^src\/posts\/view\.ts must not import src\/likes\/view\.ts: of another domain only its queries$/,
  },
  "another domain's view, from a folder below": {
    planted: { 'src/messaging/worker/inbox-view.ts': `import { likeView } from '../../likes/view'` },
    problem: /inbox-view\.ts must not import src\/likes\/view\.ts: of another domain only its queries$/,
  },
  'drizzle in routes': {
    planted: { 'src/likes/routes.ts': `import { sql } from 'drizzle-orm'` },
    problem: /^src\/likes\/routes\.ts \(routes\) must not import drizzle-orm: SQL belongs in queries$/,
  },
  'the query builder in routes': {
    planted: { 'src/likes/routes.ts': `import { build } from '../db/statements'` },
    problem: /\(routes\) must not import src\/db\/statements\.ts: SQL belongs in queries$/,
  },
  'SQL in a view': {
    planted: { 'src/posts/view.ts': `import { eq } from 'drizzle-orm'` },
    problem: /\(view\) must not import drizzle-orm: SQL belongs in queries$/,
  },
  'queries that speak HTTP': {
    planted: { 'src/likes/queries.ts': `import { HTTPException } from 'hono/http-exception'` },
    problem: /^src\/likes\/queries\.ts \(queries\) must not import hono\/http-exception$/,
  },
  'queries that speak HTTP through another file': {
    planted: {
      'src/auth/queries.ts': `import { hash } from './password'`,
      'src/auth/password.ts': `import { config } from '../http/config'`,
    },
    problem: /must not import src\/auth\/password\.ts: src\/http\/config\.ts speaks HTTP$/,
  },
  'a worker side that runs code of the object': {
    planted: { 'src/messaging/worker/routes.ts': `import { Chat } from '../object/statements-queries'` },
    problem: /\(worker\) must not import src\/messaging\/object\/.* \(object\), but for its types$/,
  },
  'an object side that knows the worker side': {
    planted: {
      'src/messaging/worker/list-queries.ts': '',
      'src/messaging/object/chat-queries.ts': `import type { List } from '../worker/list-queries'`,
    },
    problem: /chat-queries\.ts \(object\) must not import src\/messaging\/worker\/.* \(worker\)$/,
  },
  'a shared side that knows one of the two': {
    planted: {
      'src/messaging/object/chat-queries.ts': '',
      'src/messaging/shared/pair-row.ts': `import type { Chat } from '../object/chat-queries'`,
    },
    problem: /pair-row\.ts \(shared\) must not import src\/messaging\/object\/.* \(object\)$/,
  },
  'an object side that imports Hono': {
    planted: { 'src/messaging/object/chat-view.ts': `import type { Context } from 'hono'` },
    problem: /^src\/messaging\/object\/chat-view\.ts \(object\) must not import hono$/,
  },
  'an object side that imports Hono through another file': {
    planted: { 'src/messaging/object/chat-view.ts': `import { json } from '../../http/body'` },
    problem: /must not import src\/http\/body\.ts: src\/http\/body\.ts imports Hono$/,
  },
  "a client that runs the API's code": {
    planted: { 'client/index.ts': `import { isoDate } from '../src/http/dates'` },
    problem: /^client\/index\.ts must not import src\/http\/dates\.ts, but for its types/,
  },
  'a client that marks single names as types, which loads the file all the same': {
    planted: { 'client/index.ts': `import { type Dates } from '../src/http/dates'` },
    problem: /^client\/index\.ts must not import src\/http\/dates\.ts/,
  },
}

for (const [name, { planted, problem }] of Object.entries(BROKEN)) {
  test(name, () => {
    const problems = problemsIn(planted)
    assert.equal(problems.length, 1, problems.join('\n'))
    assert.match(problems[0] ?? '', problem)
  })
}

test('a cycle', () => {
  const problems = problemsIn({
    'src/posts/queries.ts': `import { search } from './search'`,
    'src/posts/search.ts': `import { find } from './queries'`,
  })
  assert.deepEqual(problems, ['A cycle: src/posts/queries.ts → src/posts/search.ts → src/posts/queries.ts'])
})

test('the command fails, and says why', async () => {
  const root = await mkdtemp(join(tmpdir(), 'imports-'))
  try {
    const run = async () => {
      const script = fileURLToPath(new URL('check-imports.ts', import.meta.url))
      return new Promise<{ code: unknown; stderr: string }>((resolve) => {
        execFile(process.execPath, [script], { cwd: root }, (error, _stdout, stderr) =>
          resolve({ code: error?.code ?? 0, stderr }),
        )
      })
    }
    for (const [path, text] of Object.entries(SOUND)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), text)
    }
    assert.equal((await run()).code, 0)
    await writeFile(join(root, 'src/posts/helpers.ts'), '')
    const { code, stderr } = await run()
    assert.equal(code, 1)
    assert.match(stderr, /src\/posts\/helpers\.ts has no role/)
  } finally {
    await rm(root, { recursive: true })
  }
})
