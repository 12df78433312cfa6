import { createExecutionContext, createScheduledController, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import worker from '../../src/index'
import {
  anyone,
  deleteByHand,
  download,
  form,
  ORIGIN,
  objectKeys,
  type Person,
  signUp,
  stored,
} from '../client'
import { d1Error } from '../faulty-db'
import { UNAVAILABLE } from '../fixtures/answers'
import { ascii, concat } from '../fixtures/images'
import {
  type Bytes,
  broken,
  bucketWith,
  file,
  freshPng,
  gone,
  hashOf,
  imageRow,
  isStored,
  sha256,
} from '../fixtures/uploads'

const [alice, bob] = await Promise.all([signUp('alice'), signUp('bob')])

const upload = (person: Person, bytes: Bytes, title = 'An image') =>
  person.post('/posts/', form({ title, image: file(bytes) }))

async function post(person: Person, bytes: Bytes): Promise<{ id: number; image: string; hash: string }> {
  const { status, body } = await upload(person, bytes)
  expect(status, JSON.stringify(body)).toBe(201)
  return { ...body, hash: hashOf(body.image) }
}

/** Runs the scheduled handler. */
async function sweep(bindings = env) {
  await worker.scheduled(createScheduledController(), bindings)
}

/** One request to a Worker with these bindings, to the end of all that it does. */
async function callWith(bindings: Partial<typeof env>, method: string, path: string, body?: FormData) {
  const context = createExecutionContext()
  const request = new Request(`${ORIGIN}${path}`, { method, headers: alice.headers, body: body ?? null })
  const response = await worker.fetch(request, { ...env, ...bindings }, context)
  const text = await response.text()
  await waitOnExecutionContext(context)
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : '' }
}

/** The database, with every batch after the first `good` ones failing. */
function databaseFailingAfter(good: number): D1Database {
  let calls = 0
  return new Proxy(env.DB, {
    get: (database, name) => {
      if (name !== 'withSession') return Reflect.get(database, name)
      return (constraint: string) => {
        const session = database.withSession(constraint)
        return new Proxy(session, {
          get: (target, method) => {
            const value: unknown = Reflect.get(target, method)
            if (method !== 'batch') return typeof value === 'function' ? value.bind(target) : value
            return (statements: D1PreparedStatement[]) =>
              ++calls > good ? Promise.reject(d1Error('Network connection lost.')) : target.batch(statements)
          },
        })
      }
    },
  })
}

describe('identical images', () => {
  it('are stored once, whoever sends them, with whatever metadata', async () => {
    const bytes = freshPng()
    const first = await post(alice, bytes)
    const second = await post(bob, bytes)
    const profile = await bob.patch(
      `/profiles/${bob.id}/`,
      form({ image: file(concat(bytes, ascii('more'))) }),
    )
    expect(second.image).toBe(first.image)
    expect(profile.body.image).toBe(first.image)
    expect(await imageRow(first.hash)).toEqual({ refs: 3, leases: 0, deleting_at: null })
    expect((await objectKeys()).filter((key) => key === first.hash)).toHaveLength(1)

    await alice.delete(`/posts/${first.id}/`)
    expect(await imageRow(first.hash)).toMatchObject({ refs: 2 })
    await bob.patch(`/posts/${second.id}/`, form({ image: file(freshPng()) }))
    expect(await imageRow(first.hash)).toMatchObject({ refs: 1, deleting_at: null })
    await sweep()
    expect((await download(first.image)).status).toBe(200)
    await bob.patch(`/profiles/${bob.id}/`, form({ image: file(freshPng()) }))
    await gone(first.hash)
    expect((await anyone.get(first.image)).status).toBe(404)
  })

  it('two that arrive at once', async () => {
    const bytes = freshPng()
    const made = await Promise.all([alice, bob, alice, bob, alice].map((person) => post(person, bytes)))
    const hash = made[0]?.hash ?? ''
    expect(new Set(made.map((each) => each.hash)).size).toBe(1)
    expect(await imageRow(hash)).toEqual({ refs: 5, leases: 0, deleting_at: null })
    await Promise.all(made.map(({ id }, i) => (i % 2 ? bob : alice).delete(`/posts/${id}/`)))
    await gone(hash)
  })

  it('putting the same image again keeps it', async () => {
    const bytes = freshPng()
    const { id, hash } = await post(alice, bytes)
    expect((await alice.patch(`/posts/${id}/`, form({ image: file(bytes) }))).status).toBe(200)
    expect(await imageRow(hash)).toEqual({ refs: 1, leases: 0, deleting_at: null })
    expect(await isStored(hash)).toBe(true)
  })
})

describe('images leave the bucket', () => {
  it('with their post, their profile’s new image, or the post’s', async () => {
    const deleted = await post(alice, freshPng())
    await alice.delete(`/posts/${deleted.id}/`)
    await gone(deleted.hash)

    const replaced = await post(alice, freshPng())
    const next = await alice.put(`/posts/${replaced.id}/`, form({ title: 'x', image: file(freshPng()) }))
    await gone(replaced.hash)
    expect(await isStored(hashOf(next.body.image))).toBe(true)

    const first = await alice.put(`/profiles/${alice.id}/`, form({ image: file(freshPng()) }))
    const second = await alice.put(`/profiles/${alice.id}/`, form({ image: file(freshPng()) }))
    await gone(hashOf(first.body.image))
    expect(await isStored(hashOf(second.body.image))).toBe(true)
  })

  it('with a user whose row was deleted by hand: the scheduled handler takes them', async () => {
    const carol = await signUp('carol')
    const shared = freshPng()
    const kept = await post(alice, shared)
    const posts = [await post(carol, freshPng()), await post(carol, freshPng()), await post(carol, shared)]
    const profile = await carol.put(`/profiles/${carol.id}/`, form({ image: file(freshPng()) }))
    await deleteByHand(carol.id)
    expect(await imageRow(posts[0]?.hash ?? '')).toMatchObject({ refs: 0 })
    await sweep()
    for (const { hash } of posts.slice(0, 2)) await gone(hash)
    await gone(hashOf(profile.body.image))
    expect(kept.hash).toBe(posts[2]?.hash)
    expect(await imageRow(kept.hash)).toEqual({ refs: 1, leases: 0, deleting_at: null })
    expect((await download(kept.image)).status).toBe(200)
  })
})

describe('when a store fails', () => {
  const MINUTES = 60_000
  /** As if so much time had passed for this image. */
  const age = (hash: string, time: number) =>
    env.DB.prepare(
      'update images set leased_until = leased_until - ?1, deleting_at = deleting_at - ?1 where hash = ?2',
    )
      .bind(time, hash)
      .run()
  const countPosts = async () => (await stored<{ n: number }>('select count(*) as n from posts'))[0]?.n

  it('R2 refuses an image: 503, no post, no claim; then it works', async () => {
    const bytes = freshPng()
    const hash = await sha256(bytes)
    const before = await countPosts()
    const fields = () => form({ title: 'x', image: file(bytes) })
    const answer = await callWith({ MEDIA: bucketWith({ put: broken }) }, 'POST', '/posts/', fields())
    expect(answer).toMatchObject({ status: 503, body: UNAVAILABLE })
    expect(await countPosts()).toBe(before)
    expect(await imageRow(hash)).toBeUndefined()
    expect(await isStored(hash)).toBe(false)
    expect((await alice.post('/posts/', fields())).status).toBe(201)
  })

  it('R2 refuses a new image: the post and the profile keep theirs', async () => {
    const { id, image, hash } = await post(alice, freshPng())
    const before = (await alice.get(`/profiles/${alice.id}/`)).body
    for (const path of [`/posts/${id}/`, `/profiles/${alice.id}/`]) {
      const fields = form({ title: 'lost', name: 'lost', image: file(freshPng()) })
      const answer = await callWith({ MEDIA: bucketWith({ put: broken }) }, 'PATCH', path, fields)
      expect(answer.status).toBe(503)
    }
    expect((await alice.get(`/posts/${id}/`)).body).toMatchObject({ title: 'An image', image })
    expect((await alice.get(`/profiles/${alice.id}/`)).body).toEqual(before)
    expect(await imageRow(hash)).toEqual({ refs: 1, leases: 0, deleting_at: null })
  })

  it('R2 refuses to delete: the client is not told, the scheduled handler does it later', async () => {
    const { id, hash } = await post(alice, freshPng())
    const failing = { MEDIA: bucketWith({ delete: broken }) }
    expect((await callWith(failing, 'DELETE', `/posts/${id}/`)).status).toBe(204)
    expect((await alice.get(`/posts/${id}/`)).status).toBe(404)
    expect(await isStored(hash)).toBe(true)
    expect(await imageRow(hash)).toMatchObject({ refs: 0, leases: 0, deleting_at: expect.any(Number) })
    await age(hash, 2 * MINUTES)
    await sweep({ ...env, ...failing })
    expect(await isStored(hash)).toBe(true)
    await age(hash, 2 * MINUTES)
    await sweep()
    await gone(hash)
  })

  it.each([
    ['young', 0],
    ['old', 2 * MINUTES],
  ])('an image whose deletion failed can be uploaded again while its mark is %s', async (_, ms) => {
    const bytes = freshPng()
    const { id, hash } = await post(alice, bytes)
    await callWith({ MEDIA: bucketWith({ delete: broken }) }, 'DELETE', `/posts/${id}/`)
    expect(await imageRow(hash)).toMatchObject({ refs: 0, leases: 0 })
    await age(hash, ms)
    const { status, body } = await upload(alice, bytes)
    expect(status).toBe(201)
    // The deletion arrives after all.
    await env.MEDIA.delete(hash)
    expect((await download(body.image)).status).toBe(200)
    await sweep()
    expect(await imageRow(hash)).toEqual({ refs: 1, leases: 0, deleting_at: null })
    expect(await isStored(hash)).toBe(true)
  })

  it('D1 fails after the image was put: 503, and no orphan in the end', async () => {
    const bytes = freshPng()
    const hash = await sha256(bytes)
    const before = await countPosts()
    const fields = form({ title: 'x', image: file(bytes) })
    const answer = await callWith({ DB: databaseFailingAfter(1) }, 'POST', '/posts/', fields)
    expect(answer).toMatchObject({ status: 503, body: UNAVAILABLE })
    expect(await countPosts()).toBe(before)
    expect(await isStored(hash)).toBe(true)
    // The upload may still be under way, for all that anybody knows.
    await sweep()
    expect(await isStored(hash)).toBe(true)
    await age(hash, 11 * MINUTES)
    await sweep()
    await gone(hash)
  })

  it('D1 fails once: the upload is undone at once', async () => {
    const bytes = freshPng()
    const person = await signUp('doomed')
    await env.DB.prepare(
      `create trigger refuse before insert on posts when new.title = 'refused' begin select raise(abort, 'refused'); end`,
    ).run()
    const answer = await upload(person, bytes, 'refused')
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(JSON.stringify(answer.body)).not.toMatch(/refused|SQL/)
    await env.DB.prepare('drop trigger refuse').run()
    await gone(await sha256(bytes))
  })

  it('D1 fails at once: nothing is put', async () => {
    const bytes = freshPng()
    const fields = form({ title: 'x', image: file(bytes) })
    const answer = await callWith({ DB: databaseFailingAfter(0) }, 'POST', '/posts/', fields)
    expect(answer.status).toBe(503)
    expect(await isStored(await sha256(bytes))).toBe(false)
  })

  it('an account that is gone uploads nothing', async () => {
    const bytes = freshPng()
    const ghost = await signUp('ghost')
    await env.DB.prepare('delete from users where id = ?').bind(ghost.id).run()
    expect(await upload(ghost, bytes)).toMatchObject({ status: 401, body: { code: 'user_not_found' } })
    expect(await isStored(await sha256(bytes))).toBe(false)
    expect(await imageRow(await sha256(bytes))).toBeUndefined()
  })
})

describe('races', () => {
  it('an upload against the deletion of the last reference: a post never shows an image that is gone', async () => {
    for (let round = 0; round < 8; round++) {
      const bytes = freshPng()
      const old = await post(alice, bytes)
      const [, made] = await Promise.all([
        alice.delete(`/posts/${old.id}/`),
        upload(bob, bytes),
        round % 2 ? sweep() : undefined,
      ])
      // 503 says "try again" where the deletion took longer than the upload was ready to wait.
      expect([201, 503]).toContain(made.status)
      if (made.status === 201) {
        expect((await download(made.body.image)).bytes).toEqual(bytes)
        expect(await imageRow(old.hash)).toEqual({ refs: 1, leases: 0, deleting_at: null })
      } else {
        await gone(old.hash)
      }
    }
  })

  it('a slow deletion: the upload waits for it, and puts the image again', async () => {
    const bytes = freshPng()
    const old = await post(alice, bytes)
    const slow = bucketWith({
      delete: async (keys) => {
        await new Promise((resolve) => setTimeout(resolve, 150))
        await env.MEDIA.delete(keys)
      },
    })
    const deletion = callWith({ MEDIA: slow }, 'DELETE', `/posts/${old.id}/`)
    await expect
      .poll(() => imageRow(old.hash), { interval: 5 })
      .toMatchObject({ deleting_at: expect.any(Number) })
    const made = await post(bob, bytes)
    await deletion
    expect((await download(made.image)).bytes).toEqual(bytes)
    expect(await imageRow(old.hash)).toEqual({ refs: 1, leases: 0, deleting_at: null })
  })

  it('a slow upload: neither a deletion nor the scheduled handler takes its image', async () => {
    const bytes = freshPng()
    const hash = await sha256(bytes)
    const slow = bucketWith({
      put: async (key: string, value: ArrayBuffer, options: R2PutOptions) => {
        const object = await env.MEDIA.put(key, value, options)
        await new Promise((resolve) => setTimeout(resolve, 150))
        return object
      },
    } as Partial<R2Bucket>)
    const fields = form({ title: 'x', image: file(bytes) })
    const uploading = callWith({ MEDIA: slow }, 'POST', '/posts/', fields)
    await expect.poll(() => isStored(hash), { interval: 5 }).toBe(true)
    await sweep()
    const other = await post(bob, bytes)
    await bob.delete(`/posts/${other.id}/`)
    const { status, body } = await uploading
    expect(status).toBe(201)
    expect((await download(body.image)).bytes).toEqual(bytes)
    expect(await imageRow(hash)).toEqual({ refs: 1, leases: 0, deleting_at: null })
  })
})

it('in the end the bucket holds what the rows show, and nothing else', async () => {
  await env.DB.prepare(
    'update images set leased_until = 0, deleting_at = case when deleting_at then 1 end',
  ).run()
  await sweep()
  const shown = await stored<{ image: string; n: number }>(
    `select image, count(*) as n from (select image from posts union all select image from users)
     where image is not null group by image order by image`,
  )
  // Each once, under its hash or, where a deletion was overtaken, a key made of it.
  expect((await objectKeys()).map((key) => key.replace(/\.\d+$/, '')).sort()).toEqual(
    shown.map(({ image }) => image),
  )
  expect(await stored('select hash, refs from images order by hash')).toEqual(
    shown.map(({ image, n }) => ({ hash: image, refs: n })),
  )
})
