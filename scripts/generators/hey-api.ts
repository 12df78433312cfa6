import { QueryClient } from '@tanstack/react-query'
import { listPostsInfiniteOptions } from './hey-api/@tanstack/react-query.gen'
import { client } from './hey-api/client.gen'
import { createComment, createPost, listPosts, login } from './hey-api/sdk.gen'
import { ALICE, assert, cursorOf, image, isImage, ORIGIN, PAGE, readAll } from './steps'

client.setConfig({ baseUrl: ORIGIN })

const signedIn = await login({ body: ALICE, throwOnError: true })
client.setConfig({ auth: () => signedIn.data.access_token })

const posts = await listPosts({ query: { ordering: '-likes_count', page_size: 5 }, throwOnError: true })
assert.equal(posts.data.results.length, 5)

await readAll(async (cursor) => {
  const { data } = await listPosts({ query: { cursor, page_size: PAGE }, throwOnError: true })
  return data
})

// Detects by itself that the page parameter of an infinite query is the cursor.
const { pages, pageParams } = await new QueryClient().fetchInfiniteQuery({
  ...listPostsInfiniteOptions({ query: { page_size: PAGE } }),
  initialPageParam: '',
  getNextPageParam: ({ next }) => cursorOf(next),
  pages: 3,
})
assert.equal(new Set(pages.flatMap(({ results }) => results.map(({ id }) => id))).size, 3 * PAGE)
assert.match(String(pageParams[2]), /^[\w-]{8,}$/)

const post = posts.data.results[0]?.id ?? 0
const comment = await createComment({ body: { post, content: 'By hey-api' }, throwOnError: true })
assert.equal(comment.data.content, 'By hey-api')

const created = await createPost({ body: { title: 'By hey-api', image: image() }, throwOnError: true })
assert.ok(isImage(created.data.image))

const { error, response } = await createComment({ body: { post, content: '' } })
assert.equal(response?.status, 400)
assert.deepEqual(error, { content: ['This field may not be blank.'] })
