/** Compares our Worker with the limit, route by route, taking turns. */
import { connect, measure, send, type Timing } from './load.ts'
import { type List, type Plan, type Recorded, record } from './record.ts'
import type { Place, Route } from './routes.ts'
import type { Server } from './server.ts'
import type { Settings } from './settings.ts'

export interface Cost {
  /** Per request. */
  calls: number
  read: number
  written: number
  bytes: number
}

export interface Compared {
  name: string
  kind: Route['kind']
  cost: Cost
  /** By number of connections. */
  ours: Record<number, Timing>
  limit: Record<number, Timing>
}

/** What each route costs in D1, and the statements and cursors that let the limit do the same. */
export async function recordAll(recorder: Server, routes: Route[]) {
  const plans: Record<string, Plan> = {}
  const lists: Record<string, List> = {}
  const answers = new Map<Route, Recorded[]>()
  for (const route of routes) {
    const recorded = await record(recorder, route)
    Object.assign(plans, recorded.plans)
    Object.assign(lists, recorded.lists)
    answers.set(route, recorded.answers)
  }
  return { plans, lists, answers }
}

export function costOf(answers: Recorded[]): Cost {
  const mean = (value: (answer: Recorded) => number) =>
    answers.reduce((sum, answer) => sum + value(answer), 0) / answers.length
  return {
    calls: mean(({ calls }) => calls),
    read: mean(({ read }) => read),
    written: mean(({ written }) => written),
    bytes: Math.round(mean(({ bytes }) => bytes)),
  }
}

/** Throws unless the limit's answers are the same: reads byte for byte, writes (which contain ids and times) in length. */
export async function requireSame(limit: Server, answers: Map<Route, Recorded[]>): Promise<void> {
  const agent = connect()
  for (const [route, expected] of answers) {
    const place: Place = { connection: 0, made: 0, body: Buffer.alloc(0) }
    for (const answer of expected) {
      const call = route.next(place)
      const { status, body } = await send(limit.port, agent, call)
      const same = route.kind === 'read' ? body.equals(answer.body) : body.length === answer.body.length
      if (status !== answer.status || !same) {
        throw new Error(
          `The limit answers ${call.method} ${call.path} otherwise: ${status} ${body.toString().slice(0, 300)}`,
        )
      }
      place.made += 1
      place.body = body
    }
  }
  agent.destroy()
}

/** The median of several measurements. The two take turns, so that both run on an equally busy machine. */
export async function compare(
  ours: Server,
  limit: Server,
  route: Route,
  cost: Cost,
  { seconds, rounds, connections }: Settings,
  idle: { ours: number; limit: number },
): Promise<Compared> {
  const result: Compared = { name: route.name, kind: route.kind, cost, ours: {}, limit: {} }
  for (const server of [ours, limit]) await measure(server, route, 4, seconds / 2, 0)
  for (const count of connections) {
    const [mine, theirs]: [Timing[], Timing[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      mine.push(await measure(ours, route, count, seconds, idle.ours))
      theirs.push(await measure(limit, route, count, seconds, idle.limit))
    }
    result.ours[count] = median(mine)
    result.limit[count] = median(theirs)
  }
  return result
}

function median(timings: Timing[]): Timing {
  const of = (value: (timing: Timing) => number) => {
    const values = timings.map(value).sort((a, b) => a - b)
    return values[Math.floor(values.length / 2)] ?? Number.NaN
  }
  return {
    requests: of((timing) => timing.requests),
    perSecond: of((timing) => timing.perSecond),
    p50: of((timing) => timing.p50),
    p99: of((timing) => timing.p99),
    cpu: of((timing) => timing.cpu),
  }
}
