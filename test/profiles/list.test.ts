import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Answer, anyone, call, ORIGIN, type Person, signUp, stored } from '../client'
import { NOT_A_CHOICE, UNKNOWN } from '../fixtures/answers'
import { createPost, follow, signUpCast } from '../fixtures/factories'

const { alice, bob, carol } = await signUpCast()
const owners = ({ body }: Answer): string[] => body.results.map(({ owner }: { owner: string }) => owner)

const profileOf = (id: number) =>
  stored('select profile_name as name, profile_content as content, image from users where id = ?', id)

/** Four people; lists of everything hold the others of this file too. */
describe('GET /profiles/, by posts and follows', () => {
  let ann: Person
  let ben: Person
  let cid: Person
  let dora: Person

  beforeAll(async () => {
    ann = await signUp('ann')
    ben = await signUp('ben')
    cid = await signUp('cid')
    dora = await signUp('dora')
    for (const owner of [ann, ann, ann, ann, ben]) await createPost(owner)
    await follow(cid, ann)
    await follow(dora, ann)
    await follow(dora, ben)
  })

  describe('profiles', () => {
    const names = async (query: string, viewer = anyone) =>
      (await viewer.get(`/profiles/${query}`)).body.results.map(({ owner }: { owner: string }) => owner)
    const CAST = ['ann', 'ben', 'cid', 'dora']
    const cast = (list: string[]) => list.filter((name) => CAST.includes(name))

    it('say how many posts, followers and followed accounts there are, and whom the viewer follows', async () => {
      const { results } = (await dora.get('/profiles/')).body
      const of = (name: string) => results.find(({ owner }: { owner: string }) => owner === name)
      expect(of('ann')).toMatchObject({ posts_count: 4, followers_count: 2, following_count: 0 })
      expect(of('dora')).toMatchObject({
        posts_count: 0,
        following_count: 2,
        following_id: null,
        is_owner: true,
      })
      const [row] = await stored(
        'select id from followers where owner_id = ? and followed_id = ?',
        dora.id,
        ann.id,
      )
      expect(of('ann').following_id).toBe(row?.id)
      expect(of('cid').following_id).toBeNull()
    })

    it.each([
      ['', ['dora', 'cid', 'ben', 'ann']],
      ['nope', ['dora', 'cid', 'ben', 'ann']],
      ['posts_count', ['dora', 'cid', 'ben', 'ann']],
      ['-posts_count', ['ann', 'ben', 'dora', 'cid']],
      ['followers_count', ['dora', 'cid', 'ben', 'ann']],
      ['-followers_count', ['ann', 'ben', 'dora', 'cid']],
      ['following_count', ['ben', 'ann', 'cid', 'dora']],
      ['-following_count', ['dora', 'cid', 'ben', 'ann']],
      ['owner__following__created_at', ['cid', 'dora', 'ben', 'ann']],
      ['-owner__following__created_at', ['ben', 'ann', 'dora', 'cid']],
      ['owner__followed__created_at', ['ann', 'ben', 'dora', 'cid']],
      ['-owner__followed__created_at', ['dora', 'cid', 'ben', 'ann']],
      ['-followers_count,following_count', ['ann', 'ben', 'cid', 'dora']],
      ['followers_count,nope,-posts_count,-following_count', ['dora', 'cid', 'ben', 'ann']],
    ])('are ordered by "%s", each once and ties newest first', async (ordering, expected) => {
      const all = await names(`?ordering=${ordering}`)
      expect(new Set(all).size).toBe(all.length)
      expect(cast(all)).toEqual(expected)
    })

    it('are filtered by whom they follow and who follows them', async () => {
      expect(await names(`?owner__following__followed__profile=${ann.id}`)).toEqual(['dora', 'cid'])
      expect(await names(`?owner__followed__owner__profile=${dora.id}`)).toEqual(['ben', 'ann'])
      expect(await names(`?owner__followed__owner__profile=${dora.id}&ordering=-posts_count`)).toEqual([
        'ann',
        'ben',
      ])
      expect(
        await names(
          `?owner__followed__owner__profile=${dora.id}&owner__following__followed__profile=${ann.id}`,
        ),
      ).toEqual([])
      expect((await anyone.get(`/profiles/?owner__following__followed__profile=${ann.id}`)).body.count).toBe(
        2,
      )
      expect(await names('?owner__following__followed__profile=')).toContain('dora')
    })

    it.each(['owner__following__followed__profile', 'owner__followed__owner__profile'])(
      '%s refuses who is not there',
      async (name) => {
        for (const value of [UNKNOWN, 'abc']) {
          const answer = await anyone.get(`/profiles/?${name}=${value}`)
          expect([answer.status, answer.body]).toEqual([400, { [name]: [NOT_A_CHOICE] }])
        }
      },
    )

    it('most followed come by followers, whatever ordering is asked for', async () => {
      expect(cast(await names('most_followed/'))).toEqual(['ann', 'ben', 'dora', 'cid'])
      expect(await names('most_followed/?ordering=followers_count')).toEqual(await names('most_followed/'))
      expect((await anyone.get('/api/profiles/most_followed')).status).toBe(200)
      expect((await anyone.get('/profiles/most_followed/?page=2')).body).toEqual({ detail: 'Invalid page.' })
    })

    it('show the six newest images of their owner', async () => {
      expect((await anyone.get(`/profiles/${ann.id}/`)).body.posts).toHaveLength(4)
      for (let i = 0; i < 3; i++) await createPost(ann, { title: `More ${i}` })
      expect((await anyone.get(`/profiles/${ann.id}/`)).body).toMatchObject({ posts_count: 7 })
      expect((await anyone.get(`/profiles/${ann.id}/`)).body.posts).toHaveLength(6)
    })
  })
})

describe('GET /profiles/ (ProfileListViewTests)', () => {
  it('one for every account, newest first, for anyone', async () => {
    const answer = await anyone.get('/api/profiles/')
    const people = await stored<{ username: string }>('select username from users order by id desc')
    expect(answer).toMatchObject({ status: 200, body: { count: people.length, next: null, previous: null } })
    expect(owners(answer)).toEqual(people.map(({ username }) => username))
    expect((await call('HEAD', '/profiles')).status).toBe(200)
  })

  it('shows each viewer which is theirs and whom they follow', async () => {
    const follow = await alice.post('/followers/', { followed: bob.id })
    const find = ({ body }: Answer, id: number) =>
      body.results.find((profile: { id: number }) => profile.id === id)
    const seen = await alice.get('/profiles/')
    expect(find(seen, alice.id)).toMatchObject({ is_owner: true, following_id: null, following_count: 1 })
    expect(find(seen, bob.id)).toMatchObject({
      is_owner: false,
      following_id: follow.body.id,
      followers_count: 1,
    })
    for (const viewer of [anyone, bob, carol]) {
      expect(find(await viewer.get('/profiles/'), bob.id).following_id).toBeNull()
    }
    expect(find(await bob.get('/profiles/'), bob.id).is_owner).toBe(true)
    expect(find(await anyone.get('/profiles/'), bob.id).is_owner).toBe(false)
  })

  it('has no POST and no DELETE', async () => {
    for (const viewer of [anyone, alice]) {
      const answer = await viewer.post('/profiles/', { name: 'x' })
      expect(answer).toMatchObject({ status: 405, body: { detail: 'Method "POST" not allowed.' } })
      expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    }
    const answer = await alice.delete(`/profiles/${alice.id}/`)
    expect(answer).toMatchObject({ status: 405, body: { detail: 'Method "DELETE" not allowed.' } })
    expect(answer.headers.get('allow')).toBe('GET, HEAD, PUT, PATCH, OPTIONS')
    expect(await profileOf(alice.id)).toHaveLength(1)
  })

  describe('its pages', () => {
    beforeAll(async () => {
      await env.DB.prepare(
        `with recursive n(i) as (select 1 union all select i + 1 from n where i < 510)
       insert into users (id, username, username_key, password_hash, created_at, profile_updated_at, posts_count)
       select (select max(id) from users) + i, 'crowd' || i, 'crowd' || i, '', 0, 0, i % 3 from n`,
      ).run()
    })

    it('500 a page, and no more', async () => {
      for (const query of ['', '?page_size=1000', '?page_size=x', '?page_size=0']) {
        const answer = await anyone.get(`/profiles/${query}`)
        expect(answer.body.results).toHaveLength(500)
        expect(answer.body.count).toBeGreaterThan(510)
      }
      const second = await anyone.get('/api/profiles/?page=2&x=1')
      expect(second.body.results).toHaveLength(second.body.count - 500)
      expect(second.body).toMatchObject({ next: null, previous: `${ORIGIN}/api/profiles/?x=1` })
      expect((await anyone.get('/profiles/?page=last')).body.results).toEqual(second.body.results)
      expect(await anyone.get('/profiles/?page=3')).toMatchObject({
        status: 404,
        body: { detail: 'Invalid page.' },
      })
    })

    it.each([
      '',
      'ordering=posts_count',
      'ordering=-posts_count',
      'ordering=-followers_count,posts_count',
      'ordering=owner__following__created_at',
    ])('cursors walk all of it, once each: %s', async (query) => {
      const first = await anyone.get(`/profiles/?${query}&page=1`)
      const byPage = owners(first)
      if (first.body.next) byPage.push(...owners(await anyone.get(first.body.next)))
      // What no index gives in order is the newest 300, sorted.
      expect(byPage.length).toBe(/,|__/.test(query) ? 300 : first.body.count)
      const byCursor: string[] = []
      for (let url: string | null = `/profiles/?${query}&page_size=130&cursor=`; url; ) {
        const answer: Answer = await anyone.get(url)
        byCursor.push(...owners(answer))
        url = answer.body.next
      }
      expect(byCursor).toEqual(byPage)
      expect(new Set(byCursor).size).toBe(byPage.length)
    })

    it('a cursor that is garbage or made for another ordering: 400', async () => {
      const first = await anyone.get('/profiles/?ordering=posts_count&page_size=1&cursor=')
      const cursor = new URL(first.body.next).searchParams.get('cursor')
      for (const query of ['cursor=x', `cursor=${cursor}`, `ordering=-posts_count&cursor=${cursor}`]) {
        const answer = await anyone.get(`/profiles/?${query}`)
        expect(answer).toMatchObject({ status: 400, body: { cursor: ['Invalid cursor.'] } })
      }
      // Names the ordering, but lacks the sort values.
      const short = btoa(JSON.stringify(['posts_count', 5, 1]))
      expect((await anyone.get(`/profiles/?ordering=posts_count&cursor=${short}`)).status).toBeLessThan(500)
    })
  })

  it.each(['owner__following__followed__profile', 'owner__followed__owner__profile'])(
    '%s: somebody unknown or no number is no choice; blank is ignored',
    async (name) => {
      for (const value of ['abc', '999999', '0', '-1', '1.5', '9'.repeat(20), '%', '%00']) {
        const answer = await anyone.get(`/profiles/?${name}=${value}`)
        expect(answer, value).toMatchObject({ status: 400, body: { [name]: [NOT_A_CHOICE] } })
      }
      for (const value of ['', ' ']) {
        const answer = await anyone.get(`/profiles/?${name}=${value}`)
        expect(answer.body.count).toBe((await anyone.get('/profiles/')).body.count)
      }
    },
  )

  it('both filters are told at once; unknown orderings and parameters are ignored', async () => {
    expect(
      await anyone.get(
        '/profiles/?owner__following__followed__profile=x&owner__followed__owner__profile=999999',
      ),
    ).toMatchObject({ status: 400, body: { owner__following__followed__profile: [NOT_A_CHOICE] } })
    const plain = owners(await anyone.get('/profiles/?page_size=5'))
    for (const query of ['ordering=nope', 'ordering=__proto__', 'ordering=,', 'search=bob', 'owner=bob']) {
      expect(owners(await anyone.get(`/profiles/?page_size=5&${query}`)), query).toEqual(plain)
    }
  })
})

describe('GET /profiles/most_followed/', () => {
  it('by followers, ties newest first, whatever ordering is asked for', async () => {
    const [judy, ken, lena] = await Promise.all([signUp('judy'), signUp('ken'), signUp('lena')])
    for (const fan of [judy, lena]) await fan.post('/followers/', { followed: ken.id })
    await ken.post('/followers/', { followed: judy.id })
    for (const query of ['', '?ordering=followers_count']) {
      const answer = await anyone.get(`/api/profiles/most_followed/${query}`)
      expect(answer.status).toBe(200)
      const keys: [number, number][] = answer.body.results.map(
        (profile: { followers_count: number; id: number }) => [profile.followers_count, profile.id],
      )
      expect(owners(answer)[0]).toBe('ken')
      expect(keys).toEqual([...keys].sort(([a, i], [b, j]) => b - a || j - i))
    }
    expect((await ken.get('/profiles/most_followed')).body.results[0].is_owner).toBe(true)
    expect((await anyone.get('/profiles/most_followed/?page=9')).status).toBe(404)
  })
})

describe('GET /profiles/, both filters together', () => {
  it('look at two hundred follows for a page, and list all of them all the same', async () => {
    const [star, reader] = await Promise.all([signUp('star'), signUp('reader')])
    const first = Math.max(star.id, reader.id) + 1
    const ids = JSON.stringify(Array.from({ length: 1100 }, (_, i) => first + i))
    const follow = (owner: string, followed: string) =>
      `insert into followers (id, owner_id, followed_id, created_at)
       select (select max(id) from followers) + 1 + key, ${owner}, ${followed}, 0 from json_each(?)`
    await env.DB.batch([
      env.DB.prepare(
        `insert into users (id, username, username_key, password_hash, created_at, profile_updated_at)
         select value, 'fan' || value, 'fan' || value, '', 0, 0 from json_each(?)`,
      ).bind(ids),
      env.DB.prepare(follow('value', String(star.id))).bind(ids),
      env.DB.prepare(follow(String(reader.id), 'value')).bind(ids),
    ])
    const path = `/profiles/?owner__following__followed__profile=${star.id}&owner__followed__owner__profile=${reader.id}&page_size=400`
    const seen: number[] = []
    const costs: number[] = []
    for (let next: string | null = `${path}&cursor=`; next !== null; ) {
      const answer: Answer = await anyone.get(next)
      expect(answer.status).toBe(200)
      seen.push(...answer.body.results.map(({ id }: { id: number }) => id))
      costs.push(answer.cost.read)
      next = answer.body.next
    }
    expect(seen).toEqual(JSON.parse(ids).reverse())
    // Each follow that is looked at costs a user and two follows, and one to know where to go on; counting is tried on the first page.
    expect(costs).toHaveLength(6)
    expect(Math.max(...costs)).toBeLessThanOrEqual(8 * 200 + 10)
  })
})
