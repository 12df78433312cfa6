import axios, { isAxiosError } from 'axios'
import { createComment, createPost, listPosts, login } from './orval/axios'
import { ALICE, assert, image, isImage, ORIGIN, PAGE, readAll } from './steps'

axios.defaults.baseURL = ORIGIN

const signedIn = await login(ALICE)
axios.defaults.headers.common.authorization = `Bearer ${signedIn.data.access_token}`

const posts = await listPosts({ ordering: '-likes_count', page_size: 5 })
assert.equal(posts.data.results.length, 5)

await readAll(async (cursor) => (await listPosts({ cursor, page_size: PAGE })).data)

const post = posts.data.results[0]?.id ?? 0
const comment = await createComment({ post, content: 'By axios' })
assert.equal(comment.data.content, 'By axios')

const created = await createPost({ title: 'By axios', image: image() })
assert.ok(isImage(created.data.image))

const refused = await createComment({ post, content: '' }).catch((error: unknown) => error)
assert.ok(isAxiosError(refused))
assert.equal(refused.response?.status, 400)
assert.deepEqual(refused.response?.data, { content: ['This field may not be blank.'] })
