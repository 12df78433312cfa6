/**
 * Tables of 25,000 rows of which the newest 5,000, the first of every order, are of people whom the viewer does not see, for each reason there is:
 * no page reads more than the bound, and `next` leads to everything that is shown, once.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { MAX_ROWS_READ } from '../src/db/page'
import { type Answer, type Person, signUp, stored } from './client'
import { BUSY, fillTables, LISTS, NUMBERS, pathOf, ROWS } from './fixtures/tables'

const HIDDEN = 5_000
/** Their ids begin behind this one. */
const FIRST = 20_100
const NEVER = Number.MAX_SAFE_INTEGER

let alice: Person

/** Why alice does not see them, and how that begins. With some of it comes what else lists are to pass over. */
const REASONS: Record<string, string[]> = {
  blocked: ['insert into blocks (id, owner_id, blocked_id, created_at) select id, 1, id, 0 from hidden'],
  deleted: [
    'insert into deleted_accounts (user_id, deleted_at) select id, 0 from hidden',
    'insert into mutes (id, owner_id, muted_id, created_at) select id, 1, id, 0 from hidden',
    `update users set username = '', username_key = ':' || id where id > ${FIRST}`,
  ],
  suspended: [
    `insert into suspended_accounts (user_id, until) select id, ${NEVER} from hidden`,
    'insert into blocks (id, owner_id, blocked_id, created_at) select id, 1, id, 0 from hidden',
  ],
  'muted, private, silenced and hidden by moderators': [
    'insert into mutes (id, owner_id, muted_id, created_at) select id, 1, id, 0 from hidden',
    'insert into private_accounts (user_id) select id from hidden',
    'insert into silenced_accounts (user_id, silenced_at) select id, 0 from hidden',
    `insert into hidden_posts (post_id, owner_id, hidden_at) select id, owner_id, 0 from posts where id > ${ROWS}`,
    `insert into hidden_comments (comment_id, post_id, hidden_at) select id, post_id, 0 from comments where id > ${ROWS}`,
    `update users set role = 'moderator' where id = 1 or id > ${FIRST}`,
  ],
}
const UNDO = [
  ...['blocks', 'mutes'].map((table) => `delete from ${table} where owner_id = 1`),
  ...['deleted_accounts', 'suspended_accounts', 'private_accounts', 'silenced_accounts'].map(
    (table) => `delete from ${table}`,
  ),
  'delete from hidden_posts',
  'delete from hidden_comments',
  `update users set role = null where id > ${FIRST}`,
  "update users set role = 'admin' where id = 1",
]

/** What is shown in lists whose order is theirs all through, from the first row. */
const people = (order: string) =>
  `users where id not between ${FIRST} + 1 and ${FIRST} + ${HIDDEN} order by ${order}`
const old = (rows: string, order = 'id desc') => `${rows} order by ${order}`
const POSTS = `posts where id <= ${ROWS}`
const SHOWN: Record<string, string> = {
  '/users/?': people('id'),
  '/users/?ordering=-username&': people('username_key desc'),
  '/comments/?': old(`comments where id <= ${ROWS}`),
  '/comments/?post=7&': old(`comments where id <= ${ROWS} and post_id = 7`),
  '/likes/?': old(`likes where id <= ${ROWS}`),
  '/likes/?post=7&': old(`likes where id <= ${ROWS} and post_id = 7`),
  [`/likes/?owner=${BUSY}&`]: old(`likes where id <= ${ROWS} and owner_id = ${BUSY}`),
  '/followers/?': old(`followers where id <= ${FIRST}`),
  [`/followers/?followed=${BUSY}&`]: old(`followers where id <= ${FIRST} and followed_id = ${BUSY}`),
  '/posts/?': old(POSTS),
  '/posts/?ordering=created_at&': old(POSTS, 'id'),
  '/posts/?ordering=likes_count&': old(POSTS, 'likes_count, id desc'),
  '/posts/?ordering=-likes_count&': old(POSTS, 'likes_count desc, id desc'),
  '/posts/?search=tree&': old(`${POSTS} and title_key like '%tree%'`),
  [`/posts/?owner=${BUSY}&`]: old(`${POSTS} and owner_id = ${BUSY}`),
  [`/posts/?liked=${BUSY}&`]: old(
    `posts where id in (select post_id from likes where owner_id = ${BUSY} and id <= ${ROWS})`,
  ),
  '/posts/?followed=8&': old(
    `${POSTS} and owner_id in (select followed_id from followers where owner_id = 8)`,
  ),
  '/profiles/?': people('id desc'),
  '/profiles/?ordering=posts_count&': people('posts_count, id desc'),
}

beforeAll(async () => {
  alice = await signUp('alice')
  await fillTables(alice)
  const each = (sql: string) => stored(`${NUMBERS} ${sql}`, 1, HIDDEN)
  await stored(`create table hidden (id integer primary key)`)
  await each(`insert into hidden (id) select ${FIRST} + i from n`)
  // First in every order, from either end.
  const ends = (i: string) => `iif(${i} % 2 = 0, 1000000 + ${i}, -${i})`
  const names = "iif(i % 2 = 0, 'zzz', '+++') || i"
  await each(`insert into users (id, username, username_key, search_key, password_hash, created_at, profile_updated_at,
      posts_count, followers_count, following_count, last_following_id, last_followed_id)
    select ${FIRST} + i, ${names}, ${names}, ${names}, '', i, i, ${ends('i')}, ${ends('i')}, ${ends('i')},
      iif(i % 2 = 0, ${NEVER}, -i), iif(i % 2 = 0, ${NEVER}, -i) from n`)
  await each(`insert into posts (id, owner_id, title, title_key, created_at, updated_at, likes_count, comments_count, last_like_id)
    select ${ROWS} + i, ${FIRST} + i, 'Picture tree', iif(i % 2 = 0, 'zzz', '+++') || ' picture tree', i, i, ${ends('i')}, ${ends('i')}, iif(i % 2 = 0, ${NEVER}, -i) from n`)
  await stored("update posts set title_key = 'a tree' where id <= 300")
  await each(`insert into likes (id, owner_id, post_id, created_at)
    select ${ROWS} + i, iif(i % 2 = 0, ${BUSY}, ${FIRST} + i), iif(i % 2 = 0, ${ROWS} + i, 7), 0 from n`)
  await each(`insert into likes (id, owner_id, post_id, created_at)
    select ${ROWS + HIDDEN} + i, iif(i % 2 = 0, ${FIRST} + i, ${BUSY}), iif(i % 2 = 0, 7, ${ROWS} + i), 0 from n`)
  await each(`insert into comments (id, post_id, owner_id, content, created_at, updated_at)
    select ${ROWS} + i, 7, ${FIRST} + i, '', 0, 0 from n`)
  await each(`insert into comments (id, post_id, owner_id, content, created_at, updated_at)
    select ${ROWS + HIDDEN} + i, ${ROWS} + i, ${FIRST} + 1, '', 0, 0 from n`)
  await each(`insert into followers (id, owner_id, followed_id, created_at)
    select ${FIRST} + i, ${BUSY}, ${FIRST} + i, 0 from n`)
  await each(`insert into followers (id, owner_id, followed_id, created_at)
    select ${FIRST + HIDDEN} + i, ${FIRST} + i, ${BUSY}, 0 from n`)
  await each(`insert into follow_requests (id, owner_id, followed_id, created_at)
    select i, ${FIRST} + i, 1, 0 from n`)
  await each(`insert into notifications (recipient_id, seq, kind, cause_id, actor_id)
    select 1, ${ROWS} + i, 'follow', ${ROWS} + i, ${FIRST} + i from n`)
  // Cases begin with the oldest.
  await each(`update cases set author_id = ${FIRST} + id where id in (select i from n)`)
})

/** Makes them hidden for this reason while something is done. */
async function hidden(reason: string, run: () => Promise<void>) {
  for (const sql of REASONS[reason] ?? []) await stored(sql)
  try {
    await run()
  } finally {
    for (const sql of UNDO) await stored(sql)
  }
}

describe.each(Object.keys(REASONS))('%s', (reason) => {
  test('no page of any list reads more than the bound', { timeout: 120_000 }, async () => {
    const tooMuch: string[] = []
    await hidden(reason, async () => {
      const get = async (path: string): Promise<Answer> => {
        const answer = await alice.get(path)
        const { calls, read } = answer.cost
        if (read > MAX_ROWS_READ || calls > 1 || ![200, 404].includes(answer.status))
          tooMuch.push(`${path}: ${answer.status}, ${calls} calls, ${read} rows`)
        return answer
      }
      for (const [list, parameters] of Object.entries(LISTS)) {
        for (const query of ['', ...parameters, ...(list === '/moderation/people/' ? ['search=:'] : [])]) {
          const path = (more: string) => `${pathOf(list)}?${query}&${more}`
          await get(path('cursor='))
          const { body } = await get(path('page_size=500&cursor='))
          if (body.next) await get(body.next)
          await get(path('page_size=500&page=last'))
        }
      }
    })
    expect(tooMuch).toEqual([])
  })
})

/** What its first so many pages show, by `next`. */
async function followed(path: string, pages: number): Promise<number[]> {
  const ids: number[] = []
  for (let url: string | null = path, i = 0; url && i < pages; i++) {
    const { body }: Answer = await alice.get(url)
    ids.push(...body.results.map(({ id }: { id: number }) => id))
    url = body.next
  }
  return ids
}

test('next leads past them to everything that is shown, once and in order', { timeout: 60_000 }, async () => {
  await hidden('suspended', async () => {
    for (const [path, rows] of Object.entries(SHOWN)) {
      const ids = await followed(`${path}page_size=500&cursor=`, 40)
      const expected = await stored<{ id: number }>(
        `select id from ${rows} limit ${Math.max(ids.length, 250)}`,
      )
      expect(ids, path).toEqual(expected.map(({ id }) => id))
    }
  })
})
