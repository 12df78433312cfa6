/**
 * Generates client/schema.ts, the types that the client uses, from the API's own documents. With `--check`, only reports whether it is current. It is
 * committed so that editors and type checks need no build. Run by `npm run openapi` and `npm run check:openapi`.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

interface Schema {
  $ref?: string
  type?: string | string[]
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: Schema | boolean
  items?: Schema
  prefixItems?: Schema[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  format?: string
}

interface Parameter {
  name?: string
  in?: string
  description?: string
  schema?: Schema
}

interface Operation {
  operationId: string
  parameters?: Parameter[]
}

const TARGET = 'client/schema.ts'

/** Answers, by their name in the documents. */
const ANSWERS = {
  User: 'User',
  Session: 'Session',
  UserSummary: 'UserSummary',
  Profile: 'Profile',
  Post: 'Post',
  Comment: 'Comment',
  Like: 'Like',
  Follower: 'Follower',
  Message: 'Message',
  ConversationSummary: 'Conversation',
  Unread: 'Unread',
  Actor: 'Actor',
  Notification: 'Notification',
  UnreadTotals: 'UnreadTotals',
  Detail: 'Detail',
}

/** Bodies, by their name in the document. */
const BODIES = {
  Registration: ['RegistrationBody'],
  UserChanges: ['UserPatch'],
  PasswordChange: ['PasswordChangeBody'],
  PasswordResetConfirmation: ['PasswordResetConfirmBody'],
  ProfileChanges: ['ProfileBody'],
  NewPost: ['PostBody'],
  PostChanges: ['PostPatch'],
  NewComment: ['CommentBody'],
  CommentChanges: ['CommentPatch'],
  MessageInput: ['MessageBody'],
}

/** Queries of lists, by operation. The client handles paging itself. */
const QUERIES = {
  UserQuery: 'listUsers',
  ProfileQuery: 'listProfiles',
  PostQuery: 'listPosts',
  CommentQuery: 'listComments',
  LikeQuery: 'listLikes',
  FollowerQuery: 'listFollowers',
}
const PAGING = new Set(['page', 'cursor'])

const openApi = readJson('public/openapi.json')
const asyncApi = readJson('public/asyncapi.json')
const schemas: Record<string, Schema> = openApi.components.schemas

const answerNames = new Map(Object.entries(ANSWERS).map(([name, schema]) => [schema, name]))

const parts = [
  '// Made by `npm run openapi` of public/openapi.json and public/asyncapi.json.',
  '/** What the API takes and answers. */',
  "import type { ImageFile } from './files'",
  ...Object.entries(ANSWERS).map(([name, schema]) => `export interface ${name} ${object(find(schema))}`),
  ...Object.entries(BODIES).map(([name, sources]) => `export interface ${name} ${object(merge(sources))}`),
  ...Object.entries(QUERIES).map(([name, operation]) => `export interface ${name} ${query(operation)}`),
  frames('What comes over a socket of a conversation.', 'ServerFrame', 'conversation'),
  frames('What comes over the channel of a person.', 'ChannelFrame', 'person'),
]
const text = execFileSync('biome', ['format', `--stdin-file-path=${TARGET}`], {
  input: `${parts.join('\n\n')}\n`,
  encoding: 'utf8',
})
if (!process.argv.includes('--check')) writeFileSync(TARGET, text)
else if (readFileSync(TARGET, 'utf8') !== text) {
  console.error(`${TARGET} is not current: run \`npm run openapi\`.`)
  process.exitCode = 1
}

function readJson(path: string) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

function frames(description: string, name: string, channel: string): string {
  const messages: Record<string, { payload: Schema }> = asyncApi.channels[channel].messages
  const types = Object.entries(messages)
    .filter(([name]) => name.startsWith('server'))
    .map(([, { payload }]) => `\n  | ${type(payload)}`)
  return `/** ${description} */\nexport type ${name} = ${types.join('')}`
}

function find(name: string): Schema {
  const schema = schemas[name]
  if (!schema) throw new Error(`public/openapi.json has no schema ${name}`)
  return schema
}

/** The properties of all these schemas. If two have the same name, either may be sent. */
function merge(names: string[]): Schema {
  const merged: Schema = { properties: {}, required: find(names[0] ?? '').required ?? [] }
  const properties = merged.properties ?? {}
  for (const [name, schema] of names.flatMap((name) => Object.entries(find(name).properties ?? {}))) {
    const before = properties[name]
    properties[name] = before && type(before) !== type(schema) ? { anyOf: [before, schema] } : schema
  }
  return merged
}

function query(operationId: string): string {
  const operations = Object.values<Record<string, Operation>>(openApi.paths).flatMap((path) =>
    Object.values(path),
  )
  const operation = operations.find((candidate) => candidate.operationId === operationId)
  if (!operation) throw new Error(`public/openapi.json has no operation ${operationId}`)
  const lines = (operation.parameters ?? [])
    .filter(({ name = '', in: place }) => place === 'query' && !PAGING.has(name))
    .map(({ name, description, schema = {} }) => {
      // For callers, ids are numbers, even where they are sent as strings.
      const kind = schema.type === 'string' && !schema.enum ? 'string | number' : type(schema)
      return `${comment(description)}${name}?: ${kind} | undefined`
    })
  return `{\n${lines.join('\n')}\n}`
}

function object({ properties = {}, required = [] }: Schema): string {
  const lines = Object.entries(properties).map(([name, schema]) => {
    const isRequired = required.includes(name)
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name)
    return `${comment(schema.description)}${key}${isRequired ? '' : '?'}: ${type(schema)}${isRequired ? '' : ' | undefined'}`
  })
  return `{\n${lines.join('\n')}\n}`
}

function type(schema: Schema): string {
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives) return [...new Set(alternatives.map(type))].join(' | ')
  if (schema.$ref) return reference(schema.$ref.split('/').at(-1) ?? '')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (Array.isArray(schema.type))
    return schema.type.map((kind) => type({ ...schema, type: kind })).join(' | ')
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
    case 'null':
      return schema.type
    case 'string':
      return schema.format === 'binary' ? 'ImageFile' : 'string'
    case 'array':
      if (schema.prefixItems) return `[${schema.prefixItems.map(type).join(', ')}]`
      return `(${type(schema.items ?? {})})[]`
    case 'object':
      return typeof schema.additionalProperties === 'object'
        ? `Record<string, ${type(schema.additionalProperties)}>`
        : object(schema)
    default:
      return 'unknown'
  }
}

function reference(name: string): string {
  return answerNames.get(name) ?? type(find(name))
}

function comment(text: string | undefined): string {
  return text ? `/** ${text} */\n` : ''
}
