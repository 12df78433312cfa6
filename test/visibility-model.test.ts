/**
 * Blocks, mutes, private accounts, follows and requests, at random: after each of 5,000 steps the API is where a model is that has nothing but
 * arrays, and what somebody reads is what the model says they may see.
 */
import { expect, test } from 'vitest'
import type { Answer, Person } from './client'
import { signUp } from './client'
import { random } from './fixtures/random'

const STEPS = 5_000
const PEOPLE = 8
/** More of a kind are not made: lists fit on one page. */
const MOST = 60

const { below, pick, weighted } = random(20_261_130)

interface Post {
  id: number
  owner: number
}
interface Comment extends Post {
  post: number
}
interface Pair {
  id: number
  owner: number
  other: number
}

const people: Person[] = []
const model = {
  posts: [] as Post[],
  comments: [] as Comment[],
  likes: [] as Comment[],
  follows: [] as Pair[],
  requests: [] as Pair[],
  blocks: [] as Pair[],
  mutes: [] as Pair[],
  isPrivate: new Set<number>(),
  /** Pairs that have messages. */
  talks: new Set<string>(),
}

const has = (pairs: Pair[], owner: number, other: number) =>
  pairs.some((pair) => pair.owner === owner && pair.other === other)
const without = <T extends { id: number }>(rows: T[], id: number) => rows.filter((row) => row.id !== id)
const talkOf = (one: number, other: number) => `${Math.min(one, other)}-${Math.max(one, other)}`

/** What the viewer may see, as one would say it. */
const seesUser = (viewer: number, user: number) =>
  !has(model.blocks, viewer, user) && !has(model.blocks, user, viewer)
const isOpen = (viewer: number, user: number) =>
  !model.isPrivate.has(user) || viewer === user || has(model.follows, viewer, user)
const seesPost = (viewer: number, post: Post | undefined) =>
  post !== undefined && seesUser(viewer, post.owner) && isOpen(viewer, post.owner)
const postOf = (id: number) => model.posts.find((post) => post.id === id)
const seesComment = (viewer: number, { owner, post }: Comment) =>
  seesUser(viewer, owner) && seesPost(viewer, postOf(post))
const seesLike = (viewer: number, { owner, post }: Comment) =>
  seesUser(viewer, owner) && isOpen(viewer, owner) && seesPost(viewer, postOf(post))
const seesFollow = (viewer: number, { owner, other }: Pair) =>
  seesUser(viewer, owner) &&
  seesUser(viewer, other) &&
  (viewer === owner || viewer === other || (isOpen(viewer, owner) && isOpen(viewer, other)))

const person = (): Person => pick(people)
/** Of a kind that may have none. */
const some = <T>(rows: T[]): T | undefined => (rows.length > 0 ? pick(rows) : undefined)
const ids = (rows: { id: number }[]) => rows.map(({ id }) => id).sort((a, b) => a - b)
const shown = ({ body }: Answer) => ids(body.results ?? body)

async function expectStatus(answer: Promise<Answer>, status: number, what: string): Promise<Answer> {
  const got = await answer
  expect(got.status, `${what}: ${JSON.stringify(got.body)}`).toBe(status)
  return got
}

/** Deletes a row of one kind by somebody: 204 for whom the model says, 404 where it is not there for them, else 403. */
async function remove(
  path: string,
  by: Person,
  { isThere, may }: { isThere: boolean; may: boolean },
): Promise<boolean> {
  await expectStatus(by.delete(path), isThere ? (may ? 204 : 403) : 404, `${by.username} deletes ${path}`)
  return isThere && may
}

/** Adds somebody to a list, or takes them out. */
async function toggle(kind: 'blocks' | 'mutes', field: string, owner: Person, other: Person) {
  const listed = model[kind].find((pair) => pair.owner === owner.id && pair.other === other.id)
  if (listed) {
    await expectStatus(owner.delete(`/${kind}/${listed.id}/`), 204, kind)
    model[kind] = without(model[kind], listed.id)
    return
  }
  const mayFind = kind === 'blocks' ? !has(model.blocks, other.id, owner.id) : seesUser(owner.id, other.id)
  const isPossible = owner.id !== other.id && mayFind
  const answer = await expectStatus(
    owner.post(`/${kind}/`, { [field]: other.id }),
    isPossible ? 201 : 400,
    `${owner.username} ${kind} ${other.username}`,
  )
  if (!isPossible) return
  model[kind].push({ id: answer.body.id, owner: owner.id, other: other.id })
  if (kind === 'mutes') return
  const isBetween = (pair: Pair) =>
    (pair.owner === owner.id && pair.other === other.id) ||
    (pair.owner === other.id && pair.other === owner.id)
  model.follows = model.follows.filter((pair) => !isBetween(pair))
  model.requests = model.requests.filter((pair) => !isBetween(pair))
}

const WRITES = {
  async post(by: Person) {
    if (model.posts.length >= MOST) return WRITES.deletePost(by)
    const { body } = await expectStatus(by.post('/posts/', { title: 'A post' }), 201, 'post')
    model.posts.push({ id: body.id, owner: by.id })
  },
  async deletePost(by: Person) {
    const post = some(model.posts)
    if (!post) return
    const [isThere, may] = [seesPost(by.id, post), post.owner === by.id]
    if (!(await remove(`/posts/${post.id}/`, by, { isThere, may }))) return
    model.posts = without(model.posts, post.id)
    model.comments = model.comments.filter((comment) => comment.post !== post.id)
    model.likes = model.likes.filter((like) => like.post !== post.id)
  },
  async comment(by: Person) {
    const post = some(model.posts)
    if (!post || model.comments.length >= MOST) return WRITES.deleteComment(by)
    const status = seesPost(by.id, post) ? 201 : 400
    const { body } = await expectStatus(
      by.post('/comments/', { post: post.id, content: 'x' }),
      status,
      'comment',
    )
    if (status === 201) model.comments.push({ id: body.id, owner: by.id, post: post.id })
  },
  async deleteComment(by: Person) {
    const comment = some(model.comments)
    if (!comment) return
    const may = comment.owner === by.id || postOf(comment.post)?.owner === by.id
    if (await remove(`/comments/${comment.id}/`, by, { isThere: seesComment(by.id, comment), may }))
      model.comments = without(model.comments, comment.id)
  },
  async like(by: Person) {
    const post = some(model.posts)
    if (!post || model.likes.length >= MOST) return WRITES.unlike(by)
    const isLiked = model.likes.some((like) => like.owner === by.id && like.post === post.id)
    const status = seesPost(by.id, post) && !isLiked ? 201 : 400
    const { body } = await expectStatus(by.post('/likes/', { post: post.id }), status, 'like')
    if (status === 201) model.likes.push({ id: body.id, owner: by.id, post: post.id })
  },
  async unlike(by: Person) {
    const like = some(model.likes)
    if (!like) return
    const rights = { isThere: seesLike(by.id, like), may: like.owner === by.id }
    if (await remove(`/likes/${like.id}/`, by, rights)) model.likes = without(model.likes, like.id)
  },
  async follow(by: Person, other: Person) {
    const isNews = !has(model.follows, by.id, other.id) && !has(model.requests, by.id, other.id)
    const isPossible = by !== other && seesUser(by.id, other.id) && isNews
    const { body } = await expectStatus(
      by.post('/followers/', { followed: other.id }),
      isPossible ? 201 : 400,
      `${by.username} follows ${other.username}`,
    )
    if (!isPossible) return
    const asks = model.isPrivate.has(other.id)
    expect(body.id === 0, 'a request').toBe(asks)
    const rows = asks ? model.requests : model.follows
    rows.push({ id: asks ? body.request_id : body.id, owner: by.id, other: other.id })
  },
  async unfollow(by: Person) {
    const follow = some(model.follows)
    if (!follow) return
    const may = follow.owner === by.id || follow.other === by.id
    if (await remove(`/followers/${follow.id}/`, by, { isThere: seesFollow(by.id, follow), may }))
      model.follows = without(model.follows, follow.id)
  },
  async accept(by: Person) {
    const request = some(model.requests)
    if (!request) return
    const isTheirs = request.other === by.id
    const answer = await expectStatus(
      by.post(`/follow-requests/${request.id}/accept/`),
      isTheirs ? 200 : 404,
      'accept',
    )
    if (!isTheirs) return
    model.requests = without(model.requests, request.id)
    model.follows.push({ ...request, id: answer.body.id })
  },
  async refuse(by: Person) {
    const request = some(model.requests)
    if (!request) return
    const isTheirs = request.other === by.id || request.owner === by.id
    await expectStatus(by.delete(`/follow-requests/${request.id}/`), isTheirs ? 204 : 404, 'refuse')
    if (isTheirs) model.requests = without(model.requests, request.id)
  },
  async privacy(by: Person) {
    const is_private = below(2) === 0
    await expectStatus(by.patch(`/profiles/${by.id}/`, { is_private }), 200, 'privacy')
    if (is_private) {
      model.isPrivate.add(by.id)
      return
    }
    model.isPrivate.delete(by.id)
    const waiting = model.requests.filter(({ other }) => other === by.id)
    model.requests = model.requests.filter(({ other }) => other !== by.id)
    if (waiting.length === 0) return
    // Which ids they have, only the API knows.
    const { body } = await by.get(`/followers/?followed=${by.id}`)
    for (const { owner } of waiting) {
      const row = body.results.find((one: { owner: string }) => one.owner === nameOf(owner))
      model.follows.push({ id: row.id, owner, other: by.id })
    }
  },
  block: (by: Person, other: Person) => toggle('blocks', 'blocked', by, other),
  mute: (by: Person, other: Person) => toggle('mutes', 'muted', by, other),
  async write(by: Person, other: Person) {
    const status = by !== other && seesUser(by.id, other.id) ? 201 : 400
    await expectStatus(by.post(`/messages/${other.id}/send/`, { content: 'hello' }), status, 'write')
    if (status === 201) model.talks.add(talkOf(by.id, other.id))
  },
}

const nameOf = (id: number) => people.find((one) => one.id === id)?.username

/** A list by somebody's id: nothing of theirs where they are not open, and 400 where they are not there. */
async function expectListOf(viewer: Person, of: Person, path: string, expected: { id: number }[]) {
  const isThere = seesUser(viewer.id, of.id)
  const answer = await expectStatus(viewer.get(path), isThere ? 200 : 400, `${viewer.username} ${path}`)
  if (isThere)
    expect(shown(answer), `${viewer.username} ${path}`).toEqual(isOpen(viewer.id, of.id) ? ids(expected) : [])
}

async function expectList(viewer: Person, path: string, expected: { id: number }[]) {
  const answer = await expectStatus(viewer.get(path), 200, `${viewer.username} ${path}`)
  expect(shown(answer), `${viewer.username} ${path}`).toEqual(ids(expected))
}

const size = 'page_size=100'
const listed = (viewer: number, post: Post) => seesPost(viewer, post) && !has(model.mutes, viewer, post.owner)

const READS = {
  posts: (by: Person) =>
    expectList(
      by,
      pick([`/posts/?${size}`, `/posts/?${size}&ordering=-likes_count`, `/posts/?${size}&search=post`]),
      model.posts.filter((post) => listed(by.id, post)),
    ),
  postsOf: (by: Person, other: Person) =>
    expectListOf(
      by,
      other,
      `/posts/?${size}&owner=${other.id}`,
      model.posts.filter((post) => post.owner === other.id && seesPost(by.id, post)),
    ),
  feed: (by: Person, other: Person) =>
    expectListOf(
      by,
      other,
      `/posts/?${size}&followed=${other.id}`,
      model.posts.filter((post) => has(model.follows, other.id, post.owner) && listed(by.id, post)),
    ),
  liked: (by: Person, other: Person) =>
    expectListOf(
      by,
      other,
      `/posts/?${size}&liked=${other.id}`,
      model.posts.filter(
        (post) =>
          model.likes.some((like) => like.owner === other.id && like.post === post.id) && listed(by.id, post),
      ),
    ),
  comments: (by: Person) =>
    expectList(
      by,
      `/comments/?${size}`,
      model.comments.filter((one) => seesComment(by.id, one) && !has(model.mutes, by.id, one.owner)),
    ),
  likes: (by: Person) =>
    expectList(
      by,
      `/likes/?${size}`,
      model.likes.filter((like) => seesLike(by.id, like)),
    ),
  likesBy: (by: Person, other: Person) =>
    expectListOf(
      by,
      other,
      `/likes/?${size}&owner=${other.id}`,
      model.likes.filter((like) => like.owner === other.id && seesLike(by.id, like)),
    ),
  follows: (by: Person) =>
    expectList(
      by,
      '/followers/',
      model.follows.filter((pair) => seesFollow(by.id, pair)),
    ),
  followersOf: (by: Person, other: Person) =>
    expectListOf(
      by,
      other,
      `/followers/?followed=${other.id}`,
      model.follows.filter((pair) => pair.other === other.id && seesFollow(by.id, pair)),
    ),
  profiles: (by: Person) =>
    expectList(
      by,
      pick(['/profiles/', '/profiles/most_followed/', '/users/?page_size=100']),
      people.filter((one) => seesUser(by.id, one.id)),
    ),
  whoFollows: (by: Person, other: Person) =>
    expectListOf(
      by,
      other,
      `/profiles/?owner__following__followed__profile=${other.id}`,
      people.filter((one) =>
        model.follows.some(
          (pair) => pair.owner === one.id && pair.other === other.id && seesFollow(by.id, pair),
        ),
      ),
    ),
  talks: (by: Person) =>
    expectList(
      by,
      '/messages/',
      people.filter((one) => model.talks.has(talkOf(by.id, one.id)) && seesUser(by.id, one.id)),
    ),
  async requests(by: Person) {
    await expectList(
      by,
      '/follow-requests/',
      model.requests.filter(({ other }) => other === by.id),
    )
  },
  async details(by: Person, other: Person) {
    const status = seesUser(by.id, other.id) ? 200 : 404
    await expectStatus(by.get(`/profiles/${other.id}/`), status, 'profile')
    for (const [path, isThere] of [
      ...model.posts.map((one) => [`/posts/${one.id}/`, seesPost(by.id, one)] as const),
      ...model.comments.map((one) => [`/comments/${one.id}/`, seesComment(by.id, one)] as const),
      ...model.likes.map((one) => [`/likes/${one.id}/`, seesLike(by.id, one)] as const),
      ...model.follows.map((one) => [`/followers/${one.id}/`, seesFollow(by.id, one)] as const),
    ].filter(() => below(40) === 0))
      await expectStatus(by.get(path), isThere ? 200 : 404, `${by.username} ${path}`)
  },
}

const weights = <K extends string>(
  kinds: Record<K, unknown>,
  weight: number,
  others: Partial<Record<K, number>> = {},
) =>
  Object.fromEntries(Object.keys(kinds).map((kind) => [kind, others[kind as K] ?? weight])) as Record<
    K,
    number
  >

test(`${STEPS} steps, each as the model has it`, { timeout: 600_000 }, async () => {
  for (let i = 0; i < PEOPLE; i++) people.push(await signUp(`person${i}`))
  const writes = weights(WRITES, 3, { follow: 8, block: 1, mute: 1, privacy: 1, accept: 4 })
  const reads = weights(READS, 1)
  for (let i = 0; i < STEPS; i++) {
    const [by, other] = [person(), person()]
    if (i % 2 === 0) await WRITES[weighted(writes)](by, other)
    else await READS[weighted(reads)](by, other)
  }
  // A world in which nothing is hidden, or nothing left, would prove little.
  expect(Math.min(model.posts.length, model.follows.length, model.blocks.length)).toBeGreaterThan(2)
})
