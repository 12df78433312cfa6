/**
 * The cases that ours answers otherwise on purpose, and how. Each names the row of the contract's section 12, or the
 * sentence of another section, that says so; whatever is not here must be as recorded.
 */
import type { Case, Json, JsonObject } from './cases'

export interface Departure {
  cases: string[]
  because: string
  /** What ours answers instead; what it leaves out is as recorded. */
  ours: (recorded: Case) => Partial<Pick<Case, 'status' | 'headers' | 'body'>>
}

const error = (field: string, message: string) => () => ({ status: 400, body: { [field]: [message] } })

const CLEARED_ACCESS = 'my-app-auth=<empty>; HttpOnly; Max-Age=0; Path=/; SameSite=None; Secure; Partitioned'
const CLEARED_REFRESH =
  'my-refresh-token=<empty>; HttpOnly; Max-Age=0; Path=/; SameSite=None; Secure; Partitioned'

const clearing =
  (...cookies: string[]): Departure['ours'] =>
  ({ headers }) => ({ headers: { ...headers, 'set-cookie': cookies } })

const pageOf = (body: Json): JsonObject & { results: JsonObject[] } => body as never

/** A list in this order: rows as recorded where they were, otherwise by id. */
const ordered =
  (ids: number[], more: JsonObject = {}, fields: Record<number, JsonObject> = {}): Departure['ours'] =>
  ({ body }) => {
    const { _results_length: _, ...page } = pageOf(body)
    const recorded = (id: number) => page.results.find((row) => row.id === id)
    return {
      status: 200,
      body: { ...page, ...more, results: ids.map((id) => ({ ...(recorded(id) ?? { id }), ...fields[id] })) },
    }
  }

/** From the newest down; 20 was deleted. */
const newest = (from: number, to: number): number[] =>
  Array.from({ length: from - to + 1 }, (_, i) => from - i).filter((id) => id !== 20)

/** Profiles that nobody counts for. */
const IDLE = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4]

const secondPage =
  (previous: string): Departure['ours'] =>
  () => ({
    status: 200,
    body: { count: 23, next: null, previous, results: [{ id: 3 }, { id: 2 }, { id: 1 }] },
  })

/**
 * What ours answers otherwise wherever it occurs: refresh tokens and their cookies live 30 days, and cookies are `Partitioned` where they are
 * `SameSite=None`.
 */
export const everywhere = (recorded: Case): Case =>
  JSON.parse(
    JSON.stringify(recorded)
      .replaceAll('refresh ttl=86400', 'refresh ttl=2592000')
      .replaceAll('Max-Age=86400', 'Max-Age=2592000')
      .replaceAll('SameSite=None; Secure', 'SameSite=None; Secure; Partitioned'),
  )

export const DEPARTURES: Departure[] = [
  {
    cases: ['user: POST'],
    because: 'section 11: an account can be deleted; the original has no such call',
    ours: () => ({ headers: { allow: 'GET, PUT, PATCH, DELETE, HEAD, OPTIONS' } }),
  },
  {
    cases: ['user: PATCH email, pk, profile_id (read only)'],
    because: 'an address can be changed, by whoever gives the password; the original ignores it',
    ours: error('password', 'This field is required.'),
  },
  {
    cases: ['post list: ordering disallowed (title)'],
    because: 'generic admin clients sort by title; the original ignores it',
    ours: ordered([1, 3]),
  },
  {
    cases: ['token: refresh for deleted user'],
    because: 'section 2, token/refresh: bad: 401 (a refresh token is a session, and nobody has one)',
    ours: () => ({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="api"' },
      body: { detail: 'Token is invalid or expired', code: 'token_not_valid' },
    }),
  },
  {
    cases: ['token: refresh in body', 'token: refresh in cookie, JSON {}'],
    because: 'section 2: access lives 300 s (in the original, from the refresh token’s iat on)',
    ours: (recorded) => JSON.parse(JSON.stringify(recorded).replaceAll('ttl=303', 'ttl=300')),
  },
  {
    cases: ['user: PUT own unchanged'],
    because: 'changing only the case of one’s own username, or keeping it: allowed',
    ours: () => ({
      status: 200,
      body: {
        pk: 1,
        username: 'alice',
        email: '',
        first_name: '',
        last_name: '',
        profile_id: 1,
        profile_image: '<BASE>/media/images/default_profile_dqcubz.jpg',
      },
    }),
  },
  {
    cases: ['pwchange: wrong old_password given'],
    because: 'old_password: optional, but checked when sent',
    ours: error('old_password', 'Your old password was entered incorrectly. Please enter it again.'),
  },
  {
    cases: ['cred: garbage cookie on user', 'cred: garbage cookie on public posts'],
    because: 'any 401 for a bad cookie also clears it',
    ours: clearing(CLEARED_ACCESS),
  },
  {
    cases: ['token: of inactive user GET user', 'token: of inactive user GET posts (public)'],
    because: 'any 401 for a bad cookie also clears it',
    ours: clearing(CLEARED_ACCESS, CLEARED_REFRESH),
  },
  {
    cases: ['logout: POST signed in', 'logout: bare multipart type (axios)'],
    because: 'section 2, logout: 200 and a detail',
    ours: () => ({ body: { detail: 'Successfully logged out.' } }),
  },
  {
    cases: ['logout: old access token after logout'],
    because: 'logout leaves every token alive: ours ends them at once',
    ours: () => ({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="api"', 'set-cookie': [CLEARED_ACCESS] },
      body: {
        detail: 'Given token not valid for any token type',
        code: 'token_not_valid',
        messages: [
          { token_class: 'AccessToken', token_type: 'access', message: 'Token is invalid or expired' },
        ],
      },
    }),
  },
  {
    cases: ['logout: garbage cookie'],
    because: 'login, registration, refresh and logout ignore credentials they don’t need',
    ours: () => ({
      status: 200,
      headers: { 'set-cookie': [CLEARED_ACCESS, CLEARED_REFRESH] },
      body: { detail: 'Successfully logged out.' },
    }),
  },
  {
    cases: ['users: list page=1', 'users: list page=last'],
    because: 'section 3: by id',
    ours: ordered([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
  },
  {
    cases: ['post create: BMP', 'post create: TIFF'],
    because: 'TIFF, BMP and other types browsers can’t show: refused',
    ours: error(
      'image',
      'Upload a valid image. The file you uploaded was either not an image or a corrupted image.',
    ),
  },
  {
    cases: ['post create: JSON body 3 MB', 'post create: urlencoded body 3 MB'],
    because: 'a post over 100,000 characters: 400',
    ours: error('content', 'Ensure this field has no more than 100000 characters.'),
  },
  {
    cases: ['post list: anon'],
    because: 'section 1: default page size 20, `next` by cursor',
    ours: ordered(newest(24, 4), { next: '<by cursor>/api/posts/' }),
  },
  {
    cases: ['post list: search NUL only'],
    because: 'section 1: default page size 20, `next` by cursor',
    ours: ordered(newest(24, 4), { next: '<by cursor>/api/posts/?search=%00' }),
  },
  {
    cases: ['post list: page=2'],
    because: 'section 1: default page size 20',
    ours: secondPage('<BASE>/api/posts/'),
  },
  {
    cases: ['post list: page=2 with search (next/previous links keep the query)'],
    because: 'section 1: default page size 20',
    ours: secondPage('<BASE>/api/posts/?search=a&foo=b+c'),
  },
  {
    cases: ['post list: page_size=1'],
    because: 'section 1: page_size up to 100',
    ours: ordered([3], { next: '<by cursor>/api/posts/?page_size=1&search=sun' }),
  },
  {
    cases: ['post list: ordering likes_count'],
    because: 'ordering/filter ties: newest first; section 1: default page size 20',
    ours: ordered(newest(24, 4).concat(2).slice(0, 20), {
      next: '<by cursor>/api/posts/?ordering=likes_count&search=a',
    }),
  },
  {
    cases: ['post list: ordering likes__created_at'],
    because: 'joins repeat rows: no row twice, and its own count; section 1: default page size 20',
    ours: ordered(
      [1, 3, ...newest(24, 6)],
      { next: '<by cursor>/api/posts/?ordering=likes__created_at&search=a' },
      { 1: { likes_count: 3 }, 3: { likes_count: 2 } },
    ),
  },
  {
    cases: ['profile list: ordering posts_count', 'profile list: ordering following_count'],
    because: 'ordering/filter ties: newest first',
    ours: ordered([...IDLE, 3, 2, 1]),
  },
  {
    cases: ['profile list: ordering -owner__followed__created_at'],
    because: 'ordering/filter ties: newest first',
    ours: ordered([...IDLE, 1, 3, 2]),
  },
  {
    cases: ['profile list: filter + ordering'],
    because: 'ordering/filter ties: newest first',
    ours: ordered([3, 2]),
  },
  {
    cases: ['profile put: image 6 MB (no limit?)'],
    because: 'profile images have no limits: the limits of posts',
    ours: error('image', 'Image size larger than 2MB!'),
  },
  {
    cases: ['msg send: to unknown', 'msg send: to <20 nines>'],
    because: 'the same words in a list',
    ours: error('detail', 'Recipient not found: User matching query does not exist.'),
  },
  {
    cases: ['msg update: anon', 'msg update: by recipient', 'msg start: malformed JSON'],
    because: 'section 10: all errors of message calls with a body are objects whose values are lists',
    ours: ({ body }) => ({ body: { detail: [(body as JsonObject).detail ?? null] } }),
  },
  {
    cases: ['like list: ?post= (ignored?)'],
    because: '?username=, ?followed=, /messages/?search= are ignored: they filter, and so do those of likes',
    ours: ordered([7, 4, 3], { count: 3 }),
  },
  {
    cases: ['msg list: ?search= (ignored?)'],
    because: '?username=, ?followed=, /messages/?search=: they filter',
    ours: () => ({ body: [] }),
  },
  {
    cases: ['msg list: alice', 'msg list: bob'],
    because: 'section 10: newest conversation first',
    ours: ({ body }) => ({ body: (body as Json[]).toReversed() }),
  },
]
