import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { anyone, call, download, form, ORIGIN, objectKeys, signUp, stored } from '../client'
import {
  DEFAULT_POST,
  DEFAULT_PROFILE,
  FORBIDDEN,
  NOT_A_FILE,
  NOT_AN_IMAGE,
  NOT_FOUND,
  NOT_SIGNED_IN,
} from '../fixtures/answers'
import { signUpCast } from '../fixtures/factories'
import { bmp, jpeg, noisePng, png, svg } from '../fixtures/images'
import { file } from '../fixtures/uploads'

const { alice, bob, carol } = await signUpCast()

const profileOf = (id: number) =>
  stored('select profile_name as name, profile_content as content, image from users where id = ?', id)

describe('/profiles/:id/ (ProfileDetailViewTests)', () => {
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
      image_width: null,
      image_height: null,
      image_thumbhash: null,
      is_owner: false,
      following_id: null,
      posts_count: 0,
      followers_count: 0,
      following_count: 0,
      posts: [],
      user_id: dave.id,
      is_private: false,
      message_policy: null,
      follow_request_id: null,
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
        expect(await send('/profiles/999999/', {})).toMatchObject({ status: 401, body: NOT_SIGNED_IN })
        expect(await send(path, {})).toMatchObject({ status: 401, body: NOT_SIGNED_IN })
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
    ['image a string', { image: 'https://example.com/image.png' }, { image: [NOT_A_FILE] }],
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

  it('an image shows wherever its owner does; a blank part keeps it', async () => {
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

  it("posts are the images of the owner's six newest posts", async () => {
    const grace = await signUp('grace')
    const path = `/profiles/${grace.id}/`
    const images: string[] = []
    const made: number[] = []
    for (let width = 1; width <= 8; width++) {
      const fields = width % 3 === 0 ? { title: 'x' } : { title: 'x', image: file(png(width, 1)) }
      const { body } = await grace.post('/posts/', form(fields))
      images.unshift(body.image)
      made.unshift(body.id)
    }
    expect((await anyone.get(path)).body).toMatchObject({ posts_count: 8, posts: images.slice(0, 6) })
    expect(images.slice(0, 6).filter((url) => url === DEFAULT_POST)).toHaveLength(2)
    const listed = (await anyone.get('/profiles/?page_size=1')).body.results[0]
    expect(listed).toMatchObject({ owner: 'grace', posts: images.slice(0, 6) })
    await grace.delete(`/posts/${made[0]}/`)
    expect((await anyone.get(path)).body).toMatchObject({ posts_count: 7, posts: images.slice(1, 7) })
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
