/** Fills a database with SQL, without the Worker. Triggers maintain counts, sequences and the search index as they do for requests. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Argon2Type } from '@phi-ag/argon2'
import argon2 from '@phi-ag/argon2/node'
import { noise } from './png.ts'
import { type Server, serve } from './server.ts'
import { ROOT, type Sizes } from './settings.ts'
import {
  COMMENTED_POST,
  LIKABLE,
  PARTNERS,
  PASSWORD,
  REFRESH_HASH,
  STRANGERS,
  THREAD,
  VIEWER,
  WORDS,
} from './world.ts'

const TITLES =
  'morning light over the old harbour wall before rain quiet street corner with a yellow door and three bicycles waiting ' +
  'for summer mountain lake after first snow grandmother kitchen window bread tea small boat at low tide evening train ' +
  'garden full of bees my dog asleep on stairs city roofs from above night market lanterns forest path in autumn'
const VOCABULARY = TITLES.split(' ')
const DAY = 86_400_000
/** Long enough ago that no answer changes while it is measured. */
const END = Date.now() - 40 * DAY
const IMAGE_SIZE = 200_000

const image = noise(IMAGE_SIZE, (length) => Buffer.from(Uint8Array.from({ length }, (_, i) => hash(i))))
/** The bucket's ETag is the image's MD5. */
export const imageEtag = `"${createHash('md5').update(image).digest('hex')}"`
export const imageHash = createHash('sha256').update(image).digest('hex')

/** Creates the tables and the rows in this folder. */
export async function fill(bundle: string, data: string, sizes: Sizes): Promise<void> {
  await withServer(bundle, data, async ({ miniflare }) => {
    const db = await miniflare.getD1Database('DB')
    for (const statement of migrations()) await db.prepare(statement).run()
    const bucket = await miniflare.getR2Bucket('MEDIA')
    await bucket.put(imageHash, image, {
      sha256: imageHash,
      httpMetadata: { contentType: 'image/png' },
    })
  })
  const db = new DatabaseSync(databaseFile(data))
  // The data need not survive a crash.
  db.exec(
    'pragma journal_mode = off; pragma synchronous = off; pragma temp_store = memory; pragma cache_size = -500000; pragma foreign_keys = on; begin',
  )
  await insertPeople(db, sizes)
  insertPosts(db, sizes)
  insertGraph(db, sizes)
  insertMessages(db, sizes)
  db.exec('commit')
  db.close()
}

async function withServer(
  bundle: string,
  data: string,
  use: (server: Server) => Promise<void>,
): Promise<void> {
  const server = await serve(bundle, { data })
  try {
    await use(server)
  } finally {
    await server.stop()
  }
}

/** The file of the only database below this folder. */
export function databaseFile(data: string): string {
  const folder = join(data, 'd1', 'miniflare-D1DatabaseObject')
  const file = readdirSync(folder).find((name) => name.endsWith('.sqlite') && name !== 'metadata.sqlite')
  if (!file) throw new Error('There is no database to fill.')
  return join(folder, file)
}

/** The statements that `wrangler d1 migrations apply` would run. */
export function migrations(): string[] {
  const folder = join(ROOT, 'migrations')
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'))
  return files
    .sort()
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('--> statement-breakpoint'))
}

async function insertPeople(db: DatabaseSync, { people }: Sizes): Promise<void> {
  const { encoded } = (await argon2()).hash(PASSWORD, {
    // The parameters of src/auth/password.ts: outdated hashes would be renewed at the first login.
    type: Argon2Type.Argon2id,
    memoryCost: 19_456,
    timeCost: 2,
    parallelism: 1,
    hashLength: 32,
    salt: new TextEncoder().encode('everybody alike!'),
  })
  const insert =
    db.prepare(`insert into users (id, username, username_key, search_key, password_hash, created_at, profile_updated_at,
    profile_name, profile_content) values (?1, ?2, ?2, ?2, ?3, ?4, ?4, 'Somebody', ?5)`)
  for (let id = 1; id <= people; id++)
    insert.run(id, `person${id}`, encoded, END - (people - id) * 1000, 'A line about me. '.repeat(4))
  db.prepare(
    `insert into sessions (jti_hash, user_id, created_at, last_used_at, expires_at) values (?, ?, ?, ?, ?)`,
  ).run(REFRESH_HASH, VIEWER, Date.now(), Date.now(), Date.now() + 30 * DAY)
}

function insertPosts(db: DatabaseSync, { people, posts }: Sizes): void {
  const insert =
    db.prepare(`insert into posts (id, owner_id, title, title_key, content, image, created_at, updated_at)
    values (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?6)`)
  const every = Math.floor(posts / 30)
  for (let id = 1; id <= posts; id++) {
    const words = Array.from({ length: 5 }, (_, i) => VOCABULARY[hash(id * 5 + i) % VOCABULARY.length])
    if (id % every === 0 && id / every <= 30) words[2] = WORDS.rare
    const at = END - (posts - id) * 60
    insert.run(
      id,
      1 + (hash(id) % people),
      words.join(' '),
      'What I saw on the way. '.repeat(5),
      id % 4 === 0 ? null : imageHash,
      at,
    )
  }
}

function insertGraph(db: DatabaseSync, { people, posts, likes, comments, follows }: Sizes): void {
  const follow = db.prepare(
    'insert or ignore into followers (owner_id, followed_id, created_at) values (?, ?, ?)',
  )
  let made = 0
  for (let i = 0; made < follows; i++) {
    // The viewer follows 40 people, everybody else ten.
    const owner = i < 40 ? VIEWER : 1 + (i % people)
    const followed = i < 40 ? 1 + i * 3 : 1 + (hash(i) % people)
    if (owner === followed || (owner === VIEWER && (i >= 40 || STRANGERS.includes(followed)))) continue
    made += Number(follow.run(owner, followed, END + i).changes > 0)
  }
  const like = db.prepare('insert or ignore into likes (owner_id, post_id, created_at) values (?, ?, ?)')
  for (let i = 0, made = 0; made < likes; i++) {
    const [owner, post] = [1 + (hash(i) % people), 1 + (hash(i + 7_777_777) % posts)]
    if (owner === VIEWER && LIKABLE.includes(post)) continue
    made += Number(like.run(owner, post, END + i).changes > 0)
  }
  const comment = db.prepare(
    `insert into comments (owner_id, post_id, content, created_at, updated_at) values (?1, ?2, ?3, ?4, ?4)`,
  )
  for (let i = 0; i < comments; i++) {
    const post = i % 333 === 0 ? COMMENTED_POST : 1 + (hash(i + 3_333_333) % posts)
    comment.run(
      1 + (hash(i + 99) % people),
      post,
      'How did you find this place? I would love to go.',
      END + i,
    )
  }
}

/** Writes what the objects would write (src/messaging/changes.ts): each change has its log entry. */
function insertMessages(db: DatabaseSync, { people, messages }: Sizes): void {
  const pairs = PARTNERS.map((partner): [number, number] => [
    Math.min(partner, VIEWER),
    Math.max(partner, VIEWER),
  ])
  for (let a = 41; pairs.length < messages / THREAD; a++) pairs.push([a, a + 20 <= people ? a + 20 : people])
  const conversation =
    db.prepare(`insert into conversations (id, user_a, user_b, seq, last_message_id, messages_count, unread_b)
    values (?1, ?2, ?3, ?4, ?5, ?4, ?4)`)
  const message =
    db.prepare(`insert into messages (id, conversation_id, sender_id, content, created_at, seq, changed_seq)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?6)`)
  const change = db.prepare(
    `insert into changes (conversation_id, seq, kind, user_id, message_id) values (?, ?, 'message', ?, ?)`,
  )
  pairs.forEach(([a, b], i) => {
    conversation.run(i + 1, a, b, THREAD, i * THREAD + THREAD)
    for (let seq = 1; seq <= THREAD; seq++) {
      const id = i * THREAD + seq
      message.run(id, i + 1, a, 'See you tomorrow at the station, then.', END + id * 1000, seq)
      change.run(i + 1, seq, a, id)
    }
  })
}

/** Scatters numbers. A linear congruential generator alone (https://en.wikipedia.org/wiki/Linear_congruential_generator) would leave patterns. */
function hash(n: number): number {
  let x = Math.imul(n ^ (n >>> 16), 0x45d9f3b)
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b)
  return (x ^ (x >>> 16)) >>> 0
}

export interface Weight {
  /** Bytes of a row, with its entries in all indexes. */
  [table: string]: number
}

/** Measures the size of a row of each table. */
export function weigh(data: string): Weight {
  const db = new DatabaseSync(databaseFile(data))
  const tables = db.prepare(
    `select tbl_name as name, sum(pgsize) as size from dbstat join sqlite_schema using (name) group by tbl_name`,
  )
  const weight: Weight = {}
  for (const { name, size } of tables.all() as { name: string; size: number }[]) {
    if (
      !['users', 'posts', 'comments', 'likes', 'followers', 'messages', 'changes', 'sessions'].includes(name)
    )
      continue
    const rows = db.prepare(`select count(*) as n from ${name}`).get() as { n: number }
    weight[name] = size / rows.n
  }
  const search = db
    .prepare(`select sum(pgsize) as size from dbstat where name like 'post_search%'`)
    .get() as { size: number }
  const posts = db.prepare('select count(*) as n from posts').get() as { n: number }
  weight.post_search = search.size / posts.n
  db.close()
  return weight
}
