/** The project's targets, what a run has measured, and why some are missed. */
import { BUDGET } from './bundle.ts'
import type { Compared } from './compare.ts'
import type { Results } from './report.ts'

export interface Target {
  what: string
  wanted: string
  measured: string
  met: boolean
  /** Why the target is not met. */
  why?: string
}

const MANY = 16
const RATIOS = { read: 1.25, write: 1.35, perSecond: 0.8, growth: 1.1, busy: 4, delivery: 2 }

const allowedCalls = ({ kind }: Compared) => (kind === 'read' ? 1 : 2)

export function targets({ routes, growth, live, bundle, startup }: Results): Target[] {
  const calls = routes.filter((route) => route.cost.calls > allowedCalls(route))
  const busy = Object.entries(live.busy).at(-1)
  const { ours, limit, perCall } = busy?.[1] ?? { ours: 0, limit: 1, perCall: 0 }
  const { delivery } = live
  const late = delivery.ours.p99 / delivery.limit.p99
  const result: (Target | undefined)[] = [
    {
      what: 'D1 calls of a request',
      wanted: '1 to read, at most 2 to write',
      measured: calls.map(({ name, cost }) => `${name}: ${cost.calls}`).join(', ') || 'so',
      met: calls.length === 0,
    },
    growthTarget(growth),
    cpuTarget(routes, 'read'),
    cpuTarget(routes, 'write'),
    worst(
      'requests/s beside the limit, at 16 connections',
      routes.map((route) => ({
        name: route.name,
        ratio: (route.ours[MANY]?.perSecond ?? 0) / (route.limit[MANY]?.perSecond ?? 1),
      })),
      RATIOS.perSecond,
      (a, b) => a >= b,
    ),
    {
      what: 'one busy conversation beside one D1 insert a message',
      wanted: `≥ ${RATIOS.busy} × the messages/s`,
      measured: `${(ours / limit).toFixed(2)} ×, and ${perCall.toFixed(1)} messages a D1 call, at ${busy?.[0]} connections`,
      met: ours / limit >= RATIOS.busy,
      why: 'D1 runs in the same thread here and answers without a network: what is saved of its calls is spent on requests',
    },
    {
      what: 'live delivery, p99',
      wanted: `≤ ${RATIOS.delivery} × an object that echoes`,
      measured: `${late.toFixed(1)} ×; ${(delivery.ours.p99 / delivery.stored.p99).toFixed(1)} × one that stores first`,
      met: late <= RATIOS.delivery,
      why: 'nobody is told of a message before D1 has it, and the call takes longer than all else',
    },
    {
      what: 'code, gzipped',
      wanted: `≤ ${BUDGET.code / 1000} kB`,
      measured: `${(bundle.code / 1000).toFixed(1)} kB`,
      met: bundle.code <= BUDGET.code,
    },
    {
      what: 'start-up, CPU',
      wanted: `≤ ${BUDGET.startup} ms`,
      measured: `${startup.toFixed(1)} ms`,
      met: startup <= BUDGET.startup,
      why: 'most of it is zod building schemas, on a machine that does nothing else as fast as Cloudflare’s',
    },
  ]
  return result.filter((target) => target !== undefined)
}

function growthTarget(growth: Results['growth']): Target | undefined {
  const ratios = growth.map(({ name, read }) => {
    const rows = Object.values(read)
    return { name, ratio: (rows.at(-1) ?? 0) / (rows[0] ?? 1) }
  })
  if (ratios.length === 0) return undefined
  return worst('rows read with the most posts beside the fewest', ratios, RATIOS.growth, (a, b) => a <= b)
}

function cpuTarget(routes: Compared[], kind: Compared['kind']): Target {
  const ratios = routes
    .filter((route) => route.kind === kind)
    .map((route) => ({
      name: route.name,
      ratio: (route.ours[MANY]?.cpu ?? 0) / (route.limit[MANY]?.cpu ?? 1),
    }))
  return worst(`CPU of a ${kind} beside the limit`, ratios, RATIOS[kind], (a, b) => a <= b)
}

/** The target is met if every ratio is; otherwise lists those that are not. */
function worst(
  what: string,
  ratios: { name: string; ratio: number }[],
  wanted: number,
  fulfils: (ratio: number, wanted: number) => boolean,
): Target {
  const sorted = ratios.map(({ ratio }) => ratio).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const missed = ratios.filter(({ ratio }) => !fulfils(ratio, wanted))
  const names = missed.map(({ name, ratio }) => `${name} ${ratio.toFixed(2)}`).join(', ')
  return {
    what,
    wanted: `${fulfils(0, 1) ? '≤' : '≥'} ${wanted} ×`,
    measured: `median ${median.toFixed(2)} ×${names && `; not: ${names}`}`,
    met: missed.length === 0,
    why: 'see where our own time goes, below',
  }
}
