/**
 * Runs the collection that Postman generates from the document, unchanged: newman sends each request with its example values to the server that the
 * document names.
 */
import { readFileSync } from 'node:fs'
import newman from 'newman'
import converter from 'openapi-to-postmanv2'
import { ALICE, assert, ORIGIN } from './steps'

/** Requests that would make later ones fail. */
const LEFT_OUT = [
  'Sign out',
  'Change the password',
  'Delete the signed-in user',
  'Delete a conversation, for both people',
]

interface Item {
  name: string
  item?: Item[]
  request?: {
    method: string
    url: { path: string[] }
    body?: { formdata?: { key: string; value: string }[] }
  }
}
interface Operation {
  responses: Record<string, object>
  requestBody?: { content: Record<string, { example?: Record<string, unknown> }> }
}
type Operations = Record<string, Record<string, Operation>>

const data = readFileSync('openapi.json', 'utf8')
const { paths }: { paths: Operations } = JSON.parse(data)
const collection = await new Promise<{ item: Item[] }>((resolve, reject) => {
  converter.convertV2({ type: 'string', data }, { parametersResolution: 'Example' }, (error, made) => {
    const [output] = made?.output ?? []
    if (output) resolve(output.data as { item: Item[] })
    else reject(error ?? new Error(JSON.stringify(made)))
  })
})
/** Read before writing, and delete last. */
const ORDER = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const rank = ({ request }: Item) => ORDER.indexOf(request?.method ?? '')
const requests: Item[] = flat(collection.item)
  .filter(({ name }) => !LEFT_OUT.includes(name))
  .sort((a, b) => rank(a) - rank(b))
function flat(items: Item[]): Item[] {
  return items.flatMap((one) => (one.item ? flat(one.item) : [one]))
}

/** The operation of a request, and its path. */
function operationOf({ request }: Item) {
  const path = `/${request?.url.path.map((part) => part.replace(/^:(.*)/, '{$1}')).join('/')}`
  const method = request?.method ?? ''
  const [one, other] = [paths[path], paths[`${path}/`]]
  return { path, method, operation: one?.[method.toLowerCase()] ?? other?.[method.toLowerCase()] }
}

// The converter ignores the examples of forms and invents values, some of which the API refuses.
for (const item of requests) {
  const { example = {} } = operationOf(item).operation?.requestBody?.content['multipart/form-data'] ?? {}
  for (const field of item.request?.body?.formdata ?? [])
    if (field.key in example) field.value = String(example[field.key])
}

const login = await fetch(`${ORIGIN}/dj-rest-auth/login/`, {
  method: 'POST',
  body: new URLSearchParams(ALICE),
})
const { access_token: bearerToken } = (await login.json()) as { access_token: string }

async function send(items: Item[]) {
  const summary = await new Promise<newman.NewmanRunSummary>((resolve, reject) =>
    newman.run(
      { collection: { ...collection, item: items }, envVar: [{ key: 'bearerToken', value: bearerToken }] },
      (error, summary) => (error ? reject(error) : resolve(summary)),
    ),
  )
  return summary.run.executions.map(({ response }, i) => {
    const item = items[i] ?? { name: '' }
    return { name: item.name, ...operationOf(item), code: response.code, text: response.text() ?? '' }
  })
}

const answers = await send(requests)
assert.ok(answers.length > 50)
for (const { method, path, operation, code, text } of answers) {
  assert.ok(operation, `${method} ${path} is in the document.`)
  assert.ok(operation.responses[code], `${method} ${path} may answer ${code} ${text.slice(0, 200)}`)
}
/** The statuses of the document's examples with the seed's data. Other requests depend on existing data, or on a mail. */
const EXPECTED: Record<string, number> = {
  'A user': 200,
  'A profile': 200,
  'A post': 200,
  'A comment': 200,
  'A like': 200,
  'A follow': 200,
  'Messages with a user, oldest first': 200,
  'Sign in': 200,
  'Create an account': 201,
  'Request a password reset mail': 200,
  'Create a post': 201,
  'Comment on a post': 201,
  'Follow a user': 201,
  'Block a user': 201,
  'Mark notifications as seen': 200,
  'Mark the messages of a user as read': 200,
}
for (const [expected, status] of Object.entries(EXPECTED)) {
  const { code, text } = answers.find(({ name }) => name === expected) ?? {}
  assert.equal(code, status, `${expected}: ${code} ${text?.slice(0, 200)}`)
}
const lists = answers.filter(
  ({ method, path }) =>
    method === 'GET' &&
    /^\/(users|profiles|profiles\/most_followed|posts|comments|likes|followers|messages|messages\/\{id\})\/?$/.test(
      path,
    ),
)
assert.ok(lists.length >= 8)
for (const { path, code, text } of lists) assert.equal(code, 200, `${path}: ${code} ${text.slice(0, 200)}`)

// A request that is edited and sent again is a new request.
const create = requests.find(({ name }) => name === 'Create a post')
const title = create?.request?.body?.formdata?.find(({ key }) => key === 'title')
assert.ok(create && title)
title.value = 'Edited in Postman'
const [edited] = await send([create])
assert.equal(edited?.code, 201, edited?.text)
