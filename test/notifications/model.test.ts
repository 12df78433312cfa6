/** Four people do a thousand things at random; after each, everybody is told exactly what a model of all this says. */
import { beforeAll, expect, test } from 'vitest'
import { REPLY } from '../../src/db/kept/notifications'
import { type Kind, LIKE_DELAY_MS } from '../../src/db/notification-kinds'
import { type Person, signUp, stored } from '../client'
import { createComment, createPost, follow, like } from '../fixtures/factories'
import { random } from '../fixtures/random'

const STEPS = 400

interface Told {
  kind: Kind
  /** What it goes with. */
  cause: object
  actor: Person
  post: number | null
  /** A like appears once a minute has passed. */
  isTold: boolean
  isSeen: boolean
}
interface Post {
  id: number
  owner: Person
}
interface Comment {
  id: number
  owner: Person
  post: Post
}
interface Pair {
  id: number
  owner: Person
  other: Person
}

let people: Person[]
/** By recipient, oldest first. */
const told = new Map<Person, Told[]>()
const posts = new Set<Post>()
const comments = new Set<Comment>()
const likes = new Set<{ id: number; owner: Person; post: Post }>()
const follows = new Set<Pair>()

beforeAll(async () => {
  people = []
  for (const name of ['ann', 'ben', 'cleo', 'dan', 'eve', 'fay', 'gus']) people.push(await signUp(name))
  for (const person of people) told.set(person, [])
})

const toldTo = (person: Person) => told.get(person) ?? []
function tell(recipient: Person, actor: Person, kind: Kind, cause: object, post: Post | undefined) {
  if (recipient === actor) return
  toldTo(recipient).push({
    ...{ kind, cause, actor, post: post?.id ?? null },
    isTold: kind !== 'like',
    isSeen: false,
  })
}
function forget(cause: object, except: Person[] = []) {
  for (const [person, all] of told)
    if (!except.includes(person))
      told.set(
        person,
        all.filter((one) => one.cause !== cause),
      )
}

/** Those who are told of a comment on the post because they have commented, before it is added. */
function repliers(post: Post, owner: Person, named: Person[]): Person[] {
  const newest = [...comments].filter((one) => one.post === post).slice(-REPLY.comments)
  const others = newest.reverse().map((one) => one.owner)
  return [...new Set(others)]
    .filter((one) => one !== owner && one !== post.owner && !named.includes(one))
    .slice(0, REPLY.recipients)
}

test(`${STEPS} things at random`, { timeout: 300_000 }, async () => {
  const { below, pick: pickOf } = random(20_261_130)
  const pick = <T>(all: Iterable<T>): T | undefined => {
    const list = [...all]
    return list.length > 0 ? pickOf(list) : undefined
  }
  const somebody = () => pickOf(people)
  const text = () => {
    const named = [...new Set([somebody(), somebody()])].slice(0, below(3))
    return { named, content: ['look', ...named.map(({ username }) => `@${username}`)].join(' ') }
  }

  const actions: Record<string, () => Promise<void>> = {
    async post() {
      const owner = somebody()
      const { named, content } = text()
      const post = { id: (await createPost(owner, { content })).id, owner }
      posts.add(post)
      for (const person of named) tell(person, owner, 'post_mention', post, post)
    },
    async comment() {
      const [owner, post] = [somebody(), pick(posts)]
      if (!post) return
      const { named, content } = text()
      const told = repliers(post, owner, named)
      const comment = { id: (await createComment(owner, post.id, { content })).id, owner, post }
      comments.add(comment)
      tell(post.owner, owner, 'comment', comment, post)
      for (const person of told) tell(person, owner, 'reply', comment, post)
      for (const person of named)
        if (person !== post.owner) tell(person, owner, 'comment_mention', comment, post)
    },
    async like() {
      const [owner, post] = [somebody(), pick(posts)]
      if (!post || [...likes].some((one) => one.owner === owner && one.post === post)) return
      const made = { id: (await like(owner, post.id)).id, owner, post }
      likes.add(made)
      tell(post.owner, owner, 'like', made, post)
    },
    async follow() {
      const [owner, other] = [somebody(), somebody()]
      if (owner === other || [...follows].some((one) => one.owner === owner && one.other === other)) return
      const made = { id: (await follow(owner, other)).id, owner, other }
      follows.add(made)
      tell(other, owner, 'follow', made, undefined)
    },
    async edit() {
      const post = pick(posts)
      if (!post) return
      const { named, content } = text()
      expect((await post.owner.patch(`/posts/${post.id}/`, { content })).status).toBe(200)
      forget(post, named)
      for (const person of named)
        if (!toldTo(person).some(({ cause }) => cause === post))
          tell(person, post.owner, 'post_mention', post, post)
    },
    async unlike() {
      const one = pick(likes)
      if (one) await take('likes', one, likes)
    },
    async unfollow() {
      const one = pick(follows)
      if (one) await take('followers', one, follows)
    },
    async uncomment() {
      const one = pick(comments)
      if (one) await take('comments', one, comments)
    },
    async unpost() {
      const post = pick(posts)
      if (!post || below(2) === 0) return
      await take('posts', post, posts)
      for (const all of [comments, likes])
        for (const one of all)
          if (one.post === post) {
            all.delete(one as never)
            forget(one)
          }
    },
    async minute() {
      await stored('update notifications set seq = seq - ?', LIKE_DELAY_MS)
      await stored(
        'update users set notifications_seen_to = notifications_seen_to - ?1, likes_seen_to = likes_seen_to - ?1',
        LIKE_DELAY_MS,
      )
      for (const one of [...told.values()].flat()) one.isTold = true
    },
    async see() {
      const person = somebody()
      const group = pick((await person.get('/notifications/')).body.results as Group[])
      if (!group) return
      const all = toldTo(person)
      const isIn = (one: Told) =>
        one.isTold && one.kind === group.kind && one.post === group.post && one.isSeen === group.is_seen
      const upTo = all.findLastIndex(isIn)
      expect(all[upTo]?.actor.id).toBe(group.actors[0]?.id)
      for (const one of all.slice(0, upTo + 1)) if (one.isTold) one.isSeen = true
      const { status, body } = await person.post('/notifications/seen/', { up_to: group.id })
      expect([status, body]).toEqual([200, { notifications: unseen(person), messages: 0 }])
    },
  }
  async function take<T extends { id: number; owner: Person }>(path: string, one: T, all: Set<T>) {
    expect((await one.owner.delete(`/${path}/${one.id}/`)).status).toBe(204)
    all.delete(one)
    forget(one)
  }

  const names = Object.keys(actions)
  for (let step = 0; step < STEPS; step++) {
    const name = pickOf(names)
    await actions[name]?.()
    const person = somebody()
    const what = `step ${step}, ${name}`
    expect(await shownTo(person, 1 + below(6)), what).toEqual(expectedOf(person))
    expect((await person.get('/notifications/unread/')).body, what).toEqual({
      notifications: unseen(person),
      messages: 0,
    })
  }
  for (const person of people) expect(await shownTo(person, 100)).toEqual(expectedOf(person))
})

interface Group {
  id: number
  kind: Kind
  post: number | null
  actors: { id: number }[]
  count: number
  is_seen: boolean
}

const unseen = (person: Person) => toldTo(person).filter(({ isTold, isSeen }) => isTold && !isSeen).length

/** How many of each kind about each post, seen or not. */
function sums(all: { kind: Kind; post: number | null; isSeen: boolean; count: number }[]) {
  const found: Record<string, number> = {}
  for (const { kind, post, isSeen, count } of all) {
    const name = `${kind} ${post} ${isSeen ? 'seen' : 'new'}`
    found[name] = (found[name] ?? 0) + count
  }
  return found
}

const expectedOf = (person: Person) =>
  sums(
    toldTo(person)
      .filter(({ isTold }) => isTold)
      .map((one) => ({ ...one, count: 1 })),
  )

/** All pages of the list. */
async function shownTo(person: Person, size: number) {
  const groups: Group[] = []
  for (let url: string | null = `/notifications/?page_size=${size}`; url; ) {
    const { body }: Awaited<ReturnType<Person['get']>> = await person.get(url)
    expect(body.results.length).toBeLessThanOrEqual(size)
    groups.push(...body.results)
    url = body.next
  }
  expect(groups.map(({ id }) => id)).toEqual(groups.map(({ id }) => id).toSorted((one, two) => two - one))
  return sums(groups.map((one) => ({ ...one, isSeen: one.is_seen })))
}
