/** The OpenAPI document, generated from the objects that serve requests. */

import { LOCAL } from '../../src/about/documents'
import type { AppEnv } from '../../src/http/env'
import { CODES } from '../../src/http/errors'
import type { Hono } from '../../src/http/hono'
import { exampleOf } from './examples'
import { INTRODUCTION, TAGS, tagOf } from './introduction'
import { parameterOf } from './parameters'
import {
  COMMON,
  ERROR_NAMES,
  errorResponses,
  headers,
  IN_LISTS,
  parameters,
  security,
  securitySchemes,
} from './parts'
import { answersOf, describedRoutes, type Route } from './routes'
import { type Components, components, type JsonSchema } from './schemas'

type Paths = Record<string, Record<string, JsonSchema>>

/** Describes all routes of the app. */
export function openApi(app: Hono<AppEnv>, version: string) {
  const schemas = components()
  const paths: Paths = {}
  const ids = new Set<string>()
  for (const route of describedRoutes(app)) {
    const path = documentedPath(route)
    const method = route.method.toLowerCase()
    // If a route has several methods, the later ones are named after their method.
    const id = ids.has(route.about.id) ? `${route.about.id}By${route.method}` : route.about.id
    ids.add(id)
    paths[path] = { ...paths[path], [method]: { operationId: id, ...operation(schemas, route, path) } }
  }
  const inLists = Object.entries(errorResponses(schemas, true))
  const named = JSON.stringify(paths)
  const responses = {
    ...errorResponses(schemas),
    ...Object.fromEntries(inLists.filter(([name]) => named.includes(`#/components/responses/${name}"`))),
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'edge-social-api',
      version,
      description: INTRODUCTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [
      { url: LOCAL, description: 'This server' },
      { url: `${LOCAL}/api`, description: 'The same, for front ends that use a prefix' },
    ],
    tags: TAGS,
    paths,
    components: {
      schemas: schemas.all(),
      responses,
      headers,
      parameters,
      securitySchemes,
    },
  }
}

/** Turns `/posts/:id{[0-9]+}` into the form for clients: `/posts/{id}/`. */
export function documentedPath({ path, isApi }: Pick<Route, 'path' | 'isApi'>): string {
  const named = path.replace(/:(\w+)(\{(?:[^{}]|\{[^{}]*\})*\})?/g, '{$1}')
  return isApi ? `${named}/` : named
}

function operation(schemas: Components, route: Route, path: string) {
  const { about, signedIn } = route
  const given = [
    ...pathParameters(route, path),
    ...queryParameters(schemas, route, path),
    ...(about.isIdempotent ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    ...(route.isApi ? [{ $ref: '#/components/parameters/Bookmark' }] : []),
  ]
  return {
    summary: about.summary,
    ...(about.description !== undefined && { description: about.description }),
    tags: [tagOf(path)],
    security: security[signedIn],
    ...(given.length > 0 && { parameters: given }),
    ...(route.body && { requestBody: requestBody(schemas, route.body) }),
    responses: responsesOf(schemas, route),
  }
}

function pathParameters(route: Route, path: string) {
  return [...route.path.matchAll(/:(\w+)(?:\{((?:[^{}]|\{[^{}]*\})*)\})?/g)].map(
    ([, name = '', pattern]) => ({
      name,
      in: 'path',
      required: true,
      ...parameterOf(path, name, { type: 'string', ...(pattern && { pattern: `^${pattern}$` }) }),
    }),
  )
}

/** `cursor` comes before `page`, because generators that support lists use the first parameter that they recognise. */
function queryParameters(schemas: Components, { query }: Route, path: string) {
  if (!query) return []
  const properties = Object.entries(schemas.of(query, 'input').properties ?? {})
  return properties
    .sort(([a], [b]) => Number(b === 'cursor') - Number(a === 'cursor'))
    .map(([name, { description, ...schema }]) => ({
      name,
      in: 'query',
      description,
      ...parameterOf(path, name, schema),
    }))
}

/**
 * The type that clients should send: a multipart form if there may be a file, otherwise JSON. Bodies may have any of the types (introduction.ts says
 * so), but if all were listed, generators would choose one that cannot hold the file, or none.
 */
function requestBody(schemas: Components, body: NonNullable<Route['body']>) {
  const given = schemas.of(body, 'input')
  const example = exampleOf(schemas, given)
  const full = withExamples(schemas.resolve(given), example)
  const name = given.$ref?.split('/').at(-1)
  if (name === undefined) throw new Error('The schema of a body has no id to name it by.')
  const files = Object.entries(full.properties ?? {}).filter(([, { format }]) => format === 'binary')
  const isRequired = (full.required ?? []).length > 0
  if (files.length === 0) {
    schemas.add(name, full)
    return {
      ...(isRequired && { required: true }),
      content: { 'application/json': { schema: given, example } },
    }
  }
  const asFile = { type: 'string', format: 'binary', contentMediaType: 'application/octet-stream' }
  const properties = { ...full.properties, ...Object.fromEntries(files.map(([field]) => [field, asFile])) }
  schemas.add(name, { ...full, properties })
  return {
    ...(isRequired && { required: true }),
    content: {
      'multipart/form-data': {
        schema: given,
        example,
        encoding: Object.fromEntries(files.map(([field]) => [field, { contentType: 'image/*' }])),
      },
    },
  }
}

/** Adds its own example to each field, because reference pages fill forms with them. */
function withExamples(schema: JsonSchema, example: unknown): JsonSchema {
  const values = new Map(Object.entries(example as object))
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => [
    name,
    values.get(name) !== undefined ? { ...field, examples: [values.get(name)] } : field,
  ])
  return { ...schema, properties: Object.fromEntries(fields) }
}

function responsesOf(schemas: Components, route: Route) {
  const found: Record<string, JsonSchema> = {}
  for (const status of Object.keys(route.about.answers).map(Number)) {
    const bodies = answersOf(route, status) ?? []
    const content: Record<string, JsonSchema> = {}
    for (const body of bodies) {
      if (body === null) continue
      if (typeof body === 'string')
        content[body] = body.endsWith('json') ? {} : { schema: { type: 'string' } }
      else {
        const schema = schemas.of(body, 'output')
        content['application/json'] = { schema, example: exampleOf(schemas, schema) }
      }
    }
    found[status] = {
      description: REASONS[status] ?? 'Done.',
      ...(status >= 200 && status < 300 && route.isApi && { headers: COMMON }),
      ...(Object.keys(content).length > 0 && { content }),
    }
  }
  for (const status of Object.keys(ERROR_NAMES).map(Number)) {
    if (found[status] || !answersOf(route, status)) continue
    const name = `${ERROR_NAMES[status]}${route.errorsInLists ? IN_LISTS : ''}`
    found[status] = { $ref: `#/components/responses/${name}` }
  }
  for (const code of route.errors) {
    if (!found[CODES[code][0]]) throw new Error(`No response is named for the status of ${code}.`)
  }
  return found
}

const REASONS: Record<number, string> = {
  101: 'The connection is a WebSocket.',
  201: 'Created.',
  204: 'Deleted.',
  206: 'The requested range.',
  302: 'Redirects to the path with its trailing slash.',
  304: 'Not modified.',
  416: 'The range cannot be satisfied.',
  503: 'Something failed.',
}
