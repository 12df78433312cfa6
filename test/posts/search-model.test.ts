/** Search, against what anybody would write: `title.includes(word) || username.includes(word)`, without case, for every word. */
import { env } from 'cloudflare:workers'
import { beforeAll, expect, test } from 'vitest'
import { SEARCH_COUNT_LIMIT } from '../../src/posts/filtered-list'
import { type Answer, anyone, type Person, signUp } from '../client'
import { random } from '../fixtures/random'

const POSTS = 10_000
const QUERIES = 500
const PAGE = 100

// biome-ignore format: one word beside the other
const WORDS = [
  'Sunset', 'sunrise', 'SUN', 'sea', 'Seaside', 'a', 'I', 'of', 'to', 'the', 'The', 'Ünïcødé', 'ünïcødé', 'STRASSE', 'Straße', 'ΑΘΗΝΑ', 'Αθήνα',
  'ΟΔΟΣ', 'Москва', 'МОСКВА', '東京', '東京タワー', '海', '서울', 'café', 'cafe\u0301', 'İstanbul', 'ﬁre', '🌊', '👩‍👩‍👧', '🌊🌊🏄', '100%', '50_50',
  "don't", '"quoted"', '\\back', 'a*b', '(paren)', '-minus', 'col:on', 'AND', 'or', 'NOT', 'NEAR', '^caret', '{brace}', "'", '"', '%', '_', '\u0130',
]
const NAMES = [
  'alice',
  'Bob',
  'Ünï',
  'Ελένη',
  'мария',
  '太郎',
  'The.Sun',
  'sea_side',
  'x',
  'a+b@c',
  'NOT-me',
  'al',
]
/** What means something to SQL, LIKE or the index, and must mean nothing here. */
// biome-ignore format: one query beside the other
const HOSTILE = [
  '%', '_', '%%%', '___', '"', '""', '"""', "'", "''", "' OR 1=1", '*', 'sun*', 'title:sun', 'owner : bob', 'AND', 'sun AND', 'NOT sun', 'sun OR sea',
  'NEAR(sun sea)', '^sun', '(sun', 'sun)', '{title}: sun', '-sun', '+', '\\', '\\%', '"sun" sea', 'a"b', '-- ', ';', 'nothing has this', 'sun\u0000',
]

interface Post {
  id: number
  owner: number
  title: string
}

const { below, pick } = random(8_27)
const names = new Map<number, string>()
let posts: Post[]
let alice: Person

beforeAll(async () => {
  alice = await signUp('alice')
  names.set(alice.id, alice.username)
  for (const [i, name] of NAMES.slice(1).entries()) names.set(alice.id + 1 + i, name)
  const owners = [...names.keys()]
  posts = Array.from({ length: POSTS }, (_, i) => ({
    id: i + 1,
    owner: pick(owners),
    title: Array.from({ length: 1 + below(5) }, () => pick(WORDS)).join(pick([' ', ' ', '', ', '])) || 'x',
  }))
  const users = [...names].slice(1).map(([id, name]) => ({ id, name, key: lower(name) }))
  const rows = posts.map((post) => ({ ...post, key: lower(post.title) }))
  const insert = (query: string, values: unknown[]) => env.DB.prepare(query).bind(JSON.stringify(values))
  await env.DB.batch([
    insert(
      `insert into users (id, username, username_key, search_key, password_hash, created_at, profile_updated_at)
       select value ->> 'id', value ->> 'name', value ->> 'key', value ->> 'key', '', 0, 0 from json_each(?)`,
      users,
    ),
    ...[0, 1, 2, 3].map((part) =>
      insert(
        `insert into posts (id, owner_id, title, title_key, created_at, updated_at)
         select value ->> 'id', value ->> 'owner', value ->> 'title', value ->> 'key', 0, 0 from json_each(?)`,
        rows.filter(({ id }) => id % 4 === part),
      ),
    ),
  ])
})

/** What these words and names make of case and marks, spelled out letter by letter. */
const SAME: [string, string][] = [
  ['ß', 'ss'],
  ['ς', 'σ'],
  ['ﬁ', 'fi'],
  ['ï', 'i'],
  ['έ', 'ε'],
  ['ü', 'u'],
  ['ö', 'o'],
  ['é', 'e'],
  ['ή', 'η'],
  ['ώ', 'ω'],
  ['ί', 'ι'],
  ['ύ', 'υ'],
  ['ό', 'ο'],
  ['\u0301', ''],
  ['\u0307', ''],
  ['\u0308', ''],
  ['\u200d', ''],
]
const lower = (text: string) =>
  SAME.reduce(
    (folded, [letter, same]) => folded.replaceAll(letter, same),
    text.toLowerCase().normalize('NFC'),
  )

/** The ids of the posts that a search finds, newest first. */
function naive(search: string): number[] {
  const words = search
    .replaceAll('\0', '')
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .map(lower)
  return posts
    .filter(({ title, owner }) => {
      const [text, name] = [lower(title), lower(names.get(owner) ?? '')]
      return words.every((word) => text.includes(word) || name.includes(word))
    })
    .map(({ id }) => id)
    .sort((a, b) => b - a)
}

const path = (search: string) => `/posts/?search=${encodeURIComponent(search)}&page_size=${PAGE}`
const idsOf = ({ body }: Answer): number[] => body.results.map(({ id }: Post) => id)

async function compare(search: string) {
  const expected = naive(search)
  const answer = await anyone.get(path(search))
  expect(answer.status, search).toBe(200)
  const isExact = search
    .replaceAll('\0', '')
    .split(/[\s,]+/)
    .every((word) => [...lower(word)].length >= 3 || word === '')
  if (isExact) {
    expect(idsOf(answer), search).toEqual(expected.slice(0, PAGE))
    expect(answer.body.count, search).toBe(Math.min(expected.length, SEARCH_COUNT_LIMIT))
    expect(answer.body.next === null, search).toBe(expected.length <= PAGE)
  } else {
    // What no index serves looks at the newest posts and stops: what it finds is the beginning of all.
    const found = idsOf(answer)
    expect(found, search).toEqual(expected.slice(0, found.length))
    if (answer.body.next === null) expect(found.length, search).toBe(expected.length)
  }
  expect(answer.cost.read, search).toBeLessThanOrEqual(2500)
  return expected.length
}

/** A piece of a title or a name, in any case; now and then two, or one with something that nobody wrote. */
function query(): string {
  const text = [...pick([() => pick(posts).title, () => pick([...names.values()])])()]
  const start = below(text.length)
  const piece = text.slice(start, start + 1 + below(7)).join('')
  const cased = pick([piece, piece.toUpperCase(), piece.toLowerCase()])
  const more = [
    () => '',
    () => '',
    () => ` ${pick(WORDS)}`,
    () => `,${pick(NAMES).slice(0, 2)}`,
    () => pick(['q', ' zz', '!']),
  ]
  return cased + pick(more)()
}

test('500 queries find what the naive reference finds', async () => {
  const found = { nothing: 0, some: 0, thousands: 0 }
  for (let i = 0; i < QUERIES; i++) {
    const matches = await compare(query())
    found[matches === 0 ? 'nothing' : matches > 1000 ? 'thousands' : 'some'] += 1
  }
  // A generator that finds everything or nothing would prove little.
  expect(Math.min(...Object.values(found))).toBeGreaterThan(20)
})

test.each(HOSTILE)('%j is searched as it is written', async (search) => {
  await compare(search)
})

test.each(['sun', 'ü', '東京', '🌊', 'the se', 'the sunset', 'ΑΘΉ', '%'])(
  'pages by cursor of %s hold every match once',
  async (search) => {
    const expected = naive(search)
    expect(expected.length).toBeGreaterThan(PAGE)
    const seen: number[] = []
    let next: string | null = `${path(search)}&cursor=`
    while (next !== null) {
      const answer: Answer = await anyone.get(next)
      seen.push(...idsOf(answer))
      next = answer.body.next
    }
    expect(seen).toEqual(expected)
  },
)

test('pages by number go as deep as the bound allows, then on by cursor, and the last is the last of all', async () => {
  const expected = naive('sun')
  expect(expected.length).toBeGreaterThan(1200)
  const second = await anyone.get(`${path('sun')}&page=2`)
  expect(second.body.count).toBe(SEARCH_COUNT_LIMIT)
  expect(idsOf(second)).toEqual(expected.slice(PAGE, 2 * PAGE))
  expect((await anyone.get(`${path('sun')}&page=12`)).body).toEqual({ detail: 'Invalid page.' })
  const seen = idsOf(second)
  for (let next: string | null = second.body.next; next; ) {
    const answer: Answer = await anyone.get(next)
    seen.push(...idsOf(answer))
    next = answer.body.next
  }
  expect(seen).toEqual(expected.slice(PAGE))
  const last = await anyone.get(`${path('sun')}&page=last`)
  expect(idsOf(last)).toEqual(expected.slice(-PAGE))
  const before = await anyone.get(last.body.previous)
  expect(idsOf(before)).toEqual(expected.slice(-2 * PAGE, -PAGE))
})

test('a rename keeps every post of the owner findable by the new name only', async () => {
  expect(await compare('alice')).toBeGreaterThan(500)
  const renamed = 'Ζωή_Renamed'
  expect((await alice.patch('/dj-rest-auth/user/', { username: renamed })).status).toBe(200)
  names.set(alice.id, renamed)
  expect(await compare('alice')).toBe(0)
  expect(await compare('ΖΩΉ_ren')).toBeGreaterThan(500)
  expect(await compare('ζω sun')).toBeGreaterThan(10)
  expect(await compare('sun enamed')).toBeGreaterThan(10)
})

test('a new title, a new post and a deleted one are found as they are', async () => {
  const created = await alice.post('/posts/', { title: 'Brand new ÜBERSCHRIFT' })
  const post = { id: created.body.id, owner: alice.id, title: created.body.title }
  posts.push(post)
  expect(await compare('überschrift')).toBe(1)
  post.title = 'Renamed to ΣΊΣΥΦΟΣ'
  expect((await alice.patch(`/posts/${post.id}/`, { title: post.title })).status).toBe(200)
  expect(await compare('überschrift')).toBe(0)
  expect(await compare('σίσυφος')).toBe(1)
  expect((await alice.delete(`/posts/${post.id}/`)).status).toBe(204)
  posts.pop()
  expect(await compare('σίσυφος')).toBe(0)
})

test.each(['ΟΔΟΣ', 'οδος', 'οδοσ', 'Οδοσημα', 'ΟΔΟΣΗΜΑ'])(
  '%s is found inside of a longer word',
  async (search) => {
    const { body: post } = await alice.post('/posts/', { title: 'ΟΔΟΣΗΜΑ qq-milestone' })
    const { body: other } = await alice.post('/posts/', { title: 'οδοσημα qq-milestone' })
    const found = await anyone.get(path(`${search} qq-milestone`))
    expect(idsOf(found)).toEqual([other.id, post.id])
    for (const { id } of [post, other]) await alice.delete(`/posts/${id}/`)
  },
)
