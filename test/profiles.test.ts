import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Answer, anyone, call, download, form, ORIGIN, objectKeys, signUp, stored } from './client'
import { bmp, jpeg, noisePng, png, svg } from './fixtures/images'

const [alice, bob, carol] = await Promise.all([signUp('alice'), signUp('bob'), signUp('carol')])

const NOT_AN_IMAGE =
  'Upload a valid image. The file you uploaded was either not an image or a corrupted image.'
const NOT_A_FILE = 'The submitted data was not a file. Check the encoding type on the form.'
const NOT_A_CHOICE = 'Select a valid choice. That choice is not one of the available choices.'
const FORBIDDEN = { detail: 'You do not have permission to perform this action.' }
const SIGNED_OUT = { detail: 'Authentication credentials were not provided.' }
const NOT_FOUND = { detail: 'Not found.' }
const DEFAULT_POST = `${ORIGIN}/media/images/default_post_ovkj9a.jpg`
const DEFAULT_PROFILE = `${ORIGIN}/media/images/default_profile_dqcubz.jpg`

const file = (bytes: Uint8Array<ArrayBuffer>, name = 'picture.png', type = 'image/png') =>
  new File([bytes], name, { type })
const owners = ({ body }: Answer): string[] => body.results.map(({ owner }: { owner: string }) => owner)
const profileOf = (id: number) =>
  stored('select profile_name as name, profile_content as content, image from users where id = ?', id)

describe('ProfileListViewTests', () => {
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
      const byPage = [
        ...owners(await anyone.get(`/profiles/?${query}`)),
        ...owners(await anyone.get(`/profiles/?${query}&page=2`)),
      ]
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

describe('ProfileDetailViewTests', () => {
  it('a profile by its id, every field, for anyone', async () => {
    const dave = await signUp('dave')
    const { status, body } = await anyone.get(`/api/profiles/${dave.id}`)
    const { created, updated, ...rest } = body
    expect(status).toBe(200)
    expect(new Date(created).toISOString()).toBe(created)
    expect(updated).toBe(created)
    expect(rest).toEqual({
      id: dave.id,
      owner: 'dave',
      created_at: expect.stringMatching(/^\d\d [A-Z][a-z]{2} \d{4}$/),
      updated_at: expect.stringMatching(/^\d\d [A-Z][a-z]{2} \d{4}$/),
      name: '',
      content: '',
      image: DEFAULT_PROFILE,
      is_owner: false,
      following_id: null,
      posts_count: 0,
      followers_count: 0,
      following_count: 0,
      posts: [],
      user_id: dave.id,
    })
    expect((await dave.get(`/profiles/${dave.id}/`)).body.is_owner).toBe(true)
  })

  it('dates are UTC, the day in two digits', async () => {
    await env.DB.prepare('update users set created_at = ?1, profile_updated_at = ?1 + 1 where id = ?2')
      .bind(Date.parse('2024-08-05T23:59:59.999Z'), carol.id)
      .run()
    expect((await anyone.get(`/profiles/${carol.id}/`)).body).toMatchObject({
      created_at: '05 Aug 2024',
      updated_at: '06 Aug 2024',
      created: '2024-08-05T23:59:59.999Z',
      updated: '2024-08-06T00:00:00.000Z',
    })
  })

  it.each(['0', '999999', '9'.repeat(20), '9'.repeat(400)])('no profile %s: 404', async (id) => {
    expect(await anyone.get(`/profiles/${id}/`)).toMatchObject({ status: 404, body: NOT_FOUND })
    for (const body of [{}, { name: 'x' }, { name: null }]) {
      expect(await alice.put(`/profiles/${id}/`, body)).toMatchObject({ status: 404, body: NOT_FOUND })
      expect(await alice.patch(`/profiles/${id}/`, body)).toMatchObject({ status: 404, body: NOT_FOUND })
    }
  })

  it('checks who asks, then whether it is there, then whose it is, then the body', async () => {
    const before = await profileOf(alice.id)
    const path = `/profiles/${alice.id}/`
    const bad: [string, string][] = [
      ['{"name": null}', 'application/json'],
      ['{', 'application/json'],
      ['hi', 'text/plain'],
    ]
    for (const method of ['PUT', 'PATCH']) {
      for (const [body, type] of [...bad, ['{"name": "taken"}', 'application/json'] as const]) {
        const send = (where: string, credentials: Record<string, string>) =>
          call(method, where, { body, headers: { ...credentials, 'content-type': type } })
        expect(await send('/profiles/999999/', {})).toMatchObject({ status: 401, body: SIGNED_OUT })
        expect(await send(path, {})).toMatchObject({ status: 401, body: SIGNED_OUT })
        expect(await send('/profiles/999999/', bob.headers)).toMatchObject({ status: 404, body: NOT_FOUND })
        expect(await send(path, bob.headers)).toMatchObject({ status: 403, body: FORBIDDEN })
      }
      const statuses = await Promise.all(
        bad.map(([body, type]) =>
          call(method, path, { body, headers: { ...alice.headers, 'content-type': type } }),
        ),
      )
      expect(statuses.map(({ status }) => status)).toEqual([400, 400, 415])
    }
    const image = file(png(33, 33))
    expect((await bob.put(path, form({ image }))).status).toBe(403)
    expect(await profileOf(alice.id)).toEqual(before)
    expect(await objectKeys()).toEqual([])
  })

  const tooLong = (max: number) => [`Ensure this field has no more than ${max} characters.`]
  const bad: [string, unknown, Record<string, string[]>][] = [
    ['name null', { name: null }, { name: ['This field may not be null.'] }],
    ['name a list', { name: [] }, { name: ['Not a valid string.'] }],
    ['name 256', { name: 'x'.repeat(256) }, { name: tooLong(255) }],
    ['name of 256 emoji', { name: '🎉'.repeat(256) }, { name: tooLong(255) }],
    ['name with NUL', { name: '\0' }, { name: ['Null characters are not allowed.'] }],
    ['content 10,001', { content: 'x'.repeat(10_001) }, { content: tooLong(10_000) }],
    ['image null', { image: null }, { image: ['This field may not be null.'] }],
    ['image a string', { image: 'https://example.com/picture.png' }, { image: [NOT_A_FILE] }],
    ['image empty', form({ image: file(new Uint8Array()) }), { image: ['The submitted file is empty.'] }],
    ['image an SVG', form({ image: file(svg()) }), { image: [NOT_AN_IMAGE] }],
    ['image a BMP', form({ image: file(bmp()) }), { image: [NOT_AN_IMAGE] }],
    ['image truncated', form({ image: file(jpeg().subarray(0, 99)) }), { image: [NOT_AN_IMAGE] }],
    [
      'image 2 MiB and a byte',
      form({ image: file(jpeg({ padTo: 2 ** 21 + 1 })) }),
      { image: ['Image size larger than 2MB!'] },
    ],
    ['image 6 MB', form({ image: file(noisePng(6_300_000)) }), { image: ['Image size larger than 2MB!'] }],
    ['image 4097 wide', form({ image: file(png(4097, 1)) }), { image: ['Image width larger than 4096px!'] }],
    [
      'image 4097 both ways',
      form({ image: file(png(4097, 4097)) }),
      { image: ['Image height larger than 4096px!'] },
    ],
    [
      'all at once',
      { name: null, content: true, image: 1 },
      {
        name: ['This field may not be null.'],
        content: ['Not a valid string.'],
        image: [NOT_A_FILE],
      },
    ],
  ]
  it('every bad field is told, to the letter, by PUT and PATCH alike, and nothing is stored', async () => {
    const before = await profileOf(alice.id)
    for (const [name, body, errors] of bad) {
      for (const send of [alice.put, alice.patch]) {
        const answer = await send(`/profiles/${alice.id}/`, body)
        expect(answer.body, name).toEqual(errors)
        expect(answer.status, name).toBe(400)
      }
    }
    expect(await profileOf(alice.id)).toEqual(before)
    expect(await objectKeys()).toEqual([])
  })

  it('PUT and PATCH change what they are sent, as JSON and as forms; nothing is required', async () => {
    const path = `/profiles/${alice.id}/`
    expect(await alice.put(path, { name: ' Alice ', content: 'About me' })).toMatchObject({
      status: 200,
      body: { name: 'Alice', content: 'About me', owner: 'alice', is_owner: true, image: DEFAULT_PROFILE },
    })
    expect((await alice.put(path, {})).body).toMatchObject({ name: 'Alice', content: 'About me' })
    expect((await alice.patch(path, { content: '' })).body).toMatchObject({ name: 'Alice', content: '' })
    expect((await alice.patch(path, new URLSearchParams({ name: '' }))).body).toMatchObject({ name: '' })
    expect((await alice.patch(path, form({ name: 'A', image: '' }))).body).toMatchObject({
      name: 'A',
      image: DEFAULT_PROFILE,
    })
    const long = { name: '🎉'.repeat(255), content: '🎉'.repeat(10_000) }
    expect((await alice.put(path, long)).body).toMatchObject(long)
    expect(await profileOf(alice.id)).toEqual([{ ...long, image: null }])
  })

  it('read-only fields stay', async () => {
    const before = (await alice.get(`/profiles/${alice.id}/`)).body
    const { updated, updated_at, ...rest } = before
    const attempt = {
      id: 1,
      owner: 'bob',
      user_id: bob.id,
      posts_count: 9,
      followers_count: 9,
      posts: [],
      created_at: 'x',
    }
    const { status, body } = await alice.patch(`/profiles/${alice.id}/`, attempt)
    expect(status).toBe(200)
    expect(body).toMatchObject(rest)
    expect(body.owner).toBe('alice')
  })

  it('a picture shows wherever its owner does; a blank part keeps it', async () => {
    const path = `/profiles/${bob.id}/`
    const { status, body } = await bob.put(path, form({ name: 'Bob', image: file(jpeg({ padTo: 2 ** 21 })) }))
    expect(status).toBe(200)
    expect(body.image).toMatch(new RegExp(`^${ORIGIN}/media/[0-9a-f]{64}$`))
    const served = await download(body.image)
    expect([served.status, served.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
    const created = await bob.post('/posts/', { title: 'By Bob' })
    expect(created.body.profile_image).toBe(body.image)
    const account = await bob.get('/dj-rest-auth/user/')
    expect(account.body).toMatchObject({ profile_id: bob.id, profile_image: body.image })
    for (const kept of [form({ name: 'Robert', image: '' }), { name: 'Robert' }]) {
      expect((await bob.put(path, kept)).body).toMatchObject({ name: 'Robert', image: body.image })
    }
    const elsewhere = await anyone.get(`https://social.example/api${path}`)
    expect(elsewhere.body.image).toBe(body.image.replace(ORIGIN, 'https://social.example'))
  })

  it("posts are the pictures of the owner's six newest posts", async () => {
    const grace = await signUp('grace')
    const path = `/profiles/${grace.id}/`
    const pictures: string[] = []
    const made: number[] = []
    for (let width = 1; width <= 8; width++) {
      const fields = width % 3 === 0 ? { title: 'x' } : { title: 'x', image: file(png(width, 1)) }
      const { body } = await grace.post('/posts/', form(fields))
      pictures.unshift(body.image)
      made.unshift(body.id)
    }
    expect((await anyone.get(path)).body).toMatchObject({ posts_count: 8, posts: pictures.slice(0, 6) })
    expect(pictures.slice(0, 6).filter((url) => url === DEFAULT_POST)).toHaveLength(2)
    const listed = (await anyone.get('/profiles/?page_size=1')).body.results[0]
    expect(listed).toMatchObject({ owner: 'grace', posts: pictures.slice(0, 6) })
    await grace.delete(`/posts/${made[0]}/`)
    expect((await anyone.get(path)).body).toMatchObject({ posts_count: 7, posts: pictures.slice(1, 7) })
  })

  it('counts and following_id follow what happens', async () => {
    const [heidi, ivan] = await Promise.all([signUp('heidi'), signUp('ivan')])
    const path = `/profiles/${heidi.id}/`
    const { body: follow } = await ivan.post('/followers/', { followed: heidi.id })
    expect((await ivan.get(path)).body).toMatchObject({ followers_count: 1, following_id: follow.id })
    expect((await heidi.get(path)).body).toMatchObject({ followers_count: 1, following_id: null })
    expect((await anyone.get(`/profiles/${ivan.id}/`)).body.following_count).toBe(1)
    await ivan.delete(`/followers/${follow.id}/`)
    expect((await ivan.get(path)).body).toMatchObject({ followers_count: 0, following_id: null })
  })
})

describe('most_followed', () => {
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

describe('both filters together', () => {
  it('are counted up to a thousand, once per walk, and listed beyond', async () => {
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
      expect([answer.status, answer.body.count]).toEqual([200, 1000])
      seen.push(...answer.body.results.map(({ id }: { id: number }) => id))
      costs.push(answer.cost.read)
      next = answer.body.next
    }
    expect(seen).toEqual(JSON.parse(ids).reverse())
    // Each shown costs a user and two follows; two thousand more are what counting reads.
    expect(costs.map((rows, i) => rows <= 401 * 3 + 10 + (i === 0 ? 2000 : 0))).toEqual([true, true, true])
  })
})
