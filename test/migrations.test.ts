/** A database that lived before `src/db/kept.ts` becomes the newest: every row, id and count stays, and the next ids are what they would have been. */
import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { getTableName } from 'drizzle-orm'
import { beforeAll, expect, test } from 'vitest'
import { KEPT_VALUES, TABLES, TRIGGERS } from '../src/db/kept'

type Row = Record<string, unknown>

/** Tables and columns that have changed their names since. */
const RENAMED: Record<string, string> = {
  tallies: 'sequences',
  claims: 'leases',
  claimed_until: 'leased_until',
  newest_pictures: 'newest_images',
}
const newName = (name: string) => RENAMED[name] ?? name

/** In its tables' old names; rows of each have gone, so that the next id is not one more than the largest. */
const ROWS = [
  `insert into images (hash, claims, claimed_until, deleting_at) values ('waiting', 1, 99, null), ('going', 0, 0, 98)`,
  `insert into users (id, username, username_key, email, email_key, password_hash, created_at, profile_updated_at, image) values
    (1, 'Alice', 'alice', 'a@example.com', 'a@example.com', 'x', 1, 2, null), (2, 'Bob', 'bob', '', null, 'y', 3, 4, null),
    (3, 'Carol', 'carol', '', null, 'z', 5, 6, null)`,
  `update users set image = 'a' where id = 1`,
  `insert into posts (id, owner_id, title, title_key, content, image, created_at, updated_at) values
    (1, 1, 'Sea', 'sea', 'blue', 'a', 1, 2), (2, 1, 'Sky', 'sky', '', null, 3, 4), (3, 2, 'Sand', 'sand', '', 'b', 5, 6), (4, 3, 'Snow', 'snow', '', null, 7, 8)`,
  `insert into comments (id, post_id, owner_id, content, created_at, updated_at) values (1, 1, 2, 'one', 1, 2), (2, 4, 3, 'two', 3, 4)`,
  `insert into likes (id, owner_id, post_id, created_at) values (1, 2, 1, 1), (2, 3, 1, 2), (3, 1, 4, 3)`,
  `insert into followers (id, owner_id, followed_id, created_at) values (1, 1, 2, 1), (2, 2, 1, 2), (3, 3, 1, 3)`,
  `insert into sessions (jti_hash, user_id, created_at, last_used_at, expires_at) values ('j', 1, 1, 2, 3)`,
  `insert into password_resets (token_hash, user_id, expires_at) values ('t', 1, 3)`,
  `insert into conversations (id, user_a, user_b, seq, last_message_id, messages_count, read_b, unread_a, unread_b) values
    (1, 1, 2, 2, 2, 2, 1, 1, 0), (2, 1, 3, 1, 3, 1, 0, 0, 1)`,
  `insert into messages (id, conversation_id, sender_id, content, image, created_at, seq, changed_seq) values
    (1, 1, 1, 'hi', 'c', 1, 1, 1), (2, 1, 2, 'hello', null, 2, 2, 2), (3, 2, 1, 'you', null, 3, 1, 1)`,
  `insert into changes (conversation_id, seq, kind, user_id, message_id, up_to) values (1, 1, 'message', 1, 1, null), (1, 2, 'message', 2, 2, null)`,
  `insert into idempotency_keys (user_id, route, key, request_hash, answer, created_at) values (1, '/posts/', 'k', 'h', '{}', 1)`,
  // Posts, comments, likes, follows, conversations and messages of hers have the largest ids.
  'delete from users where id = 3',
]

const run = (statements: string[]) =>
  env.DB.batch<Row>(statements.map((statement) => env.DB.prepare(statement)))

async function rows(query: string): Promise<Row[]> {
  return (await env.DB.prepare(query).all<Row>()).results
}

/** All rows, by the names that tables and columns have now. */
async function everything(): Promise<Record<string, Row[]>> {
  const tables = await rows(
    `select name from pragma_table_list where schema = 'main' and type = 'table'
      and name not like 'sqlite_%' and name not like 'd1_%' and name not like '\\_cf%' escape '\\' order by name`,
  )
  // A second term to order by, also where there is one column.
  const ordered = (name: unknown) => `select t.* from (select *, null from "${name}") t order by 1, 2`
  const answers = await run(tables.map(({ name }) => ordered(name)))
  return Object.fromEntries(
    tables.map(({ name }, i) => [
      newName(String(name)),
      (answers[i]?.results ?? []).map((row) =>
        Object.fromEntries(Object.entries(row).map(([column, value]) => [newName(column), value])),
      ),
    ]),
  )
}

let before: Awaited<ReturnType<typeof everything>>
let found: Row[]
const search = `select rowid from post_search where post_search match '"sea"'`

beforeAll(async () => {
  await reset()
  await applyD1Migrations(
    env.DB,
    env.MIGRATIONS.filter(({ name }) => name < '0005'),
  )
  await run(ROWS)
  before = await everything()
  found = await rows(search)
  await applyD1Migrations(env.DB, env.MIGRATIONS)
})

test('there was a row in every table of that time', () => {
  expect(Object.keys(before)).toEqual(expect.arrayContaining(['users', 'sequences', 'idempotency_keys']))
  for (const [table, rows] of Object.entries(before)) expect(rows, table).not.toEqual([])
})

test('every row is as it was', async () => {
  const after = await everything()
  expect(Object.keys(after).sort()).toEqual(TABLES.map(getTableName).sort())
  for (const [table, rows] of Object.entries(before)) {
    const known = Object.keys(rows[0] ?? {})
    // Tables that came later have sequences of their own.
    const then = after[table]?.filter(
      ({ name }) => table !== 'sequences' || rows.some((row) => row.name === name),
    )
    const now = then?.map((row) => Object.fromEntries(known.map((column) => [column, row[column]])))
    expect(now, table).toEqual(rows)
  }
  expect(found).toEqual([{ rowid: 1 }])
  expect(await rows(search)).toEqual(found)
})

test('the next ids are beyond all that were ever given', async () => {
  const next = (table: string) =>
    `select max(last_id, (select max(id) from ${table})) + 1 as id from sequences where name = '${table}'`
  const tables = ['users', 'posts', 'comments', 'likes', 'followers', 'conversations', 'messages']
  const answers = await run(tables.map(next))
  expect(answers.map(({ results }) => results[0]?.id)).toEqual([4, 5, 3, 4, 4, 3, 4])
})

test('what is kept is true, and stays so', async () => {
  const differences = async () =>
    (await run(KEPT_VALUES.map((value) => value.differences))).flatMap(({ results }) => results)
  expect(await differences()).toEqual([])
  await run([
    `insert into posts (id, owner_id, title, title_key, image, created_at, updated_at) values (5, 2, 'Rain', 'rain', 'a', 9, 9)`,
    'delete from posts where id = 1',
    'delete from messages where id = 1',
    // The conversation's object would have.
    'update conversations set messages_count = 1 where id = 1',
  ])
  expect(await differences()).toEqual([])
})

test('its triggers are those that are declared, to the letter', async () => {
  expect(await rows(`select name, sql from sqlite_master where type = 'trigger' order by name`)).toEqual(
    TRIGGERS.map(({ name, sql }) => ({ name, sql })).sort((one, two) => (one.name < two.name ? -1 : 1)),
  )
})
