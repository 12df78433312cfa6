import { createComment, createPost, listPosts, login } from './orval/fetch'
import { ALICE, assert, image, isImage, PAGE, readAll } from './steps'

const signedIn = await login(ALICE)
assert.equal(signedIn.status, 200)
const headers = { authorization: `Bearer ${signedIn.data.access_token}` }

const posts = await listPosts({ ordering: '-likes_count', page_size: 5 })
assert.equal(posts.status, 200)
assert.equal(posts.data.results.length, 5)

await readAll(async (cursor) => {
  const page = await listPosts({ cursor, page_size: PAGE })
  assert.equal(page.status, 200)
  return page.data
})

const post = posts.data.results[0]?.id ?? 0
const comment = await createComment({ post, content: 'By orval' }, { headers })
assert.equal(comment.status, 201)
assert.equal(comment.data.content, 'By orval')

const created = await createPost({ title: 'By orval', image: image() }, { headers })
assert.equal(created.status, 201)
assert.ok(isImage(created.data.image))

const refused = await createComment({ post, content: '' }, { headers })
assert.equal(refused.status, 400)
assert.deepEqual(refused.data, { content: ['This field may not be blank.'] })
