/** What a month costs, from the measurements and Cloudflare's prices. */
import type { Compared } from './compare.ts'
import type { Weight } from './fill.ts'

/** Prices of the paid plan in dollars a month, with what it includes. Read in 2026 at the addresses in docs/costs.md. */
export const PRICES = {
  plan: 5,
  requests: { perMillion: 0.3, included: 10e6 },
  cpuMs: { perMillion: 0.02, included: 30e6 },
  rowsRead: { perMillion: 0.001, included: 25e9 },
  rowsWritten: { perMillion: 1, included: 50e6 },
  databaseGB: { each: 0.75, included: 5 },
  bucketGB: { each: 0.015, included: 10 },
  classA: { perMillion: 4.5, included: 1e6 },
  classB: { perMillion: 0.36, included: 10e6 },
  objectRequests: { perMillion: 0.15, included: 1e6 },
  objectGBs: { perMillion: 12.5, included: 400e3 },
  logEvents: { perMillion: 0.6, included: 20e6 },
} as const

/** What a person does on a day when they are active. */
export const MIX: Record<string, number> = {
  refresh: 3,
  posts: 3,
  'posts at a deep cursor': 2,
  'posts searched': 0.5,
  'posts by likes': 0.5,
  feed: 4,
  post: 6,
  profiles: 1,
  profile: 2,
  'comments of a post': 5,
  conversations: 3,
  thread: 4,
  'send message': 5,
  'like + unlike': 4,
  'follow + unfollow': 0.3,
  comment: 1,
  login: 0.1,
  image: 30,
  'post with an image': 0.2,
}
export const DAYS = 10
const MONTHS_KEPT = 12
const IMAGE_GB = 200e3 / 1e9
/** Besides its messages, each socket that opens wakes an object: once on each active day, with one D1 call. */
const SOCKETS = 1
/**
 * While its socket is open, a channel checks D1 (`src/live/object/person-channel.ts`): minutes online a day, seconds between checks, and rows that a
 * check reads with twenty conversations.
 */
export const ONLINE_MINUTES = 10
const LOOK_SECONDS = 45
const LOOK_ROWS = 12 + 2 * 20
/** Objects called per action: for a message the conversation and two channels; for a comment or follow the channel of the person notified. */
const CALLED: Record<string, number> = { 'send message': 3, comment: 1, 'follow + unfollow': 0.5 }
/** Seconds that an object is awake for a message or a socket, at 128 MB: a few D1 round trips. */
const AWAKE = 0.1
const OBJECT_GB = 0.128
/** The busiest hour has three times the average load. */
const PEAK = 3
const MONTH_SECONDS = 30 * 86_400
const DATABASE_GB = 10

export interface Usage {
  requests: number
  cpuMs: number
  rowsRead: number
  rowsWritten: number
  d1Calls: number
  classA: number
  classB: number
  objectRequests: number
  objectGBs: number
  /** What remains stored after a month. */
  databaseGB: number
  messagesGB: number
  bucketGB: number
}

/** What one person uses in a month. */
export function usage(routes: Compared[], weight: Weight): Usage {
  const total: Usage = {
    requests: 0,
    cpuMs: 0,
    rowsRead: 0,
    rowsWritten: 0,
    d1Calls: 0,
    classA: 0,
    classB: 0,
    objectRequests: 0,
    objectGBs: 0,
    databaseGB: 0,
    messagesGB: 0,
    bucketGB: 0,
  }
  for (const [name, perDay] of Object.entries(MIX)) {
    const route = routes.find((one) => one.name === name)
    if (!route) throw new Error(`The mix names ${name}, which is not measured.`)
    const times = perDay * DAYS
    total.requests += times
    total.cpuMs += (times * (route.ours[16] ?? route.ours[1] ?? { cpu: 0 }).cpu) / 1000
    total.rowsRead += times * route.cost.read
    total.rowsWritten += times * route.cost.written
    total.d1Calls += times * route.cost.calls
  }
  const times = (name: string) => (MIX[name] ?? 0) * DAYS
  const rows = (table: string) => (weight[table] ?? 0) / 1e9
  total.requests += SOCKETS * DAYS
  const looks = ((ONLINE_MINUTES * 60) / LOOK_SECONDS) * DAYS
  total.d1Calls += 2 * SOCKETS * DAYS + looks
  total.rowsRead += looks * LOOK_ROWS
  total.classA = times('post with an image')
  total.classB = times('image')
  const calls = Object.entries(CALLED).reduce((sum, [name, objects]) => sum + times(name) * objects, 0)
  total.objectRequests = calls + 2 * SOCKETS * DAYS + looks
  total.objectGBs = total.objectRequests * AWAKE * OBJECT_GB
  total.messagesGB = times('send message') * (rows('messages') + rows('changes'))
  total.databaseGB =
    total.messagesGB +
    // Half of the likes and follows are taken back.
    (times('like + unlike') / 4) * rows('likes') +
    (times('follow + unfollow') / 4) * rows('followers') +
    times('comment') * rows('comments') +
    times('post with an image') * (rows('posts') + rows('post_search'))
  total.bucketGB = times('post with an image') * IMAGE_GB
  return total
}

export interface Line {
  what: string
  used: number
  unit: string
  dollars: number
}

/** The lines of a month's bill after a year. */
export function bill(people: number, one: Usage, weight: Weight): Line[] {
  const metered = (
    what: string,
    unit: string,
    used: number,
    price: { perMillion: number; included: number },
  ): Line => ({
    what,
    unit,
    used,
    dollars: (Math.max(0, used - price.included) / 1e6) * price.perMillion,
  })
  const stored = (what: string, used: number, price: { each: number; included: number }): Line => ({
    what,
    unit: 'GB',
    used,
    dollars: Math.max(0, used - price.included) * price.each,
  })
  const database = people * (one.databaseGB * MONTHS_KEPT + (weight.users ?? 0) / 1e9)
  return [
    { what: 'the plan', unit: '', used: 1, dollars: PRICES.plan },
    metered('requests', '', people * one.requests, PRICES.requests),
    metered('CPU', 'ms', people * one.cpuMs, PRICES.cpuMs),
    metered('rows read', '', people * one.rowsRead, PRICES.rowsRead),
    metered('rows written', '', people * one.rowsWritten, PRICES.rowsWritten),
    stored('D1 storage', database, PRICES.databaseGB),
    stored('R2 storage', people * one.bucketGB * MONTHS_KEPT, PRICES.bucketGB),
    metered('R2 writes', '', people * one.classA, PRICES.classA),
    metered('R2 reads', '', people * one.classB, PRICES.classB),
    metered('object requests', '', people * one.objectRequests, PRICES.objectRequests),
    // Each request logs one line (src/http/headers.ts), and the platform logs none itself (wrangler.toml).
    metered('log lines', '', people * one.requests, PRICES.logEvents),
    metered('object duration', 'GB-s', people * one.objectGBs, PRICES.objectGBs),
  ]
}

export interface Capacity {
  /** How many people one database can serve: limited by its size, and by the calls that it answers in the busiest hour. */
  bySize: number
  byCalls: number
  /** The same without messages, which are then stored in databases of their own. */
  bySizeWithoutMessages: number
  /** D1 calls a second in the busiest hour, for a million people. */
  peakCalls: number
  callsPerSecond: number
  readShare: number
  gbPerPerson: number
  messagesShare: number
}

/** How many people one database can serve; `callsPerSecond` is how many calls of this mix it answers. */
export function capacity(one: Usage, weight: Weight, routes: Compared[], callsPerSecond: number): Capacity {
  const gb = one.databaseGB * MONTHS_KEPT + (weight.users ?? 0) / 1e9
  const perPerson = (one.d1Calls / MONTH_SECONDS) * PEAK
  let reads = 0
  for (const { name, kind, cost } of routes)
    if (kind === 'read') reads += (MIX[name] ?? 0) * DAYS * cost.calls
  return {
    bySize: DATABASE_GB / gb,
    byCalls: callsPerSecond / perPerson,
    bySizeWithoutMessages: DATABASE_GB / (gb - one.messagesGB * MONTHS_KEPT),
    peakCalls: perPerson * 1e6,
    callsPerSecond,
    readShare: reads / one.d1Calls,
    gbPerPerson: gb,
    messagesShare: (one.messagesGB * MONTHS_KEPT) / gb,
  }
}

/** Calls of this mix that one core answers a second, derived from the limit's CPU time, nearly all of which is D1's. */
export function callsPerSecond(routes: Compared[]): number {
  let [micros, calls] = [0, 0]
  for (const { name, cost, limit } of routes) {
    const times = MIX[name] ?? 0
    if (cost.calls === 0 || name === 'login') continue
    micros += times * (limit[16] ?? limit[1] ?? { cpu: 0 }).cpu
    calls += times * cost.calls
  }
  return (calls * 1e6) / micros
}
