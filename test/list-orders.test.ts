/** Every list in every order: what its cursors lead through, and what they are refused for. */
import { beforeAll, describe, expect, test } from 'vitest'
import { type Client, type Person, signUp } from './client'

let alice: Person
let bob: Person
let carol: Person

const SIZE = 3

/** The lists, each with a filter or an order of its own. */
function lists(): string[] {
  const fields = (names: string[]) => names.flatMap((name) => [name, `-${name}`])
  return [
    '/users/?',
    '/comments/?',
    `/comments/?post=1`,
    '/likes/?',
    '/followers/?',
    `/followers/?followed=${alice.id}`,
    `/followers/?owner=${alice.id}`,
    ...fields(['created_at', 'likes_count', 'comments_count', 'likes__created_at']).map(
      (order) => `/posts/?ordering=${order}`,
    ),
    `/posts/?owner=${alice.id}`,
    `/posts/?owner=${alice.id}&ordering=-likes_count`,
    `/posts/?followed=${bob.id}`,
    `/posts/?followed=${bob.id}&ordering=comments_count`,
    `/posts/?liked=${bob.id}`,
    `/posts/?liked=${bob.id}&ordering=likes__created_at`,
    `/posts/?search=post&ordering=-comments_count`,
    '/posts/?search=post',
    '/profiles/?',
    ...fields([
      'posts_count',
      'followers_count',
      'following_count',
      'owner__following__created_at',
      'owner__followed__created_at',
    ]).map((order) => `/profiles/?ordering=${order}`),
    '/profiles/?ordering=posts_count,-followers_count',
    `/profiles/?owner__following__followed__profile=${alice.id}&ordering=-posts_count`,
    `/messages/${bob.id}/?`,
  ]
}

beforeAll(async () => {
  alice = await signUp('alice')
  bob = await signUp('bob')
  carol = await signUp('carol')
  const more = await Promise.all(['dave', 'erin', 'frank', 'grace'].map((name) => signUp(name)))
  const people = [alice, bob, carol, ...more]
  const posts: number[] = []
  for (let i = 0; i < 14; i++) {
    const owner = people[i % 3] ?? alice
    posts.push((await owner.post('/posts/', { title: `post ${i}` })).body.id)
  }
  for (const [i, post] of posts.entries()) {
    for (const fan of people.slice(0, i % 3)) await fan.post('/likes/', { post })
    await bob.post('/likes/', { post })
    for (let n = 0; n < i % 4; n++) await carol.post('/comments/', { post, content: `comment ${n}` })
  }
  for (let n = 0; n < 6; n++) await alice.post('/comments/', { post: posts[0], content: `more ${n}` })
  for (const one of people)
    for (const other of people) if (one !== other) await one.post('/followers/', { followed: other.id })
  for (let n = 0; n < 8; n++) await alice.post(`/messages/${bob.id}/send/`, { content: `hello ${n}` })
})

/** Follows `next` from the first page at a cursor on. */
async function walk(viewer: Client, path: string): Promise<number[]> {
  const ids: number[] = []
  let next: string | null = `${path}&page_size=${SIZE}&cursor=`
  while (next) {
    const { status, body } = await viewer.get(next)
    expect(status, next).toBe(200)
    ids.push(...body.results.map(({ id }: { id: number }) => id))
    next = body.next
  }
  return ids
}

/** The cursor of a list's second page. */
async function cursorOf(path: string): Promise<string> {
  const { body } = await alice.get(`${path}&page_size=${SIZE}&cursor=`)
  expect(body.next, `${path} has more than one page`).not.toBeNull()
  return new URL(body.next).searchParams.get('cursor') ?? ''
}

describe('a cursor', () => {
  test('leads through the whole list, in the order of its pages', async () => {
    for (const path of lists()) {
      const whole = (await alice.get(`${path}&page_size=100`)).body.results.map(
        ({ id }: { id: number }) => id,
      )
      expect(await walk(alice, path), path).toEqual(whole)
    }
  })

  test('of another list, filter or order is refused', async () => {
    const paths = lists()
    const cursors = await Promise.all(paths.map(cursorOf))
    for (const [i, path] of paths.entries()) {
      for (const [k, cursor] of cursors.entries()) {
        if (k === i) continue
        const { status, body } = await alice.get(`${path}&cursor=${cursor}`)
        expect([status, body], `${paths[k]} at ${path}`).toEqual([400, { cursor: ['Invalid cursor.'] }])
      }
    }
  })

  test('of another shape is refused', async () => {
    const written = (values: unknown[]) =>
      new TextEncoder().encode(JSON.stringify(values)).toBase64({ alphabet: 'base64url', omitPadding: true })
    for (const path of lists()) {
      const values = JSON.parse(atob((await cursorOf(path)).replaceAll('-', '+').replaceAll('_', '/')))
      for (const forged of [
        [...values, 9],
        values.slice(0, -1),
        values.slice(0, 1),
        [],
        values.map((value: unknown) => (typeof value === 'number' ? `${value}` : value)),
        values.map((value: unknown) => (typeof value === 'number' ? value + 0.5 : value)),
        [values],
      ]) {
        const { status } = await alice.get(`${path}&cursor=${written(forged)}`)
        expect(status, `${path}: ${JSON.stringify(forged)}`).toBe(400)
      }
    }
  })
})
