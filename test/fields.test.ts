/** A field of a body is stored by every write that takes it and shown by every answer: see fixtures/fields.ts. */
import { beforeAll, describe, expect, it } from 'vitest'
import type * as z from 'zod/mini'
import { AUTH } from './auth-helpers'
import { type Answer, anyone, type Client, client, PASSWORD, type Person, signUp } from './client'
import { bodyOf, createComment, createPost, sendMessage, signUpPair } from './fixtures/factories'
import {
  COMMENTS,
  type Fields,
  MESSAGES,
  POSTS,
  PROFILES,
  type Resource,
  USERS,
  unique,
  type Write,
} from './fixtures/fields'
import { listen } from './sockets'

type Shown = Answer['body']
type Change = Exclude<Write, 'create'>

/** One that exists: who may change it, at which path, and what the answer that made it shows. */
interface Made {
  owner: Client & { id: number }
  path: string
  shown: Shown
}

interface Served {
  resource: Resource
  create: (fields: Fields) => Promise<Made>
  /** Where it is shown, besides the answers to writes. */
  views: Record<string, (made: Made) => Promise<Shown>>
  /** What of its fields a view shows that does not show all. */
  partly?: Record<string, string[]>
}

let alice: Person
beforeAll(async () => {
  alice = await signUp('alice')
})

const make = { post: async () => (await createPost(alice)).id }

const get = async ({ owner, path }: Made) => (await owner.get(path)).body
/** As a list shows it, which may be of anything that has an id. */
const listed =
  (list: string, idOf = ({ shown }: Made): number => shown.id) =>
  async (made: Made) =>
    (await made.owner.get(list)).body.results.find(({ id }: { id: number }) => id === idOf(made))

const SERVED: Record<string, Served> = {
  posts: {
    resource: POSTS,
    async create(fields) {
      const shown = await createPost(alice, fields)
      return { owner: alice, path: `/posts/${shown.id}/`, shown }
    },
    views: {
      'GET /posts/:id/': get,
      'GET /posts/': listed('/posts/'),
      'GET /posts/ with a filter': (made) => listed(`/posts/?owner=${alice.id}`)(made),
      'GET /posts/ with a search': listed('/posts/?search=alice'),
    },
  },
  comments: {
    resource: COMMENTS,
    async create({ post, ...fields }) {
      const shown = await createComment(alice, Number(post ?? (await make.post())), fields)
      return { owner: alice, path: `/comments/${shown.id}/`, shown }
    },
    views: { 'GET /comments/:id/': get, 'GET /comments/': listed('/comments/') },
  },
  profiles: {
    resource: PROFILES,
    async create(fields) {
      const owner = await signUp(unique())
      const path = `/profiles/${owner.id}/`
      return { owner, path, shown: (await owner.put(path, bodyOf(fields))).body }
    },
    views: {
      'GET /profiles/:id/': get,
      'GET /profiles/': listed('/profiles/'),
      'GET /profiles/most_followed/': listed('/profiles/most_followed/'),
    },
  },
  messages: {
    resource: MESSAGES,
    async create(fields) {
      const [owner, other] = await signUpPair()
      const shown = await sendMessage(owner, other, { ...MESSAGES.required, ...fields })
      return { owner, path: `/messages/${shown.id}/update/`, shown }
    },
    views: {
      'GET /messages/:id/': (made) => listed(`/messages/${made.shown.recipient}/`)(made),
      async 'the WebSocket'({ owner, shown }) {
        const socket = await listen(owner, { id: shown.recipient }, { since: 0 })
        const { message } = await socket.until('message')
        socket.close()
        return message
      },
    },
  },
  users: {
    resource: USERS,
    async create({ first_name, last_name, ...fields }) {
      const registration = { ...USERS.required, username: unique(), ...fields }
      const { body } = await anyone.post(`${AUTH}/registration/`, registration)
      const headers = { authorization: `Bearer ${body.access_token}` }
      const owner = { ...client(headers), id: body.user.pk }
      const path = `${AUTH}/user/`
      if (first_name === undefined && last_name === undefined) return { owner, path, shown: body.user }
      return { owner, path, shown: (await owner.patch(path, { first_name, last_name })).body }
    },
    views: {
      'GET /dj-rest-auth/user/': get,
      async 'POST /dj-rest-auth/login/'({ shown: { username } }) {
        return (await anyone.post(`${AUTH}/login/`, { username, password: PASSWORD })).body.user
      },
      'GET /users/:id/': async ({ owner }) => (await owner.get(`/users/${owner.id}/`)).body,
      'GET /users/': listed('/users/?page_size=100', ({ owner }) => owner.id),
    },
    partly: { 'GET /users/:id/': ['username'], 'GET /users/': ['username'] },
  },
}

/** Whether a write takes a field, as the fixture says. */
const takes = (resource: Resource, write: Write, name: string) =>
  resource.fields[name]?.writes?.includes(write) ?? true

async function samplesOf({ fields }: Resource): Promise<Record<'first' | 'second', Fields>> {
  const samples = await Promise.all(
    Object.entries(fields).map(async ([name, field]) => [name, await field.samples(make)] as const),
  )
  return {
    first: Object.fromEntries(samples.map(([name, [first]]) => [name, first])),
    second: Object.fromEntries(samples.map(([name, [, second]]) => [name, second])),
  }
}

/** What an answer shows of these values; all that it may show, or of the named fields only. */
async function shownOf({ fields }: Resource, sent: Fields, only = Object.keys(fields)): Promise<Fields> {
  const shown = Object.entries(sent).flatMap(([name, value]) => {
    const field = fields[name]
    return field && !field.isSecret && only.includes(name) ? [[name, field.shown?.(value) ?? value]] : []
  })
  return Object.fromEntries(await Promise.all(shown.map(async ([name, value]) => [name, await value])))
}

/** Every view shows these values. */
async function expectViews({ resource, views, partly = {} }: Served, made: Made, sent: Fields) {
  for (const [view, show] of Object.entries(views)) {
    expect(await show(made), view).toMatchObject(await shownOf(resource, sent, partly[view]))
  }
}

describe.each(Object.entries(SERVED))('the fields of %s', (_, served) => {
  const { resource } = served
  const { create, put, patch } = resource.bodies
  const changes: [Change, z.ZodMiniObject][] = [
    ['put', put],
    ['patch', patch],
  ]
  const writes: [Write, z.ZodMiniObject][] = create ? [['create', create], ...changes] : changes
  // What is created with something else is given its fields by a PUT.
  const making = create ? 'create' : 'put'

  it.each(writes)('of %s are in the fixture, all of them and no others', (write, schema) => {
    const known = Object.keys(resource.fields).filter((name) => takes(resource, write, name))
    const elsewhere = resource.triedElsewhere?.[write === 'create' ? 'create' : 'change'] ?? []
    expect(Object.keys(schema.shape).sort()).toEqual([...known, ...elsewhere].sort())
  })

  it('have samples that differ from each other, and from what is shown of a field never sent', async () => {
    const { first, second } = await samplesOf(resource)
    const untouched = (await served.create({})).shown
    for (const name of Object.keys(await shownOf(resource, first))) {
      const [a, b] = [await shownOf(resource, first, [name]), await shownOf(resource, second, [name])]
      expect(a).not.toEqual(b)
      // Of yes and no one is what is shown anyway.
      const news = Object.values(b).includes(false) ? [a] : [a, b]
      for (const sample of news) expect(untouched).not.toMatchObject(sample)
    }
  })

  it('are stored where it is made, and shown everywhere', async () => {
    const { first } = await samplesOf(resource)
    const taken = Object.fromEntries(Object.entries(first).filter(([name]) => takes(resource, making, name)))
    const made = await served.create(taken)
    expect(made.shown).toMatchObject(await shownOf(resource, taken))
    await expectViews(served, made, taken)
  })

  describe.each(changes)('%s', (write, schema) => {
    const names = Object.keys(schema.shape).filter((name) => takes(resource, write, name))
    const required = (schema.safeParse({}).error?.issues ?? []).map(({ path: [name] }) => String(name))

    it.each(names)('stores %s alone and keeps the others', async (name) => {
      const { first, second } = await samplesOf(resource)
      const made = await served.create(first)
      const change = { [name]: second[name] }
      for (const other of required) change[other] ??= first[other]
      const answer = await made.owner[write](made.path, bodyOf(change))
      const changed = { ...first, ...change }
      expect(answer.status, JSON.stringify(answer.body)).toBe(200)
      expect(answer.body).toMatchObject(await shownOf(resource, changed))
      await expectViews(served, { ...made, shown: answer.body }, changed)
    })
  })
})
