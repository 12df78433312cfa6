import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { type Answer, anyone, ORIGIN, signUp, stored } from '../client'
import { idsOf } from '../fixtures/answers'
import { createPost } from '../fixtures/factories'

const [alice, bob] = await Promise.all([signUp('alice'), signUp('bob')])
const titles = ({ body }: Answer): string[] => body.results.map((post: { title: string }) => post.title)

/** Many posts of somebody at once, with ids from `first` on; the oldest is number 1. */
async function addPosts(ownerId: number, count: number, title = 'number') {
  const [row] = await stored<{ last: number }>(
    `select max(last_id, coalesce((select max(id) from posts), 0)) as last from sequences where name = 'posts'`,
  )
  await env.DB.prepare(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
     insert into posts (id, owner_id, title, title_key, created_at, updated_at)
     select ?2 + i, ?3, ?4 || ' ' || i, lower(?4 || ' ' || i), 1724716800000 + i, 1724716800000 + i from n`,
  )
    .bind(count, row?.last, ownerId, title)
    .run()
}

describe('GET /posts/', () => {
  it('the list: newest first, as each viewer sees it', async () => {
    const first = await createPost(alice, { title: 'older' })
    const second = await bob.post('/posts/', { title: 'newer' })
    expect(idsOf(await anyone.get('/posts/')).slice(0, 2)).toEqual([second.body.id, first.id])
    for (const [viewer, owns] of [
      [anyone, [false, false]],
      [alice, [false, true]],
      [bob, [true, false]],
    ] as const) {
      const { results } = (await viewer.get('/posts/')).body
      expect([results[0].is_owner, results[1].is_owner]).toEqual(owns)
    }
  })
})

describe('GET /posts/, by pages', async () => {
  const dave = await signUp('dave')
  const nobody = await signUp('postless')
  await addPosts(dave.id, 105, 'page')
  const list = `/api/posts/?owner__profile=${dave.id}`
  const page = (query: string) => anyone.get(`${list}&${query}`)
  const newest = Array.from({ length: 105 }, (_, i) => `page ${105 - i}`)

  it('20 a page', async () => {
    const first = await page('')
    expect(first.body).toMatchObject({ count: 105, previous: null })
    expect(titles(first)).toEqual(newest.slice(0, 20))
    expect(titles(await page('page=1'))).toEqual(newest.slice(0, 20))
    expect(titles(await page('page=6'))).toEqual(newest.slice(100))
    expect((await page('page=6')).body.next).toBeNull()
    expect((await page('page=last')).body.results).toEqual((await page('page=6')).body.results)
    expect((await page('page=last')).body.previous).toBe(`${ORIGIN}${list}&page=5`)
  })

  it.each(['0', '-1', 'x', '1.5', '7', '999999', '9'.repeat(40), '1e1', 'first', '%00'])(
    'page=%s: 404',
    async (number) => {
      expect(await page(`page=${number}`)).toMatchObject({ status: 404, body: { detail: 'Invalid page.' } })
    },
  )

  it('an empty list has one page', async () => {
    const empty = { count: 0, next: null, previous: null, results: [] }
    for (const query of ['', '&page=1', '&page=last', '&cursor=']) {
      const answer = await anyone.get(`/posts/?owner__profile=${nobody.id}${query}`)
      expect(answer).toMatchObject({ status: 200, body: empty })
    }
    expect((await anyone.get(`/posts/?owner__profile=${nobody.id}&page=2`)).status).toBe(404)
  })

  it.each([
    ['7', 7],
    ['100', 100],
    ['101', 100],
    ['9'.repeat(30), 100],
    ['0', 20],
    ['-5', 20],
    ['x', 20],
    ['', 20],
    ['2.5', 20],
  ])('page_size=%s', async (size, length) => {
    const answer = await page(`page_size=${size}`)
    expect(answer.status).toBe(200)
    expect(answer.body.results).toHaveLength(length)
    expect(answer.body.next).not.toBeNull()
  })

  it('a page that is exactly full has no next one', async () => {
    expect((await page('page_size=35&page=3')).body.next).toBeNull()
    expect((await page('page_size=35&page=4')).status).toBe(404)
  })

  it('links lead through the whole list and back', async () => {
    const seen: string[][] = []
    let url: string | null = `${ORIGIN}${list}&page_size=30`
    let last = ''
    while (url) {
      const answer = await anyone.get(url)
      seen.push(titles(answer))
      last = url
      url = answer.body.next
    }
    expect(seen.flat()).toEqual(newest)
    const back: string[][] = []
    url = last
    while (url) {
      const answer = await anyone.get(url)
      back.unshift(titles(answer))
      url = answer.body.previous
    }
    expect(back).toEqual(seen)
  })

  it.each([
    ['http://api.test/api/posts/', 'foo=b%20c'],
    ['https://social.example:8443/posts', 'foo=b+c'],
    ['https://social.example/api/posts', 'foo=100%&b=%zz'],
    ['http://127.0.0.1:8787/posts/', 'search=page&ordering=-likes_count&x=&x=2'],
  ])("links keep the request's origin, prefix and parameters: %s?%s", async (base, query) => {
    const url = `${base}?page_size=2&owner__profile=${dave.id}&${query}&page=2`
    const { body } = await anyone.get(url)
    const expected = (number?: string) => {
      const params = new URL(url).searchParams
      if (number) params.set('page', number)
      else params.delete('page')
      return [...params].sort()
    }
    for (const [link, number] of [
      [body.next, '3'],
      [body.previous, undefined],
    ]) {
      expect(`${new URL(link).origin}${new URL(link).pathname}`).toBe(base)
      expect([...new URL(link).searchParams].sort()).toEqual(expected(number))
      expect((await anyone.get(link)).status).toBe(200)
    }
  })

  it('a parameter sent twice: the last one counts', async () => {
    const answer = await page('page_size=5&page=1&page=2&page_size=3')
    expect(answer.status).toBe(200)
    expect(titles(answer)).toEqual(newest.slice(3, 6))
  })
})

describe('GET /posts/, by cursors', async () => {
  const erin = await signUp('erin')
  await addPosts(erin.id, 60, 'cursor')
  await env.DB.prepare(
    'update posts set likes_count = id % 3, comments_count = id % 7, last_like_id = case id % 4 when 0 then 9007199254740991 else id % 5 end where owner_id = ?',
  )
    .bind(erin.id)
    .run()
  const orderings = [
    'created_at',
    '-created_at',
    'likes_count',
    '-likes_count',
    '-comments_count',
    'likes__created_at',
    '-likes__created_at',
  ]
  const lists: [string, string][] = [
    ['all posts', ''],
    ['of one owner', `owner__profile=${erin.id}`],
    ['found by a search', 'search=cursor'],
    ['found by a short search', 'search=rs'],
    ['of one owner, found by a search', `owner=${erin.id}&search=curs`],
  ]
  const cases = lists.flatMap(([name, filter]) =>
    orderings.map((ordering) => [name, ordering, filter] as const),
  )

  it.each(cases)('%s by %s: the same rows as by pages, once each', async (_, ordering, filter) => {
    const query = `/posts/?ordering=${ordering}&${filter}&page_size=100`
    const byPage: number[] = []
    for (let url: string | null = query; url; ) {
      const answer: Answer = await anyone.get(url)
      byPage.push(...idsOf(answer))
      url = answer.body.next
    }
    const byCursor: number[] = []
    for (let url: string | null = `${query.replace('100', '17')}&cursor=`; url; ) {
      const answer: Answer = await anyone.get(url)
      expect(answer.body.count).toBe(byPage.length)
      byCursor.push(...idsOf(answer))
      url = answer.body.next
    }
    expect(byCursor).toEqual(byPage)
    expect(new Set(byCursor).size).toBe(byCursor.length)
  })

  it.each(['', 'ordering=created_at', 'ordering=-likes_count', 'ordering=comments_count', 'search=cursor'])(
    'neither skip nor repeat while others insert and delete: %s',
    async (query) => {
      const start = await stored<{ id: number; ownerId: number }>('select id, owner_id as ownerId from posts')
      const own = new Set(start.filter(({ ownerId }) => ownerId === erin.id).map(({ id }) => id))
      const deleted = new Set<number>()
      const seen: number[] = []
      let url: string | null = `/posts/?${query}&page_size=10&cursor=`
      while (url) {
        const answer: Answer = await anyone.get(url)
        const shown = idsOf(answer)
        seen.push(...shown)
        url = answer.body.next
        const inserted = await bob.post('/posts/', { title: 'cursor, meanwhile' })
        expect(inserted.status).toBe(201)
        // The row at the cursor itself, one already shown, and one still to come.
        const mine = shown.filter((id) => own.has(id))
        const coming = [...own].find((id) => !seen.includes(id) && !deleted.has(id))
        for (const id of [mine.at(-1), mine.at(0), coming]) {
          if (id === undefined || deleted.size > 24) continue
          deleted.add(id)
          await env.DB.prepare('delete from posts where id = ?').bind(id).run()
        }
        if (seen.length > 1000) break
      }
      expect(new Set(seen).size).toBe(seen.length)
      const matching =
        query === 'search=cursor'
          ? new Set(
              (await stored<{ id: number }>(`select id from posts where title_key like '%cursor%'`)).map(
                ({ id }) => id,
              ),
            )
          : undefined
      const stayed = start.map(({ id }) => id).filter((id) => !deleted.has(id) && (matching?.has(id) ?? true))
      expect(stayed.length).toBeGreaterThan(20)
      expect(stayed.filter((id) => !seen.includes(id))).toEqual([])
      await addPosts(erin.id, 30, 'cursor')
    },
  )

  it('one that cannot be read, or was made for another ordering: 400', async () => {
    const cursorOf = async (path: string) => {
      const { body } = await alice.get(path)
      return new URL(body.next).searchParams.get('cursor') ?? ''
    }
    const byLikes = await cursorOf('/posts/?ordering=-likes_count&page_size=1&cursor=')
    const encode = (value: unknown) => btoa(JSON.stringify(value))
    const bad = [
      'x',
      '!!!',
      '%',
      '%00',
      'a'.repeat(5000),
      '日本',
      btoa('not JSON'),
      encode(null),
      encode(5),
      encode({}),
      encode([]),
      encode(['-created_at']),
      encode(['-created_at', 1]),
      encode(['-created_at', 1, 'x']),
      encode(['-created_at', 1, 1.5]),
      encode(['-created_at', 1, null]),
      encode(['-created_at', 1, 1e300]),
      byLikes,
      byLikes.slice(0, -2),
      await cursorOf('/users/?page_size=1&cursor='),
    ]
    for (const cursor of bad) {
      const answer = await anyone.get(`/posts/?cursor=${encodeURIComponent(cursor)}`)
      expect(answer, cursor).toMatchObject({ status: 400, body: { cursor: ['Invalid cursor.'] } })
    }
    expect((await anyone.get('/posts/?cursor=%')).status).toBe(400)
    expect((await anyone.get(`/posts/?ordering=likes_count&cursor=${byLikes}`)).status).toBe(400)
    expect((await anyone.get(`/posts/?ordering=-likes_count&cursor=${byLikes}`)).status).toBe(200)
    expect((await anyone.get(`/profiles/?cursor=${byLikes}`)).status).toBe(400)
  })
})
