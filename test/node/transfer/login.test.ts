/** Commands as people call them, and the Worker on what they wrote. */
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalServer, startLocal } from '../../../scripts/local-server'
import { inventObjects, PASSWORD, writeDump } from '../../../scripts/transfer/django/invent'
import { openLocalBucket } from '../../../scripts/transfer/local-bucket'
import { newPath } from './databases'
import { gif } from './doubles'

/** As much of the answers as is looked at. */
interface Body {
  user: { pk: number }
  access_token: string
  count: number
  results: { id: number; image: string; likes_count: number }[]
  image: string
}
interface Conversation {
  id: number
  unread_count: number
}

const SIZE = { users: 60, posts: 300, likes: 600, messages: 400 }
const all = [...inventObjects(SIZE)]
const of = (model: string) => all.filter((object) => object.model === model)

describe('people who come from the original', () => {
  const state = newPath('state')
  let server: LocalServer
  beforeAll(async () => {
    const dump = newPath('dump.json')
    writeDump(dump, all)
    server = await startLocal(state, () =>
      execFileSync('npm', [
        'run',
        '--silent',
        'import',
        '--',
        dump,
        '--media-url',
        'https://res.cloudinary.com/cloud/',
        '--persist-to',
        state,
      ]),
    )
  }, 180_000)
  afterAll(() => server?.stop())

  const get = async <T = Body>(path: string, token?: string) => {
    const answer = await fetch(`${server.origin}${path}`, {
      headers: token ? { authorization: `Bearer ${token}` } : {},
    })
    return { status: answer.status, body: await answer.json<T>() }
  }
  const logIn = async (username: unknown, password = PASSWORD) => {
    const answer = await fetch(`${server.origin}/dj-rest-auth/login/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    })
    return { status: answer.status, body: await answer.json<Body>() }
  }

  it('log in with their passwords, and no other', async () => {
    for (const { pk, fields } of of('auth.user').slice(5, 12)) {
      expect((await logIn(fields.username, 'Zx9!kkqwPlam')).status).toBe(400)
      // Once with the hash of the original, once with ours.
      for (let time = 0; time < 2; time++) {
        const { status, body } = await logIn(fields.username)
        expect([status, body.user.pk]).toEqual([200, pk])
      }
    }
  })

  it('see the posts that there were, in their order, with pictures where they were', async () => {
    const { body } = await get('/posts/?page_size=100')
    const newest = of('posts.post').toSorted(
      (a, b) => Date.parse(String(b.fields.created_at)) - Date.parse(String(a.fields.created_at)),
    )
    expect(body.count).toBe(SIZE.posts)
    expect(body.results.map(({ id }) => id)).toEqual(newest.slice(0, 100).map(({ pk }) => pk))
    const [first] = newest.filter(({ fields }) => String(fields.image).startsWith('media/'))
    const shown = body.results.find(({ id }) => id === first?.pk)
    expect(shown?.image).toBe(`https://res.cloudinary.com/cloud/image/upload/v1/${first?.fields.image}`)
    expect(shown?.likes_count).toBe(of('likes.like').filter(({ fields }) => fields.post === first?.pk).length)
    const defaults = body.results.find(
      ({ id }) => newest.find(({ pk }) => pk === id)?.fields.image === '../default_post_rgq6aq',
    )
    expect(defaults?.image).toMatch(/default_post_ovkj9a\.jpg$/)
  })

  it('keep an address where they send all of a post back', async () => {
    const post = of('posts.post').find(({ fields }) => String(fields.image).startsWith('media/'))
    const owner = of('auth.user').find(({ pk }) => pk === post?.fields.owner)
    const { body } = await logIn(owner?.fields.username)
    const before = (await get(`/posts/${post?.pk}/`)).body
    const answer = await fetch(`${server.origin}/posts/${post?.pk}/`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${body.access_token}` },
      body: JSON.stringify({ ...before, title: 'Another' }),
    })
    expect(answer.status).toBe(200)
    expect((await get(`/posts/${post?.pk}/`)).body).toMatchObject({ title: 'Another', image: before.image })
  })

  it('upload pictures into the bucket that a backup reads, and see those that a restore writes', async () => {
    const bucket = openLocalBucket(state, 'edge-social-api-media')
    const { body } = await logIn(of('auth.user')[20]?.fields.username)
    const form = new FormData()
    form.set('title', 'A pixel')
    form.set('image', new File([gif(1)], 'pixel.gif', { type: 'image/gif' }))
    const answer = await fetch(`${server.origin}/posts/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${body.access_token}` },
      body: form,
    })
    const { image } = await answer.json<Body>()
    const key = new URL(image).pathname.replace(/^.*\//, '')
    expect(await bucket.get(key)).toEqual({ bytes: gif(1), type: 'image/gif' })
    expect(await bucket.get('f'.repeat(64))).toBeUndefined()
    // Twice, as one that was stopped begins anew.
    for (const shade of [2, 3]) await bucket.put(key, { bytes: gif(shade), type: 'image/gif' })
    await bucket.close()
    const shown = await fetch(`${image}?again`)
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(gif(3))
  })

  it('find what is searched, and their conversations with what is unread', async () => {
    expect((await get('/posts/?search=user.8%40')).body.count).toBe(
      of('posts.post').filter(({ fields }) => fields.owner === 9).length,
    )
    const messages = of('messaging.message').filter(({ fields }) =>
      [fields.sender, fields.recipient].includes(4),
    )
    const { body } = await logIn(of('auth.user').find(({ pk }) => pk === 4)?.fields.username)
    const list = (await get<Conversation[]>('/messages/', body.access_token)).body
    const others = new Set(
      messages.map(({ fields }) => (fields.sender === 4 ? fields.recipient : fields.sender)),
    )
    expect(new Set(list.map(({ id }) => id))).toEqual(others)
    for (const { id, unread_count } of list) {
      const thread = messages.filter(({ fields }) => [fields.sender, fields.recipient].includes(id))
      expect(unread_count).toBe(thread.filter(({ fields }) => fields.recipient === 4 && !fields.read).length)
      const { results } = (await get(`/messages/${id}/`, body.access_token)).body
      expect(results.map((message) => message.id)).toEqual(thread.map(({ pk }) => pk))
    }
  })
})
