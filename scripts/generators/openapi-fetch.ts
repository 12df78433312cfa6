import createClient from 'openapi-fetch'
import type { components, paths } from './openapi-typescript'
import { ALICE, assert, image, isImage, ORIGIN, PAGE, readAll } from './steps'

const client = createClient<paths>({ baseUrl: ORIGIN })

const login = await client.POST('/dj-rest-auth/login/', { body: ALICE })
assert.ok(login.data)
const token = login.data.access_token
client.use({
  onRequest: ({ request }) => request.headers.set('Authorization', `Bearer ${token}`),
})

const posts = await client.GET('/posts/', { params: { query: { ordering: '-likes_count', page_size: 5 } } })
assert.equal(posts.data?.results.length, 5)

await readAll(async (cursor) => {
  const { data } = await client.GET('/posts/', { params: { query: { cursor, page_size: PAGE } } })
  assert.ok(data)
  return data
})

const post = posts.data.results[0]?.id ?? 0
const comment = await client.POST('/comments/', { body: { post, content: 'By openapi-fetch' } })
assert.equal(comment.data?.content, 'By openapi-fetch')

/** In the document, a file's type is that of its bytes, which is a string. */
const file = image() as unknown as components['schemas']['PostBody']['image']
const created = await client.POST('/posts/', {
  body: { title: 'By openapi-fetch', ...(file && { image: file }) },
  bodySerializer(body) {
    const form = new FormData()
    // The file is typed as a string: see above.
    for (const [name, value] of Object.entries(body)) if (value !== null) form.append(name, value as string)
    return form
  },
  params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
})
assert.ok(isImage(created.data?.image ?? ''))

const refused = await client.POST('/comments/', { body: { post, content: '' } })
assert.equal(refused.response.status, 400)
assert.deepEqual(refused.error, { content: ['This field may not be blank.'] })
