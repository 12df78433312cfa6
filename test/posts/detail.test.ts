import { createExecutionContext, createScheduledController, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { KEPT_VALUES } from '../../src/db/kept'
import worker from '../../src/index'
import { anyone, call, download, form, ORIGIN, objectKeys, signUp, stored } from '../client'
import {
  FORBIDDEN,
  NOT_A_CHOICE,
  NOT_A_FILE,
  NOT_AN_IMAGE,
  NOT_FOUND,
  NOT_SIGNED_IN,
} from '../fixtures/answers'
import { createComment, createPost, like } from '../fixtures/factories'
import { png } from '../fixtures/images'
import { file } from '../fixtures/uploads'

const [alice, bob] = await Promise.all([signUp('alice'), signUp('bob')])
const urlencoded = (fields: Record<string, string>) => new URLSearchParams(fields)

describe('/posts/:id/ (PostDetailViewTests)', () => {
  const NINES = '9'.repeat(20)
  const MANY_NINES = '9'.repeat(400)

  it('a post by its id, with or without final slash, below both prefixes; HEAD', async () => {
    const created = await createPost(alice, { title: 'Here' })
    for (const path of [`/posts/${created.id}`, `/posts/${created.id}/`, `/api/posts/${created.id}`]) {
      const answer = await anyone.get(path)
      expect(answer.status).toBe(200)
      expect(answer.body).toEqual({ ...created, is_owner: false })
      const head = await call('HEAD', path)
      expect([head.status, head.body]).toEqual([200, ''])
    }
  })

  it.each(['0', '999999', NINES, MANY_NINES])('no post %s: 404 for every method', async (id) => {
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', { title: 'x' }],
      ['PUT', {}],
      ['PATCH', { title: '' }],
      ['PATCH', {}],
      ['DELETE', undefined],
    ] as const) {
      const answer = await call(method, `/posts/${id}/`, { body, headers: alice.headers })
      expect(answer, method).toMatchObject({ status: 404, body: NOT_FOUND })
    }
  })

  it.each(['-1', 'x', '1.5', '1%00', '%', '１'])('no path /posts/%s/', async (id) => {
    expect(await anyone.get(`/posts/${id}/`)).toMatchObject({ status: 404, body: NOT_FOUND })
  })

  it('checks who asks, then whether it is there, then whose it is, then the body', async () => {
    const created = await createPost(alice, { title: 'Untouched', content: 'mine' })
    const path = `/posts/${created.id}/`
    const badBodies: [string, Record<string, string>][] = [
      ['{"title": ""}', { 'content-type': 'application/json' }],
      ['{"title"', { 'content-type': 'application/json' }],
      ['hi', { 'content-type': 'text/plain' }],
    ]
    const changes: [string, Record<string, string>][] = [
      ...badBodies,
      ['{"title": "taken"}', { 'content-type': 'application/json' }],
    ]
    for (const method of ['PUT', 'PATCH']) {
      for (const [body, type] of changes) {
        const send = (where: string, credentials: Record<string, string>) =>
          call(method, where, { body, headers: { ...credentials, ...type } })
        expect(await send('/posts/999999/', {})).toMatchObject({ status: 401, body: NOT_SIGNED_IN })
        expect(await send(path, {})).toMatchObject({ status: 401, body: NOT_SIGNED_IN })
        expect(await send('/posts/999999/', bob.headers)).toMatchObject({ status: 404, body: NOT_FOUND })
        expect(await send(path, bob.headers)).toMatchObject({ status: 403, body: FORBIDDEN })
      }
      for (const [body, type] of badBodies) {
        const answer = await call(method, path, { body, headers: { ...alice.headers, ...type } })
        expect([400, 415]).toContain(answer.status)
      }
    }
    expect((await anyone.get(path)).body).toEqual({ ...created, is_owner: false })
  })

  it('somebody else cannot put an image into it, and leaves none behind', async () => {
    const created = await createPost(alice)
    const before = await stored('select hash from images order by hash')
    const image = file(png(31, 31))
    const answer = await bob.put(`/posts/${created.id}/`, form({ title: 'x', image }))
    expect(answer).toMatchObject({ status: 403, body: FORBIDDEN })
    await expect.poll(() => stored('select hash from images order by hash')).toEqual(before)
    expect((await objectKeys()).sort()).toEqual(before.map(({ hash }) => hash))
  })

  it('PUT changes what it is sent and keeps the rest; the title is required', async () => {
    const created = await createPost(alice, { title: 'Before', content: 'stays', image_filter: 'lofi' })
    const path = `/posts/${created.id}/`
    expect(await alice.put(path, { content: 'x' })).toMatchObject({
      status: 400,
      body: { title: ['This field is required.'] },
    })
    expect(await alice.put(path, { title: 'After' })).toMatchObject({
      status: 200,
      body: { title: 'After', content: 'stays', image_filter: 'lofi' },
    })
    expect(await stored('select title, content, image_filter from posts where id = ?', created.id)).toEqual([
      { title: 'After', content: 'stays', image_filter: 'lofi' },
    ])
  })

  it('PATCH changes one field, or none', async () => {
    const created = await createPost(alice, { title: 'Before', content: 'c' })
    const path = `/posts/${created.id}/`
    const changed = await alice.patch(path, { content: 'patched' })
    expect(changed).toMatchObject({ status: 200, body: { title: 'Before', content: 'patched' } })
    expect((await alice.patch(path, {})).status).toBe(200)
    expect((await alice.patch(path, { content: '' })).body.content).toBe('')
    expect(await alice.patch(path, { image_filter: 'no', title: null })).toMatchObject({
      status: 400,
      body: { image_filter: ['"no" is not a valid choice.'], title: ['This field may not be null.'] },
    })
    expect(await stored('select title, content from posts where id = ?', created.id)).toEqual([
      { title: 'Before', content: '' },
    ])
  })

  it('read-only fields stay', async () => {
    const created = await createPost(alice)
    const { updated, updated_at, ...rest } = created
    const attempt = {
      id: 1,
      owner: 'bob',
      is_owner: false,
      profile_id: 1,
      likes_count: 5,
      created_at: 'x',
      created: 'y',
    }
    const { body } = await alice.patch(`/posts/${created.id}/`, attempt)
    expect(body).toMatchObject(rest)
  })

  it('an image stays when the part is blank or absent, and changes with a new one', async () => {
    const created = await alice.post('/posts/', form({ title: 'x', image: file(png(6, 6)) }))
    const path = `/posts/${created.body.id}/`
    for (const body of [
      form({ title: 'y', image: '' }),
      urlencoded({ title: 'y', image: '' }),
      { title: 'y' },
    ]) {
      expect((await alice.put(path, body)).body.image).toBe(created.body.image)
    }
    for (const [image, message] of [
      [file(new Uint8Array([1])), NOT_AN_IMAGE],
      [file(png(4097, 1)), 'Image width larger than 4096px!'],
      ['http://x/y.png', NOT_A_FILE],
    ] as const) {
      const answer = await alice.put(path, form({ title: 'y', image }))
      expect(answer).toMatchObject({ status: 400, body: { image: [message] } })
    }
    const replaced = await alice.patch(path, form({ image: file(png(7, 7)) }))
    expect(replaced.status).toBe(200)
    expect(replaced.body.image).not.toBe(created.body.image)
    expect((await download(replaced.body.image)).status).toBe(200)
    expect((await anyone.get(path)).body.image).toBe(replaced.body.image)
  })

  it('DELETE: by the owner only, with its likes and comments; its id is not used again', async () => {
    const { id } = await createPost(alice)
    const path = `/posts/${id}/`
    await bob.post('/likes/', { post: id })
    await bob.post('/comments/', { post: id, content: 'Nice' })
    expect(await anyone.delete(path)).toMatchObject({ status: 401, body: NOT_SIGNED_IN })
    expect(await bob.delete(path)).toMatchObject({ status: 403, body: FORBIDDEN })
    expect((await bob.get(path)).body).toMatchObject({
      likes_count: 1,
      comments_count: 1,
      like_id: expect.any(Number),
    })
    expect(await alice.delete(path)).toMatchObject({ status: 204, body: '' })
    expect(await alice.delete(path)).toMatchObject({ status: 404, body: NOT_FOUND })
    expect(await anyone.get(path)).toMatchObject({ status: 404, body: NOT_FOUND })
    expect(await stored('select id from likes where post_id = ?', id)).toEqual([])
    expect(await stored('select id from comments where post_id = ?', id)).toEqual([])
    expect((await createPost(alice)).id).toBeGreaterThan(id)
  })

  it('methods that a path lacks: 405 with those it has', async () => {
    const answer = await alice.post('/posts/1/', {})
    expect(answer).toMatchObject({ status: 405, body: { detail: 'Method "POST" not allowed.' } })
    expect(answer.headers.get('allow')).toBe('GET, HEAD, PUT, PATCH, DELETE, OPTIONS')
    expect((await alice.delete('/posts/')).headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS')
  })

  it('dates for people have two digits for the day, dates for machines are ISO, both UTC', async () => {
    const { id } = await createPost(alice)
    const late = Date.parse('2024-08-05T23:59:59.999Z')
    await env.DB.prepare('update posts set created_at = ?1, updated_at = ?1 + 1 where id = ?2')
      .bind(late, id)
      .run()
    expect((await anyone.get(`/posts/${id}/`)).body).toMatchObject({
      created_at: '05 Aug 2024',
      updated_at: '06 Aug 2024',
      created: '2024-08-05T23:59:59.999Z',
      updated: '2024-08-06T00:00:00.000Z',
    })
  })

  it("images are on the request's own origin, or where MEDIA_URL says", async () => {
    const { body } = await alice.post('/posts/', form({ title: 'x', image: file(png(8, 8)) }))
    const hash = body.image.split('/').at(-1)
    const elsewhere = await anyone.get(`https://social.example:8443/api/posts/${body.id}/`)
    expect(elsewhere.body.image).toBe(`https://social.example:8443/media/${hash}`)
    expect(elsewhere.body.profile_image).toBe(
      'https://social.example:8443/media/images/default_profile_dqcubz.jpg',
    )
    const context = createExecutionContext()
    const response = await worker.fetch(
      new Request(`${ORIGIN}/posts/${body.id}/`),
      { ...env, MEDIA_URL: 'https://images.example/all/' },
      context,
    )
    const configured = await response.json()
    await waitOnExecutionContext(context)
    expect(configured).toMatchObject({ image: `https://images.example/all/${hash}` })
  })
})

describe('DELETE /posts/:id/', () => {
  it('with thousands of likes and comments is hidden at once, and erased in pieces', async () => {
    const { id } = await createPost(alice, { title: 'Everybody likes this' })
    const before = (await bob.get(`/profiles/${alice.id}/`)).body.posts_count
    const [{ first }] = (await stored('select max(id) + 1 as first from users')) as [{ first: number }]
    const numbers = 'with recursive n(i) as (select 0 union all select i + 1 from n where i < 999)'
    await stored(
      `${numbers} insert into users (id, username, username_key, search_key, password_hash, created_at, profile_updated_at)
       select ?1 + i, 'fan' || i, 'fan' || i, 'fan' || i, '', 1, 1 from n`,
      first,
    )
    const next = (table: string) =>
      `(select max(coalesce(max(id), 0), coalesce((select last_id from sequences where name = '${table}'), 0)) + 1 from ${table}) + i`
    await stored(
      `${numbers} insert into likes (id, owner_id, post_id, created_at) select ${next('likes')}, ?1 + i, ?2, 1 from n`,
      first,
      id,
    )
    await stored(
      `${numbers} insert into comments (id, post_id, owner_id, content, created_at, updated_at)
       select ${next('comments')}, ?2, ?1 + i, 'x', 1, 1 from n`,
      first,
      id,
    )
    expect((await bob.delete(`/posts/${id}/`)).status).toBe(403)
    const { status, cost } = await alice.delete(`/posts/${id}/`)
    expect(status).toBe(204)
    expect([cost.calls, cost.read < 200, cost.written < 50]).toEqual([1, true, true])
    for (const person of [alice, bob]) expect((await person.get(`/posts/${id}/`)).status).toBe(404)
    expect((await alice.delete(`/posts/${id}/`)).status).toBe(404)
    expect((await bob.post('/likes/', { post: id })).status).toBe(400)
    expect((await bob.get(`/profiles/${alice.id}/`)).body.posts_count).toBe(before - 1)
    for (const { name, differences } of KEPT_VALUES) expect(await stored(differences), name).toEqual([])

    const written: number[] = []
    const withSession: D1Database['withSession'] = (bookmark) => {
      const session = env.DB.withSession(bookmark)
      const batch: D1DatabaseSession['batch'] = async (statements) => {
        const results = await session.batch<never>(statements)
        written.push(...results.map(({ meta }) => meta.rows_written))
        return results
      }
      return { prepare: (query) => session.prepare(query), getBookmark: () => session.getBookmark(), batch }
    }
    await worker.scheduled(createScheduledController(), { ...env, DB: { withSession } as D1Database })
    expect(Math.max(...written)).toBeGreaterThan(500)
    expect(Math.max(...written)).toBeLessThanOrEqual(2_000)
    for (const table of ['likes', 'comments', 'hidden_posts'])
      expect(await stored(`select 1 from ${table} where post_id = ?`, id), table).toEqual([])
    expect(await stored('select 1 from posts where id = ?', id)).toEqual([])
    for (const { name, differences } of KEPT_VALUES) expect(await stored(differences), name).toEqual([])
  })

  it('a deleted post takes its likes and comments, and its count from the owner', async () => {
    const [hana, ivo] = [await signUp('hana'), await signUp('ivo')]
    const id = (await createPost(hana, { title: 'Short-lived' })).id
    const [liked, said] = [(await like(ivo, id)).id, (await createComment(ivo, id)).id]
    expect((await hana.delete(`/posts/${id}/`)).status).toBe(204)
    expect((await anyone.get(`/likes/${liked}/`)).body).toEqual(NOT_FOUND)
    expect((await anyone.get(`/comments/${said}/`)).body).toEqual(NOT_FOUND)
    expect((await anyone.get(`/comments/?post=${id}`)).body).toEqual({ post: [NOT_A_CHOICE] })
    expect((await anyone.get(`/posts/?liked=${ivo.id}`)).body.count).toBe(0)
    expect((await anyone.get(`/profiles/${hana.id}/`)).body.posts_count).toBe(0)
  })
})
