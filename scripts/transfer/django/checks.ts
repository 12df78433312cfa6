/**
 * Finds with SQL what is wrong with a staged dump. In the order of references, because a row that is left out takes the rows that refer to it with
 * it.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Database } from '../database'

export interface BadRow {
  object: number
  model: string
  pk: string | number | null
  reason: string
}

/** References to users by name become ids. An unknown name stays, and is reported. */
const BY_NAME = [
  ['profiles', 'owner'],
  ['posts', 'owner'],
  ['comments', 'owner'],
  ['likes', 'owner'],
  ['followers', 'owner'],
  ['followers', 'followed'],
  ['messages', 'sender'],
  ['messages', 'recipient'],
] as const

const INDEXES = `
  create index users_username_key on users (username_key);
  create index users_username on users (username);
  create index users_email_key on users (email_key);
  create index profiles_owner on profiles (owner);
  create index likes_pair on likes (owner, post);
  create index followers_pair on followers (owner, followed)`

interface Check {
  model: string
  table: string
  /** An SQL condition on the row `t`. */
  where: string
  reason: string
}

const missing = (model: string, table: string, column: string, parent: 'users' | 'posts'): Check => ({
  model,
  table,
  where: `not exists (select 1 from ${parent} p where p.id = t.${column})`,
  // Numbers are bound as floating point.
  reason: `'${column} ' || iif(typeof(${column}) = 'text', ${column}, cast(${column} as integer)) || ' is not in the dump'`,
})
const repeated = (model: string, table: string, columns: string[], reason: string): Check => ({
  model,
  table,
  where: `exists (select 1 from ${table} s where ${columns.map((column) => `s.${column} = t.${column}`).join(' and ')} and s.id < t.id)`,
  reason: `'${reason}'`,
})

const CHECKS: readonly Check[] = [
  {
    model: 'auth.user',
    table: 'users',
    where: 'exists (select 1 from users s where s.username_key = t.username_key and s.id < t.id)',
    reason: `'the name ' || username || ' is ' || (select s.username from users s where s.username_key = t.username_key and s.id < t.id limit 1) || ' but for case'`,
  },
  missing('profiles.profile', 'profiles', 'owner', 'users'),
  repeated('profiles.profile', 'profiles', ['owner'], 'its owner has a profile already'),
  missing('posts.post', 'posts', 'owner', 'users'),
  missing('comments.comment', 'comments', 'owner', 'users'),
  missing('comments.comment', 'comments', 'post', 'posts'),
  missing('likes.like', 'likes', 'owner', 'users'),
  missing('likes.like', 'likes', 'post', 'posts'),
  repeated('likes.like', 'likes', ['owner', 'post'], 'its owner likes the post already'),
  missing('followers.follower', 'followers', 'owner', 'users'),
  missing('followers.follower', 'followers', 'followed', 'users'),
  {
    model: 'followers.follower',
    table: 'followers',
    where: 'owner = followed',
    reason: `'somebody follows themselves'`,
  },
  repeated('followers.follower', 'followers', ['owner', 'followed'], 'its owner follows them already'),
  missing('messaging.message', 'messages', 'sender', 'users'),
  missing('messaging.message', 'messages', 'recipient', 'users'),
  {
    model: 'messaging.message',
    table: 'messages',
    where: 'sender = recipient',
    reason: `'it is to its sender'`,
  },
]

/** Moves rows that cannot be imported from their tables into `bad`. `taken` are the keys of names that are taken in the target. */
export function findBadRows(db: DatabaseSync, taken: readonly string[]): void {
  db.exec(INDEXES)
  db.exec('begin')
  for (const [table, column] of BY_NAME)
    db.exec(`update ${table} set ${column} = coalesce((select id from users where username = ${table}.${column}), ${column})
      where typeof(${column}) = 'text'`)
  db.prepare(
    `insert into bad select object, 'auth.user', id, 'the name ' || username || ' is taken' from users
      where username_key in (select value from json_each(?))`,
  ).run(JSON.stringify(taken))
  db.exec(`delete from users where object in (select object from bad where model = 'auth.user')`)
  for (const { model, table, where, reason } of CHECKS) {
    const found = db
      .prepare(`insert into bad select object, '${model}', id, ${reason} from ${table} t where ${where}`)
      .run().changes
    if (found > 0)
      db.exec(`delete from ${table} where object in (select object from bad where model = '${model}')`)
  }
  db.exec('commit')
}

const PAGE = 1_000

/** Keys of staged names that are taken in the target database, or reserved for their former owners. */
export async function takenNames(db: DatabaseSync, target: Database): Promise<string[]> {
  const now = Date.now()
  return overlap(db, 'username_key', async (keys) => [
    ...(await target.read(
      'select username_key from users where username_key in (select value from json_each(?))',
      keys,
    )),
    ...(await target.read(
      'select username_key from held_usernames where until > ? and username_key in (select value from json_each(?))',
      now,
      keys,
    )),
  ])
}

/**
 * An email address that another account has, in the target or earlier in the dump, must not be usable for a password reset: only the first account
 * has it. Returns how many there are.
 */
export async function shareNoAddress(db: DatabaseSync, target: Database): Promise<number> {
  const taken = await overlap(db, 'email_key', (keys) =>
    target.read('select email_key from users where email_key in (select value from json_each(?))', keys),
  )
  const { changes } = db
    .prepare(
      `update users set email_key = null where email_key in (select value from json_each(?))
        or exists (select 1 from users s where s.email_key = users.email_key and s.id < users.id)`,
    )
    .run(JSON.stringify(taken))
  return Number(changes)
}

async function overlap(
  db: DatabaseSync,
  column: 'username_key' | 'email_key',
  ask: (keys: string) => Promise<unknown[][]>,
): Promise<string[]> {
  const found: string[] = []
  const page = db.prepare(
    `select distinct ${column} as key from users where ${column} > ? order by ${column} limit ${PAGE}`,
  )
  for (let last = ''; ; ) {
    const keys = page.all(last).map(({ key }) => String(key))
    if (keys.length === 0) return found
    for (const [key] of await ask(JSON.stringify(keys))) found.push(String(key))
    last = keys.at(-1) ?? ''
  }
}

export const badRows = (db: DatabaseSync): number =>
  Number(db.prepare('select count(*) as n from bad').get()?.n)

/** The first bad rows. */
export const someBadRows = (db: DatabaseSync, limit: number): BadRow[] =>
  // The columns of the table `bad`.
  db.prepare('select * from bad order by object limit ?').all(limit) as unknown as BadRow[]
