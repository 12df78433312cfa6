/**
 * What the API costs in rows and D1 calls, at two sizes of the tables. Pages have 20 rows; one at a cursor must cost no more
 * than the first, however deep, and nobody signed in no more than somebody.
 */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, test } from 'vitest'
import { MAX_OWNERS } from '../src/posts/search'
import { type Answer, anyone, ORIGIN, type Person, signUp, stored } from './client'

const PEOPLE = 200
const LIKES = 20_000
const COMMENTS = 20_000
const FOLLOWS = 2_000
/** Ids up to here never post: feeds look for their posts in vain. One of the others owns a fifth of everything. */
const SILENT = 50
const PROLIFIC = 60
/** Somebody with a few posts, whom some follow. */
const BOB = 70
/** The people who follow one, all who post, and all who never do. */
const FEEDS = { one: 61, posting: 62, silent: 63 }
const POSTING = PEOPLE - SILENT
const COMMENTED = 7
const PAGE = 20

/** Rows read that a page of this path may cost. */
const READS: [path: string, rows: number][] = [
  ['/posts/', 130],
  ['/posts/?ordering=created_at', 130],
  ['/posts/?ordering=likes_count', 130],
  ['/posts/?ordering=-likes_count', 130],
  ['/posts/?ordering=comments_count', 130],
  ['/posts/?ordering=-comments_count', 130],
  ['/posts/?ordering=likes__created_at', 130],
  ['/posts/?ordering=-likes__created_at', 130],
  [`/posts/?owner__profile=${PROLIFIC}`, 130],
  [`/posts/?owner__profile=${PROLIFIC}&ordering=created_at`, 130],
  ['/posts/?likes__owner__profile=1', 130],
  ['/posts/?likes__owner__profile=1&ordering=created_at', 130],
  ['/posts/?likes__owner__profile=1&ordering=-likes__created_at', 130],
  ['/posts/?likes__owner__profile=1&ordering=likes__created_at', 130],

  [`/posts/?owner__followed__owner__profile=${FEEDS.one}`, 140 + 12 * 1],
  [`/posts/?owner__followed__owner__profile=${FEEDS.posting}`, 140 + 12 * (POSTING - 1)],
  [`/posts/?owner__followed__owner__profile=${FEEDS.posting}&ordering=created_at`, 140 + 12 * (POSTING - 1)],
  [`/posts/?owner__followed__owner__profile=${FEEDS.silent}`, 140 + 12 * SILENT],

  ['/comments/', 90],
  [`/comments/?post=${COMMENTED}`, 90],
  ['/likes/', 90],
  ['/followers/', 90],
  [`/followers/?followed=${BOB}`, 90],

  ['/profiles/', 30 + 8 * PAGE],
  ['/profiles/?ordering=posts_count', 30 + 8 * PAGE],
  ['/profiles/?ordering=-posts_count', 30 + 8 * PAGE],
  ['/profiles/?ordering=followers_count', 30 + 8 * PAGE],
  ['/profiles/?ordering=-followers_count', 30 + 8 * PAGE],
  ['/profiles/?ordering=following_count', 30 + 8 * PAGE],
  ['/profiles/?ordering=-following_count', 30 + 8 * PAGE],
  ['/profiles/most_followed/', 30 + 8 * PAGE],
  [`/profiles/?owner__following__followed__profile=${BOB}`, 30 + 8 * PAGE],
  [`/profiles/?owner__followed__owner__profile=${FEEDS.posting}`, 30 + 8 * PAGE],

  ['/posts/1/', 5],
  ['/profiles/1/', 15],
  ['/users/', 30],
  ['/users/1/', 5],
]

/** Bytes that a page of this path may have, with titles and texts as short as here. */
const BYTES: [path: string, bytes: number][] = [
  ['/posts/', 650 * PAGE],
  ['/comments/', 400 * PAGE],
  ['/likes/', 200 * PAGE],
  ['/followers/', 250 * PAGE],
  ['/profiles/', 1_000 * PAGE],
  ['/users/', 60 * PAGE],
]

/**
 * Words of three characters and more. A search's first page also counts its matches, up to 1,000, a row each; pages at a
 * cursor know the count.
 */
const SEARCHES = ['image', 'cture+999', 'user20', 'user+PICT', 'sunset', 'nothing+like+it']
const SEARCH_PAGE = 110
/** Owners are looked up for the page and once more for the count: two rows for each that is considered. */
const SEARCH_OWNERS = 4 * MAX_OWNERS

/**
 * Where an index is missing, because a like or a follow may write eight rows and no more, all that the filter leaves is read
 * and sorted: so many rows of what is named, and a page.
 */
const SORTED: [path: string, rows: number, of: string][] = [
  [`/posts/?owner__profile=${PROLIFIC}&ordering=-likes_count`, 2, `posts where owner_id = ${PROLIFIC}`],
  [`/posts/?owner__profile=${PROLIFIC}&ordering=comments_count`, 2, `posts where owner_id = ${PROLIFIC}`],
  ['/posts/?likes__owner__profile=1&ordering=-likes_count', 4, 'likes where owner_id = 1'],
  [
    `/posts/?owner__followed__owner__profile=${FEEDS.posting}&ordering=-likes_count`,
    3,
    `posts where owner_id in (select followed_id from followers where owner_id = ${FEEDS.posting})`,
  ],
  [`/posts/?owner__profile=${BOB}&search=image`, 3, `posts where owner_id = ${BOB}`],
  [`/followers/?owner=${FEEDS.posting}`, 1, `followers where owner_id = ${FEEDS.posting}`],
  ['/profiles/?ordering=owner__following__created_at', 2, 'users'],
  ['/profiles/?ordering=-owner__followed__created_at', 2, 'users'],
  ['/profiles/?ordering=posts_count,-followers_count', 2, 'users'],
]
const SORTED_PAGE = 240

let alice: Person

describe.each([1_000, 50_000])('with %i posts', (size) => {
  beforeAll(async () => {
    if (!alice) {
      alice = await signUp('alice')
      await addPeople()
    }
    await growTo(size)
  })

  test('the tables are as full as this file says', async () => {
    const [tables] =
      await stored(`select (select count(*) from posts) as posts, (select count(*) from likes) as likes,
      (select count(*) from comments) as comments, (select count(*) from users) as users,
      (select count(*) from followers) >= ${FOLLOWS} as follows`)
    expect(tables).toEqual({ posts: size, likes: LIKES, comments: COMMENTS, users: PEOPLE, follows: 1 })
  })

  test.each(BYTES)('%s answers at most %i bytes', async (path, bytes) => {
    const { body } = await alice.get(`${path}?page_size=${PAGE}`)
    expect(body.results).toHaveLength(PAGE)
    expect(new TextEncoder().encode(JSON.stringify(body)).length).toBeLessThanOrEqual(bytes)
  })

  test.each(READS)('%s reads at most %i rows in one call', async (path, rows) => {
    for (const [what, answer] of await pages(path)) {
      expect(answer.status, what).toBe(200)
      expect(answer.cost.read, what).toBeLessThanOrEqual(rows)
      expect(answer.cost.calls, what).toBe(1)
    }
  })

  test.each(SEARCHES)('a search for %s reads a page and what it counts', async (words) => {
    const path = `/posts/?search=${words}`
    const { count } = (await alice.get(path)).body
    for (const [what, answer] of await pages(path)) {
      expect(answer.cost.read, what).toBeLessThanOrEqual(
        SEARCH_PAGE + SEARCH_OWNERS + (what.includes('cursor=W') ? 0 : count),
      )
      expect(answer.cost.calls, what).toBe(1)
      expect(answer.body.count, what).toBe(count)
    }
  })

  test.each(SORTED)('%s reads a page and %i times %s', async (path, rows, of) => {
    const [all] = await stored<{ n: number }>(`select count(*) as n from ${of}`)
    for (const [what, answer] of await pages(path)) {
      expect(answer.cost.read, what).toBeLessThanOrEqual(SORTED_PAGE + rows * (all?.n ?? 0))
      expect(answer.cost.calls, what).toBe(1)
    }
  })

  test('likes and comments write at most 8 rows, follows 11 (two are the notification), and one of their limit, in at most 2 calls', async () => {
    const post = (await alice.post('/posts/', { title: 'Written to' })).body.id
    const write = async (name: string, answer: Promise<Answer>, status: number, rows = 8) => {
      const { status: got, cost, body } = await answer
      expect(got, name).toBe(status)
      expect(cost.calls, name).toBeLessThanOrEqual(2)
      // Creating moves on the time stamp of a limit (db/rate-limits.ts).
      expect(cost.written, name).toBeLessThanOrEqual(status === 201 ? rows + 1 : rows)
      expect(cost.written, name).toBeGreaterThan(0)
      return body.id
    }
    const like = await write('like', alice.post('/likes/', { post }), 201)
    const comment = await write('comment', alice.post('/comments/', { post, content: 'Nice' }), 201)
    await write('edit', alice.patch(`/comments/${comment}/`, { content: 'Very nice' }), 200)
    await write('delete', alice.delete(`/comments/${comment}/`), 204)
    await write('unlike', alice.delete(`/likes/${like}/`), 204)
    const follow = await write('follow', alice.post('/followers/', { followed: PEOPLE }), 201, 11)
    await write('unfollow', alice.delete(`/followers/${follow}/`), 204, 10)
    await alice.delete(`/posts/${post}/`)
  })
})

/** The first page, for anyone and for somebody, and pages at a cursor, up to a thousand rows deep. */
async function pages(path: string): Promise<[what: string, answer: Answer][]> {
  const sized = `${path}${path.includes('?') ? '&' : '?'}page_size=${PAGE}`
  const found: [string, Answer][] = [[sized, await alice.get(sized)]]
  // Users are for people signed in: nobody else gets as far as the database.
  if (!path.startsWith('/users/')) found.push([`${sized}, not signed in`, await anyone.get(sized)])
  let next: string | null = `${sized}&cursor=`
  for (let i = 0; i < 12 && next !== null; i++) {
    const what: string = next.replace(ORIGIN, '')
    const answer = await alice.get(what)
    if (what.includes(`page_size=${PAGE}&`) || what.endsWith(`page_size=${PAGE}`)) found.push([what, answer])
    const link: string | null = answer.body.next ?? null
    // The second and the last page are measured; the long ones between only lead there.
    next = link?.replace(/page_size=\d+/, `page_size=${i === 0 || i === 10 ? PAGE : 100}`) ?? null
  }
  return found
}

async function addPeople() {
  await stored(
    `with recursive n(i) as (select 2 union all select i + 1 from n where i < ${PEOPLE})
     insert into users (id, username, username_key, search_key, password_hash, created_at, profile_updated_at)
     select i, 'user' || i, 'user' || i, 'user' || i, '', i, i from n`,
  )
  const [one, posting, silent] = Object.values(FEEDS)
  // A thousand follows all over, and more the smaller the id, so that counts differ and tie. Alice follows half of everybody.
  await stored(
    `with recursive n(i) as (select 0 union all select i + 1 from n where i < 20000),
     pairs as (select distinct 1 + i * 17 % ${PEOPLE} as owner, 1 + (i * 31 + i / 7) % (1 + i % ${PEOPLE}) as followed from n)
     insert into followers (owner_id, followed_id, created_at)
     select owner, followed, 0 from pairs
     where owner <> followed and owner not in (1, ${one}, ${posting}, ${silent}) limit ${FOLLOWS}`,
  )
  const follow = (owner: number | undefined, whom: string) =>
    stored(
      `insert into followers (owner_id, followed_id, created_at)
       select ${owner}, id, 0 from users where ${whom} and id <> ${owner}`,
    )
  await follow(1, `id % 2 = 0 and id < ${PEOPLE}`)
  await follow(one, `id = ${BOB}`)
  await follow(posting, `id > ${SILENT}`)
  await follow(silent, `id <= ${SILENT}`)
}

/** Fills the tables by SQL: the triggers run as they do for requests. */
async function growTo(posts: number) {
  const numbers = 'with recursive n(i) as (select ?1 union all select i + 1 from n where i < ?2)'
  const [largest] = await stored<{ id: number }>('select coalesce(max(id), 0) as id from posts')
  await stored(
    `${numbers} insert into posts (id, owner_id, title, title_key, created_at, updated_at)
     select i, owner, title, lower(title), i, i from
       (select i, case when i % 5 = 0 then ${PROLIFIC} else ${SILENT} + 1 + i % ${POSTING} end as owner,
          iif(i % 100 = 1, 'Sunset ', 'Image ') || i as title from n)`,
    1 + (largest?.id ?? 0),
    posts,
  )
  await env.DB.batch(['likes', 'comments'].map((table) => env.DB.prepare(`delete from ${table}`)))
  const after = (table: string) => `(select last_id from sequences where name = '${table}')`
  // Everybody likes a hundred posts, alice the newest; posts have none, one or many likes.
  await stored(
    `${numbers} insert or ignore into likes (id, owner_id, post_id, created_at)
     select ${after('likes')} + 1 + i, 1 + i % ${PEOPLE},
       iif(i % ${PEOPLE} = 0, ?3 - i / ${PEOPLE}, 1 + (i / ${PEOPLE} * 37 + i % ${PEOPLE} % 9) % ?3), i from n`,
    0,
    LIKES - 1,
    posts,
  )
  await stored(
    `${numbers} insert into comments (id, owner_id, post_id, content, created_at, updated_at)
     select ${after('comments')} + 1 + i, 1 + i % ${PEOPLE},
       iif(i % 4 = 0, ${COMMENTED}, 1 + i * 13 % ?3), 'A comment', i, i from n`,
    0,
    COMMENTS - 1,
    posts,
  )
}
