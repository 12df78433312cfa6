/** What clients should send as parameters: types narrower than the strings that the router reads, and examples that work unchanged. */
import { SORT_COLUMNS as POST_KEYS } from '../../src/posts/selection'
import { SORT_COLUMNS as PROFILE_KEYS } from '../../src/profiles/order'
import { SORT_KEYS as USER_KEYS } from '../../src/users/queries'
import type { JsonSchema } from './schemas'

interface Parameter {
  schema?: JsonSchema
  example: unknown
}

const id = (example: number): Parameter => ({ schema: { type: 'integer', minimum: 1 }, example })

const ordering = (keys: object): Parameter => ({
  schema: { type: 'string', enum: Object.keys(keys).flatMap((key) => [key, `-${key}`]) },
  example: `-${Object.keys(keys)[0]}`,
})

/**
 * By name. A list must still return a page with all its examples at once, because collections generated from the document send every parameter that
 * has an example.
 */
const PARAMETERS: Record<string, Parameter> = {
  after: id(1),
  before: { example: '' },
  cursor: { example: '' },
  deep: { schema: { type: 'string', enum: ['0', '1'] }, example: '1' },
  file: { example: 'index.html' },
  followed: id(1),
  hash: { example: '4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a' },
  id: id(1),
  liked: id(1),
  likes__owner__profile: id(1),
  owner: id(1),
  owner__followed__owner__profile: id(1),
  owner__following__followed__profile: id(1),
  owner__profile: id(1),
  page: { schema: { anyOf: [{ type: 'integer', minimum: 1 }, { const: 'last' }] }, example: 1 },
  page_size: { schema: { type: 'integer', minimum: 1 }, example: 20 },
  w: { schema: { type: 'integer', enum: [320, 640, 1280] }, example: 640 },
  part: { example: '' },
  post: id(1),
  search: { example: 'a' },
  days: { example: '7' },
  session: { example: '9f86d081884c7d65' },
  state: { example: 'open' },
  kind: { example: 'post' },
  since: { schema: { type: 'integer', minimum: 0 }, example: 0 },
  ticket: { example: '1.3f8a1c90d2b7e645.1724760000.mO3xZ7fQk2uYcB1nTvLs0w' },
  username: { example: 'alice' },
}

/** Where a name means something else, or takes other values. */
const OF: [path: RegExp, name: string, parameter: Parameter][] = [
  [/^\/posts\//, 'ordering', ordering(POST_KEYS)],
  [/^\/profiles\//, 'ordering', ordering(PROFILE_KEYS)],
  [/^\/users\//, 'ordering', ordering(USER_KEYS)],
  [/^\/moderation\/posts\//, 'search', { example: 'sunrise' }],
  [/^\/moderation\/posts\//, 'state', { example: 'hidden' }],
  // The examples are sent as the first user, who writes to the second.
  [/^\/messages\/\{id\}\/(?!update|delete)|^\/chats\//, 'id', id(2)],
]

/** The parameter for the document. Throws if it has no example. */
export function parameterOf(path: string, name: string, schema: JsonSchema) {
  const found = OF.find(([pattern, one]) => one === name && pattern.test(path))?.[2] ?? PARAMETERS[name]
  if (!found) throw new Error(`There is no example of the parameter ${name} of ${path}.`)
  return { schema: found.schema ?? schema, example: found.example }
}
