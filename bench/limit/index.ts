/**
 * The limit: what the platform itself costs for the same answers. A Worker without framework, validation or error handling. It sends D1 exactly the
 * statements that ours sends (recorded by ../record.ts), turns the rows into the same bytes, and checks the token's signature.
 */
import { DurableObject } from 'cloudflare:workers'
import Argon2 from '@phi-ag/argon2'
import wasm from '@phi-ag/argon2/argon2.wasm'
import { randomHex, sha256, sign, verify } from './crypto'
import * as views from './views'

type Parameter = string | number | null | { from: 'viewer' | 'target' | 'content' | 'hash' } | { now: number }
type Plan = { sql: string; parameters: Parameter[] }[][]

interface Env {
  DB: D1Database
  MEDIA: R2Bucket
  CONVERSATION: DurableObjectNamespace<Conversation>
  JWT_SECRET: string
  PLANS: Record<string, Plan>
  /** Lists by address, as their cursors name them. */
  LISTS: Record<string, { name: string; arity: number }>
}

interface Values {
  viewer?: number
  target?: number
  content?: string
  hash?: string
}

type Rows = Record<string, string | number | null>[][]

/** Sends the nth batch of a plan. Returns the rows of each statement. */
async function run({ DB, PLANS }: Env, name: string, values: Values, nth = 0): Promise<Rows> {
  const now = Date.now()
  const statements = (PLANS[name]?.[nth] ?? []).map(({ sql, parameters }) =>
    DB.prepare(sql).bind(
      ...parameters.map((parameter) => {
        if (parameter === null || typeof parameter !== 'object') return parameter
        return 'now' in parameter ? now + parameter.now : values[parameter.from]
      }),
    ),
  )
  const answers = await DB.batch<Rows[number][number]>(statements)
  return answers.map(({ results }) => results)
}

const JSON_TYPE = { 'content-type': 'application/json' }
const answer = (value: unknown, status = 200) =>
  new Response(JSON.stringify(value), { status, headers: JSON_TYPE })

/** A conversation's object: commits messages, and sends them to its sockets. */
export class Conversation extends DurableObject<Env> {
  async commit(name: string, values: Values): Promise<Rows> {
    return run(this.env, name, values)
  }

  /** Sends the text to every socket. If `stores`, first stores it in one statement. */
  async echo(text: string, stores: boolean): Promise<void> {
    if (stores) await insert(this.env, { content: text, sender: 1 })
    for (const socket of this.ctx.getWebSockets()) socket.send(text)
  }

  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    return new Response(null, { status: 101, webSocket: client })
  }
}

export default {
  async fetch(request, env) {
    const { url, method } = request
    const start = url.indexOf('/', 8)
    const address = url.slice(start)
    const origin = url.slice(0, start)
    const end = address.indexOf('/', 1)
    const section = end < 0 ? address.slice(1) : address.slice(1, end)
    const path = `${method} ${address.replace(/\d+/, ':id')}`

    if (section === 'media') return image(request, env, address.slice(7))
    if (section === 'dj-rest-auth')
      return address.includes('login') ? login(request, env, path, origin) : refresh(request, env, path)
    // The baseline for live delivery: a bare object that sends to another's socket, and a bare insert for each message.
    if (section === 'echo') {
      const stub = env.CONVERSATION.getByName('echo')
      if (method === 'GET') return stub.fetch(request)
      await stub.echo(await request.text(), address.endsWith('stored'))
      return new Response()
    }
    if (section === 'insert') return insert(env, await request.json())

    const token = request.headers.get('authorization')?.slice(7) ?? ''
    const claims = await verify(env.JWT_SECRET, token)
    if (!claims) return new Response(null, { status: 401 })
    const viewer = Number(claims.user_id)

    if (method === 'GET') {
      const [, ...rows] = await run(env, address, {})
      return answer(
        views.read(section, rows, { address, origin, viewer, now: Date.now(), list: env.LISTS[address] }),
      )
    }
    if (method === 'DELETE') {
      await run(env, path, { viewer, target: Number(/\d+/.exec(address)?.[0]) })
      return new Response(null, { status: 204 })
    }
    if (section === 'posts') return upload(request, env, path, viewer, origin)
    const body = await request.json<Record<string, unknown>>()
    if (section === 'messages') {
      const other = Number(/\d+/.exec(address)?.[0])
      const stub = env.CONVERSATION.getByName(`${viewer}-${other}`)
      const rows = await stub.commit(path, { viewer, target: other, content: body.content as string })
      const row = rows.at(-1)?.[0]
      return answer(views.created(section, row, origin, viewer), 201)
    }
    const values = { viewer, target: Object.values(body)[0] as number, content: body.content as string }
    const rows = await run(env, path, values)
    const row = rows.at(-1)?.[0]
    return answer(views.created(section, row, origin, viewer), 201)
  },
} satisfies ExportedHandler<Env>

async function image(request: Request, { MEDIA }: Env, key: string): Promise<Response> {
  const object = await MEDIA.get(key, { onlyIf: request.headers, range: request.headers })
  if (!object) return new Response(null, { status: 404 })
  const headers = { etag: object.httpEtag, 'content-type': object.httpMetadata?.contentType ?? '' }
  return 'body' in object
    ? new Response(object.body, { headers })
    : new Response(null, { status: 304, headers })
}

async function upload(
  request: Request,
  env: Env,
  path: string,
  viewer: number,
  origin: string,
): Promise<Response> {
  const form = await request.formData()
  const bytes = await (form.get('image') as unknown as File).arrayBuffer()
  const hash = await sha256(bytes)
  const values = { viewer, hash, content: form.get('title') as string }
  await run(env, path, values)
  await env.MEDIA.put(hash, bytes, { sha256: hash, httpMetadata: { contentType: 'image/png' } })
  const rows = await run(env, path, values, 1)
  return answer(views.created('posts', rows[2]?.[0], origin, viewer), 201)
}

let argon2: Argon2 | undefined

async function login(request: Request, env: Env, path: string, origin: string): Promise<Response> {
  const { password } = await request.json<{ username: string; password: string }>()
  const [users] = await run(env, path, {})
  const user = users?.[0] as unknown as views.AccountRow
  argon2 ??= new Argon2(await WebAssembly.instantiate(wasm))
  if (!argon2.tryVerify(user.password_hash, password).success) return new Response(null, { status: 400 })
  const jti = randomHex()
  const hash = await sha256(new TextEncoder().encode(jti))
  await run(env, path, { viewer: user.id, hash }, 1)
  const access = await sign(env.JWT_SECRET, 'access', `${hash.slice(0, 16)}.${randomHex()}`, user.id, 86_400)
  const refresh = await sign(env.JWT_SECRET, 'refresh', jti, user.id, 86_400)
  const headers = new Headers(JSON_TYPE)
  headers.append('set-cookie', `my-app-auth=${access}; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax`)
  headers.append('set-cookie', `my-refresh-token=${refresh}; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax`)
  const body = { access_token: access, refresh_token: refresh, user: views.account(user, origin) }
  return new Response(JSON.stringify(body), { headers })
}

async function refresh(request: Request, env: Env, path: string): Promise<Response> {
  const { refresh } = await request.json<{ refresh: string }>()
  const claims = await verify(env.JWT_SECRET, refresh)
  if (!claims) return new Response(null, { status: 401 })
  const hash = await sha256(new TextEncoder().encode(claims.jti))
  const [, sessions] = await run(env, path, { hash })
  if (!sessions?.[0]) return new Response(null, { status: 401 })
  const jti = `${hash.slice(0, 16)}.${randomHex()}`
  const access = await sign(env.JWT_SECRET, 'access', jti, Number(claims.user_id), 86_400)
  const cookie = `my-app-auth=${access}; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax`
  const expires = new Date(Date.now() + 86_400_000).toISOString()
  return new Response(JSON.stringify({ access, access_token_expiration: expires }), {
    headers: { ...JSON_TYPE, 'set-cookie': cookie },
  })
}

/** A message stored without an object: its own statement assigns the number. */
async function insert(
  { DB }: Env,
  { content, sender }: { content: string; sender: number },
): Promise<Response> {
  const rows = await DB.prepare(
    `insert into messages (conversation_id, sender_id, content, created_at, seq, changed_seq)
      select 1, ?1, ?2, ?3, n, n from (select coalesce(max(seq), 0) + 1 as n from messages where conversation_id = 1) returning id, seq`,
  )
    .bind(sender, content, Date.now())
    .all()
  return answer(rows.results[0], 201)
}
