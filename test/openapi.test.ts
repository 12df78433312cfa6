/** The document and the router: neither has what the other lacks. (The answers of all tests are checked by setup.ts.) */
import { describe, expect, it } from 'vitest'
import { fromJSONSchema } from 'zod'
import { version } from '../package.json'
import published from '../public/openapi.json'
import { openApi } from '../scripts/openapi/document'
import { app } from '../src/app'
import { notesOf } from '../src/http/describe'
import { anyone, ORIGIN } from './client'
import { checkAnswer } from './described'

const METHODS = ['get', 'post', 'put', 'patch', 'delete']

interface Given {
  name?: string
  in?: string
  example?: unknown
  schema?: Parameters<typeof fromJSONSchema>[0] & { enum?: string[] }
  properties?: Record<string, { format?: string }>
}

interface Operation {
  tags?: string[]
  operationId: string
  parameters?: { name?: string; in?: string; $ref?: string }[]
  requestBody?: { content: Record<string, unknown> }
  responses: Record<string, unknown>
  security: object[]
}
const paths = published.paths as unknown as Record<string, Record<string, Operation>>

const documented = Object.entries(paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => `${method.toUpperCase()} ${path}`),
)

/** A router's path as documents write it, without a final slash. */
const plain = (route: string) =>
  route.replace(/:(\w+)(\{(?:[^{}]|\{[^{}]*\})*\})?/g, '{$1}').replace(/(?<=.)\/$/, '')

describe('the OpenAPI document', () => {
  it('has all routes of the router, and the router all of its paths', () => {
    const routed = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map((route) => `${route.method} ${route.path}`)
    expect(documented.length).toBeGreaterThan(50)
    expect(new Set(documented.map(plain))).toEqual(new Set(routed.map(plain)))
  })

  it.each(documented)('leads to a handler: %s', (operation) => {
    const [method = '', path = ''] = operation.split(' ')
    const sample = path
      .replace('{id}', '1'.repeat(16))
      .replace('{session}', '1'.repeat(16))
      .replace('{hash}', 'a'.repeat(64))
      .replace('{file}', 'name')
      .replace(/(?<=.)\/$/, '')
    const [handlers] = app.router.match(method, sample)
    expect(handlers.filter(([[handler]]) => notesOf(handler).about)).toHaveLength(1)
  })

  it('is what the source makes of itself', () => {
    expect(JSON.parse(JSON.stringify(openApi(app, version)))).toEqual(published)
  })

  it('names every operation, once', () => {
    const ids = Object.values(paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    )
    expect(new Set(ids).size).toBe(documented.length)
  })

  it('tells of a post: a form with a file, credentials, the key', () => {
    const create = paths['/posts/']?.post
    expect(Object.keys(create?.requestBody?.content ?? {})).toEqual(['multipart/form-data'])
    expect(published.components.schemas.PostBody.properties.image).toMatchObject({ format: 'binary' })
    expect(published.components.schemas.PostBody.properties.title).toMatchObject({
      type: 'string',
      minLength: 1,
      maxLength: 255,
    })
    expect(create?.security).toEqual([{ bearer: [] }, { cookie: [] }])
    expect(create?.parameters).toContainEqual({ $ref: '#/components/parameters/IdempotencyKey' })
    expect(Object.keys(create?.responses ?? {})).toEqual([
      '201',
      '400',
      '401',
      '403',
      '406',
      '413',
      '415',
      '422',
      '429',
      '503',
    ])
    expect(paths['/posts/']?.get?.security).toContainEqual({})
    expect(paths['/dj-rest-auth/login/']?.post?.security).toEqual([])
  })
})

describe('what generators make of the document', () => {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  )
  const parameters = operations.flatMap(({ name, operation }) =>
    (operation.parameters ?? [])
      .map(({ $ref, ...given }): Given => {
        const key = $ref?.split('/').at(-1)
        return key ? ((published.components.parameters as Record<string, Given>)[key] ?? {}) : given
      })
      .map((given) => ({ ...given, operation: name })),
  )

  it.each(parameters.map((one) => [`${one.in} ${one.name} of ${one.operation}`, one] as const))(
    'has an example that it takes: %s',
    (_what, { schema, example }) => {
      expect(example).toBeDefined()
      // Blank is what a parameter is that is there and says nothing.
      if (example === '' || example === undefined) return
      expect(fromJSONSchema(schema ?? {}).safeParse(example).success).toBe(true)
    },
  )

  it('knows numbers and choices by their types', () => {
    const ofName = (name: string) => parameters.filter((one) => one.name === name).map(({ schema }) => schema)
    expect(ofName('page_size')).not.toEqual([])
    for (const schema of ofName('page_size')) expect(schema).toMatchObject({ type: 'integer' })
    expect(ofName('ordering')).not.toEqual([])
    for (const schema of ofName('ordering')) expect(schema?.enum).toContain(`-${schema?.enum?.[0]}`)
  })

  it('finds the cursor before the page', () => {
    const lists = operations.filter(({ operation }) =>
      operation.parameters?.some(({ name }) => name === 'page'),
    )
    expect(lists).not.toEqual([])
    for (const { operation } of lists) {
      const names = operation.parameters?.map(({ name }) => name) ?? []
      expect(names.indexOf('cursor')).toBeLessThan(names.indexOf('page'))
    }
  })

  it('has one type of body to choose from: a form where there may be a file, JSON elsewhere', () => {
    for (const { name, operation } of operations) {
      const types = Object.entries(operation.requestBody?.content ?? {})
      if (types.length === 0) continue
      const [[type, { schema }] = ['', {}]] = types as [string, { schema?: { $ref: string } }][]
      const body = schema?.$ref.split('/').at(-1) ?? ''
      const { properties } = (published.components.schemas as Record<string, Given>)[body] ?? {}
      const hasFile = Object.values(properties ?? {}).some(({ format }) => format === 'binary')
      expect([name, types.length, type]).toEqual([
        name,
        1,
        hasFile ? 'multipart/form-data' : 'application/json',
      ])
    }
  })

  it('has a tag for each resource, and each is described', () => {
    const used = new Set(operations.flatMap(({ operation }) => operation.tags ?? []))
    expect([...used].sort()).toEqual(published.tags.map(({ name }) => name).sort())
    for (const { operation } of operations) expect(operation.tags).toHaveLength(1)
  })
})

describe('an answer that is not as documented', () => {
  const check = (method: string, path: string, response: Response) =>
    checkAnswer(new Request(`http://api.test${path}`, { method }), response)

  it.each([
    [
      'a status that the route does not have',
      'GET',
      '/users/1/',
      Response.json({ detail: 'Gone.' }, { status: 410 }),
    ],
    ['a field too few', 'GET', '/users/1/', Response.json({ id: 1 })],
    ['a field of another type', 'GET', '/users/1/', Response.json({ id: '1', username: 'alice' })],
    [
      'a field that is not described',
      'GET',
      '/users/1/',
      Response.json({ id: 1, username: 'alice', email: 'a@b.c' }),
    ],
    ['an error of another shape', 'GET', '/users/1/', Response.json({ error: 'No.' }, { status: 404 })],
    ['another type', 'GET', '/users/1/', new Response('<p>', { headers: { 'content-type': 'text/html' } })],
    ['a body where there is none', 'DELETE', '/likes/1/', Response.json({})],
    ['an answer of no route', 'GET', '/nowhere/', Response.json({})],
  ])('is refused: %s', async (_what, method, path, response) => {
    await expect(check(method, path, response)).rejects.toThrow()
  })

  it('but one that is passes', async () => {
    await check('GET', '/api/users/1', Response.json({ id: 1, username: 'alice' }))
    await check('GET', '/users/1/', Response.json({ detail: 'User not found' }, { status: 404 }))
  })
})

describe('served by the Worker behind the prefix', () => {
  it.each(['/api/openapi.json', '/api/asyncapi.json'])('%s', async (path) => {
    const { status, headers, body } = await anyone.get(path)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json')
    expect(body.info.version).toBe(version)
    const servers = JSON.stringify(body.servers)
    expect(servers).toContain(new URL(ORIGIN).host)
    expect(servers).not.toContain('localhost:8787')
  })

  it('the reference, in its folder', async () => {
    const bare = await anyone.get('/api/docs')
    expect([bare.status, bare.headers.get('location')]).toEqual([302, '/api/docs/'])
    const page = await anyone.get('/api/docs/')
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    expect((await anyone.get('/api/docs/start.js')).status).toBe(200)
    expect((await anyone.get('/api/docs/nothing.js')).status).toBe(404)
  })
})
