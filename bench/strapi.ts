/** Strapi on SQLite, configured as its documentation says, with the same rows and the same requests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { databaseFile } from './fill.ts'
import { connect, measure, send } from './load.ts'
import type { PeerResult } from './peer.ts'
import { CONTENT, type Route } from './routes.ts'
import { cpuOf, freePort } from './server.ts'
import { ROOT, type Settings, WORK } from './settings.ts'
import {
  COMMENTED_POST,
  DISCUSSED_POST,
  FRIENDS,
  LIKABLE,
  PASSWORD,
  STRANGERS,
  VIEWER,
  WORDS,
} from './world.ts'

const FOLDER = join(ROOT, 'bench', 'peers', 'strapi')
const SECRET = 'of-the-benchmark-and-of-nothing-else'
const SAME =
  'content types, relations, permissions and tokens by its own means; the same rows; lists of 20 with the owner and, where ours has them, ' +
  'the numbers of likes and comments. What it has no word for (who asks likes it, live delivery) it is not asked.'

export async function measureStrapi(
  settings: Settings,
  progress: (step: string) => void,
): Promise<PeerResult | undefined> {
  const manifest = join(FOLDER, 'node_modules', '@strapi', 'strapi', 'package.json')
  if (!existsSync(manifest)) return undefined
  const file = join(WORK, 'strapi.db')
  progress('strapi: starting')
  // The first start creates the tables.
  await stop((await start(file)).child)
  await fillStrapi(file)
  const { child, port } = await start(file)
  try {
    const server = { port, cpu: () => cpuOf(child.pid ?? 0) }
    const login = await send(port, connect(), LOGIN.next({ connection: 0, made: 0, body: Buffer.alloc(0) }))
    const result: PeerResult = {
      name: 'Strapi',
      version: JSON.parse(readFileSync(manifest, 'utf8')).version,
      sameAs: SAME,
      routes: [],
    }
    for (const route of strapiRoutes(JSON.parse(login.body.toString()).jwt)) {
      progress(`strapi: ${route.name}`)
      const { body } = await send(
        port,
        connect(),
        route.next({ connection: 15, made: 0, body: Buffer.alloc(0) }),
      )
      if (route.steps) await send(port, connect(), route.next({ connection: 15, made: 1, body }))
      await measure(server, route, 4, settings.seconds, 0)
      const timings: PeerResult['routes'][number]['timings'] = {}
      for (const connections of settings.connections) {
        timings[connections] = await measure(server, route, connections, settings.seconds * 2, 0)
      }
      result.routes.push({ name: route.name, timings, bytes: body.length })
    }
    return result
  } finally {
    await stop(child)
  }
}

/** PEER_NODE selects another Node than the project's, for machines on which native modules can only be built for that one. */
async function start(file: string): Promise<{ child: ChildProcess; port: number }> {
  const port = await freePort()
  const child = spawn(
    process.env.PEER_NODE ?? process.execPath,
    ['node_modules/@strapi/strapi/bin/strapi.js', 'start'],
    {
      cwd: FOLDER,
      env: {
        ...process.env,
        NODE_ENV: 'production',
        STRAPI_TELEMETRY_DISABLED: 'true',
        SECRET,
        PORT: String(port),
        DATABASE_FILENAME: file,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  await new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      output = (output + chunk).slice(-4000)
      if (output.includes('started successfully')) resolve()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('error', reject)
    child.on('exit', () => reject(new Error(`Strapi does not start: ${output}`)))
  })
  return { child, port }
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.removeAllListeners('exit')
    child.on('exit', () => resolve())
    child.kill()
  })
}

/** Copies our rows into Strapi's tables, which store each relation in a separate table. */
async function fillStrapi(file: string): Promise<void> {
  const { hashSync } = createRequire(join(FOLDER, 'package.json'))('bcryptjs') as {
    hashSync: (password: string, rounds: number) => string
  }
  const db = new DatabaseSync(file)
  db.exec(`pragma synchronous = off; attach '${databaseFile(join(WORK, 'data'))}' as ours; begin`)
  const id = (name: string) => `printf('%024d', ${name}.id)`
  const meta = 'created_at, updated_at, published_at'
  db.prepare(
    `insert into up_users (id, document_id, username, email, provider, password, confirmed, blocked, ${meta})
      select id, ${id('u')}, username, username || '@example.com', 'local', ?, 1, 0, created_at, created_at, created_at from ours.users u`,
  ).run(hashSync(PASSWORD, 10))
  db.exec(`insert into up_users_role_lnk (user_id, role_id)
    select u.id, r.id from up_users u, up_roles r where r.type = 'authenticated'`)
  const copy = (
    table: string,
    kind: string,
    columns: string,
    links: Record<string, string>,
    source = table,
  ) => {
    const own = columns === '' ? '' : `${columns}, `
    db.exec(`insert into main.${table} (id, document_id, ${own}${meta})
      select id, ${id('s')}, ${own}created_at, created_at, created_at from ours.${source} s`)
    for (const [name, column] of Object.entries(links)) {
      const [field, target] = name.split(':')
      db.exec(
        `insert into ${table}_${field}_lnk (${kind}_id, ${target}_id) select id, ${column} from ours.${source}`,
      )
    }
  }
  copy('posts', 'post', 'title, content, image_filter', { 'owner:user': 'owner_id' })
  copy('comments', 'comment', 'content', { 'owner:user': 'owner_id', 'post:post': 'post_id' })
  copy('likes', 'like', '', { 'owner:user': 'owner_id', 'post:post': 'post_id' })
  copy('follows', 'follow', '', { 'owner:user': 'owner_id', 'followed:user': 'followed_id' }, 'followers')
  copy('messages', 'message', 'content', {
    'sender:user': 'sender_id',
    'recipient:user':
      '(select user_a + user_b - sender_id from ours.conversations c where c.id = conversation_id)',
  })
  db.exec('commit; analyze')
  db.close()
}

const json = { 'content-type': 'application/json' }
const encode = (value: object) => Buffer.from(JSON.stringify(value))

const LOGIN: Route = {
  name: 'login',
  kind: 'write',
  next: () => ({
    method: 'POST',
    path: '/api/auth/local',
    headers: json,
    body: encode({ identifier: `person${VIEWER}`, password: PASSWORD }),
  }),
}

function strapiRoutes(jwt: string): Route[] {
  const bearer = { authorization: `Bearer ${jwt}` }
  const read = (name: string, path: string): Route => ({
    name,
    kind: 'read',
    next: () => ({ method: 'GET', path, headers: bearer }),
  })
  const create = (path: string, data: object) => ({
    method: 'POST',
    path,
    headers: { ...bearer, ...json },
    body: encode({ data }),
  })
  const undo = (path: string, body: Buffer) => ({
    method: 'DELETE',
    path: `${path}/${JSON.parse(body.toString()).data.documentId}`,
    headers: bearer,
  })
  const hydrated =
    'populate[owner][fields][0]=username&populate[likes][count]=true&populate[comments][count]=true'
  const owner = 'populate[owner][fields][0]=username'
  const newest = 'sort=id:desc&pagination[pageSize]=20'
  const between = (one: string, other: string) =>
    `filters[$or][${one === 'sender' ? 0 : 1}][${one}][id]=${VIEWER}&filters[$or][${one === 'sender' ? 0 : 1}][${other}][id]=${FRIENDS[0]}`
  return [
    read('posts', `/api/posts?${newest}&${hydrated}`),
    read('posts at a deep cursor', `/api/posts?${newest}&pagination[page]=125&${hydrated}`),
    read('posts searched', `/api/posts?${newest}&filters[title][$containsi]=${WORDS.rare}&${hydrated}`),
    read('feed', `/api/posts?${newest}&filters[owner][followers][owner][id]=${VIEWER}&${hydrated}`),
    read('post', `/api/posts/${'123'.padStart(24, '0')}?${hydrated}`),
    read('comments of a post', `/api/comments?${newest}&filters[post][id]=${COMMENTED_POST}&${owner}`),
    read(
      'thread',
      `/api/messages?sort=id:asc&pagination[pageSize]=50&${between('sender', 'recipient')}&${between('recipient', 'sender')}&populate[sender][fields][0]=username`,
    ),
    {
      name: 'send message',
      kind: 'write',
      next: () => create('/api/messages', { content: CONTENT, sender: VIEWER, recipient: FRIENDS[0] }),
    },
    {
      name: 'like + unlike',
      kind: 'write',
      steps: 2,
      next: ({ made, connection, body }) =>
        made % 2 === 0
          ? create('/api/likes', { owner: VIEWER, post: LIKABLE[connection] })
          : undo('/api/likes', body),
    },
    {
      name: 'follow + unfollow',
      kind: 'write',
      steps: 2,
      next: ({ made, connection, body }) =>
        made % 2 === 0
          ? create('/api/follows', { owner: VIEWER, followed: STRANGERS[connection] })
          : undo('/api/follows', body),
    },
    {
      name: 'comment',
      kind: 'write',
      next: () => create('/api/comments', { content: CONTENT, owner: VIEWER, post: DISCUSSED_POST }),
    },
    LOGIN,
  ]
}
