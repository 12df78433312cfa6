/**
 * Records what our Worker sends to D1 for a request, so that the limit sends the same. Whatever SQL the project uses, the two are compared on equal
 * terms.
 *
 * A write's parameters differ between requests. Parameters that come from the request (who, what, when) are recognised by their value: recorded
 * requests use values that no other parameter has.
 */
import type { Agent } from 'node:http'
import { connect, send } from './load.ts'
import { type Call, CONTENT, type Place, type Route, TITLE } from './routes.ts'
import { type Server, serve } from './server.ts'
import { VIEWER } from './world.ts'

/** A parameter: a value, or where it comes from; `now` with milliseconds to add. */
export type Parameter = unknown | { from: 'viewer' | 'target' | 'content' | 'hash' } | { now: number }
export interface Statement {
  sql: string
  parameters: Parameter[]
}
/** D1 calls, each a batch. */
export type Plan = Statement[][]

/** A list as its cursors name it, with the number of values in a position. */
export interface List {
  name: string
  arity: number
}

export interface Recorded {
  calls: number
  read: number
  written: number
  bytes: number
  status: number
  body: Buffer
}

/** Runs in front of the built Worker, in the same isolate. */
const SOURCE = `
import worker, { Conversation as Base } from './index.js'
let calls = []
const known = new WeakMap()
function recording(env) {
  let made = known.get(env)
  if (!made) known.set(env, (made = { ...env, DB: database(env.DB) }))
  return made
}
const database = (db) => ({
  withSession(how) {
    const session = db.withSession(how)
    const statement = (sql, parameters) => ({ sql, parameters, bind: (...values) => statement(sql, values) })
    return {
      prepare: (sql) => statement(sql, []),
      getBookmark: () => session.getBookmark(),
      batch(statements) {
        calls.push(statements.map(({ sql, parameters }) => ({ sql, parameters })))
        return session.batch(statements.map(({ sql, parameters }) => session.prepare(sql).bind(...parameters)))
      },
    }
  },
})
export class Conversation extends Base {
  constructor(context, env) {
    super(context, recording(env))
  }
}
export default {
  fetch(request, env, context) {
    if (!request.url.endsWith('/recorded')) return worker.fetch(request, recording(env), context)
    const answer = Response.json(calls)
    calls = []
    return answer
  },
}`

export const startRecorder = (bundle: string, data: string): Promise<Server> =>
  serve(bundle, { data, variables: { SERVER_TIMING: 'true' }, main: { name: 'record.js', source: SOURCE } })

const nothing = (): Place => ({ connection: 0, made: 0, body: Buffer.alloc(0) })

/** Sends each request of a route once (for a read, each address). Returns their average cost, and their plans by name. */
export async function record(server: Server, route: Route) {
  const agent = connect()
  const plans: Record<string, Plan> = {}
  const lists: Record<string, List> = {}
  const answers: Recorded[] = []
  const place = nothing()
  // The first request creates what later ones reuse, such as the hash that an unknown username is checked against.
  if (!route.steps) await send(server.port, agent, route.next(nothing()))
  do {
    await ask(server, agent, '/recorded')
    const call = route.next(place)
    const now = Date.now()
    const { status, headers, body } = await send(server.port, agent, call)
    if (status >= 400) throw new Error(`${call.method} ${call.path}: ${status} ${body}`)
    const cost = /calls=(\d+) read=(\d+) written=(\d+)/.exec(String(headers['server-timing']))
    const [calls = 0, read = 0, written = 0] = cost?.slice(1).map(Number) ?? []
    answers.push({ calls, read, written, bytes: body.length, status, body })
    const plan: Plan = JSON.parse((await ask(server, agent, '/recorded')).toString())
    plans[planName(route, call)] =
      route.kind === 'read' ? plan : plan.map((batch) => batch.map((one) => general(one, call, now)))
    const list = route.kind === 'read' && listOf(body)
    if (list) lists[call.path] = list
    place.made += 1
    place.body = body
  } while (
    place.made < (route.steps ?? 1) ||
    (route.kind === 'read' && !(planName(route, route.next(place)) in plans))
  )
  agent.destroy()
  return { plans, lists, answers }
}

/** The list that the next page's cursor names; undefined if there is none. */
function listOf(body: Buffer): List | undefined {
  const next =
    body.includes('"next":"') && new URL(JSON.parse(body.toString()).next).searchParams.get('cursor')
  if (!next) return
  const [name, , ...position] = JSON.parse(Buffer.from(next, 'base64url').toString())
  return { name, arity: position.length }
}

async function ask(server: Server, agent: Agent, path: string): Promise<Buffer> {
  return (await send(server.port, agent, { method: 'GET', path, headers: {} })).body
}

/** The address of a read; for a write the method and the path without numbers. */
export const planName = ({ kind }: Route, { method, path }: Call): string =>
  kind === 'read' ? path : `${method} ${path.replace(/\d+/, ':id')}`

const DAY = 86_400_000

function general({ sql, parameters }: Statement, call: Call, now: number): Statement {
  const target = Number(/\d+/.exec(call.path)?.[0] ?? Object.values(fieldsOf(call))[0])
  return {
    sql,
    parameters: parameters.map((value) => {
      if (value === VIEWER) return { from: 'viewer' }
      if (value === target) return { from: 'target' }
      if (value === CONTENT || value === TITLE) return { from: 'content' }
      if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return { from: 'hash' }
      if (typeof value === 'number' && Math.abs(value - now) < 40 * DAY)
        return { now: Math.round((value - now) / 1000) * 1000 }
      return value
    }),
  }
}

function fieldsOf({ headers, body }: Call): Record<string, unknown> {
  return headers['content-type'] === 'application/json' && body ? JSON.parse(body.toString()) : {}
}
