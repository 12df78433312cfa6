/** react-admin's data provider for Django. It sorts by any column, and sends whole records back. */
import imported from 'ra-data-django-rest-framework'
import { ALICE, assert, ORIGIN } from './steps'

// Node exposes the default export of this CommonJS module as a field.
const { default: dataProvider } = imported as unknown as { default: typeof imported }

const signedIn = await call('/dj-rest-auth/login/', { method: 'POST', body: JSON.stringify(ALICE) })
const token: string = signedIn.json.access_token
const provider = dataProvider(ORIGIN, (url: string, options: RequestInit = {}) =>
  call(url.replace(ORIGIN, ''), options, token),
)

/** The result that ra-core's fetchJson returns to providers. */
async function call(path: string, options: RequestInit = {}, bearer?: string) {
  const headers = new Headers(options.headers)
  headers.set('content-type', 'application/json')
  if (bearer) headers.set('authorization', `Bearer ${bearer}`)
  const response = await fetch(ORIGIN + path, { ...options, headers })
  const body = await response.text()
  const json = body ? JSON.parse(body) : undefined
  assert.ok(response.ok, `${options.method ?? 'GET'} ${path}: ${response.status} ${body}`)
  return { status: response.status, headers: response.headers, body, json }
}

const first = { page: 1, perPage: 25 }
const newest = { field: 'created_at', order: 'DESC' }

for (const resource of ['posts', 'profiles', 'comments', 'likes', 'followers', 'users']) {
  const { data, total } = await provider.getList(resource, { pagination: first, sort: newest, filter: {} })
  assert.ok(total >= data.length && data.length > 1)
  const one = await provider.getOne(resource, { id: data[0].id })
  assert.equal(one.data.id, data[0].id)
  const many = await provider.getMany(resource, { ids: [data[0].id, data[1].id] })
  assert.equal(many.data.length, 2)
}

const { data: found } = await provider.getList('posts', {
  pagination: first,
  sort: newest,
  filter: { q: 'alice' },
})
assert.ok(found.length > 0)
const { data: hers } = await provider.getManyReference('posts', {
  target: 'owner',
  id: 1,
  pagination: first,
  sort: newest,
  filter: {},
})

// A react-admin form sends the record as it was read, with the edited fields changed.
const before = hers.find(({ image }: { image: string }) => !image.includes('default'))
const { data: after } = await provider.update('posts', {
  id: before.id,
  data: { ...before, title: 'By react-admin' },
  previousData: before,
})
assert.deepEqual([after.title, after.image], ['By react-admin', before.image])
const { data: profile } = await provider.getOne('profiles', { id: 1 })
const { data: renamed } = await provider.update('profiles', {
  id: 1,
  data: { ...profile, name: 'By react-admin' },
  previousData: profile,
})
assert.deepEqual([renamed.name, renamed.image], ['By react-admin', profile.image])

const { data: created } = await provider.create('posts', { data: { title: 'Made by react-admin' } })
await provider.delete('posts', { id: created.id, previousData: created })

/**
 * The columns that react-admin's tables sort by, and the field that shows their order; each is checked in both directions. `created_at`, as shown to
 * people, only has the day. `created` has the exact time, but users do not show it. Users have no title.
 */
const SORTED: Record<string, Record<string, string>> = {
  posts: { id: 'id', title: 'title', owner: 'owner', created_at: 'created' },
  profiles: { id: 'id', title: 'name', owner: 'owner', created_at: 'created' },
  users: { id: 'id', username: 'username', owner: 'username', created_at: 'id' },
}
for (const [resource, fields] of Object.entries(SORTED))
  for (const [field, key] of Object.entries(fields))
    for (const order of ['ASC', 'DESC']) {
      const sort = { field, order }
      const { data } = await provider.getList(resource, { pagination: first, sort, filter: {} })
      const values = data.map((row: Record<string, string | number>) => row[key])
      const sign = order === 'ASC' ? 1 : -1
      const sorted = [...values].sort((a, b) => sign * compare(a, b))
      assert.deepEqual(values, sorted, `${resource} by ${field} ${order}`)
    }

function compare(a: string | number, b: string | number): number {
  const [one, other] = [a, b].map((value) => (typeof value === 'string' ? value.toLowerCase() : value))
  return one === other ? 0 : (one ?? 0) < (other ?? 0) ? -1 : 1
}
