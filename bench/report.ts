/** Turns results into documents: Markdown tables, a plot, the bill. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attackSection } from './attacks.ts'
import { bill, callsPerSecond, capacity, DAYS, MIX, ONLINE_MINUTES, usage } from './bill.ts'
import { BUDGET, type Bundle } from './bundle.ts'
import type { Compared } from './compare.ts'
import { type Fairness, MAX_RATIO } from './fairness.ts'
import type { Weight } from './fill.ts'
import type { Grown } from './growth.ts'
import type { Live } from './live.ts'
import type { PeerResult } from './peer.ts'
import { lineChart } from './plot.ts'
import type { Profile } from './profile.ts'
import { ROOT } from './settings.ts'
import { targets } from './targets.ts'

export interface Results {
  date: string
  machine: string
  bundle: Bundle
  startup: number
  routes: Compared[]
  live: Live
  /** Missing in older results. */
  fairness?: Fairness[]
  profiles: Profile[]
  peers: PeerResult[]
  growth: Grown[]
  weight: Weight
}

const number = (n: number, digits = 0) =>
  Number.isFinite(n)
    ? n.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    : '–'
const ratio = (a: number, b: number) => number(a / b, 2)
const ms = (n: number) => number(n, n < 10 ? 2 : 0)
const row = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`
const table = (head: string[], rows: (string | number)[][]) =>
  [row(head), row(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(row)].join('\n')

/** The table in the README: every route at both numbers of connections. */
export function routeTable({ routes, peers }: Results): string {
  const none = { perSecond: Number.NaN, p50: Number.NaN, p99: Number.NaN, cpu: Number.NaN }
  return table(
    // biome-ignore format: one line a group
    ['route', 'CPU µs', '× limit', 'ms p50', 'p99', 'requests/s', 'p50 at 16', 'p99', '× limit', 'D1 calls', 'rows read', 'written', 'bytes',
      ...peers.map(({ name }) => `× ${name}`)],
    routes.map(({ name, cost, ours, limit }) => {
      const [one, many] = [ours[1] ?? none, ours[16] ?? none]
      const other = limit[16] ?? none
      return [
        name,
        number(many.cpu),
        ratio(many.cpu, other.cpu),
        ms(one.p50),
        ms(one.p99),
        number(many.perSecond),
        ms(many.p50),
        ms(many.p99),
        ratio(many.perSecond, other.perSecond),
        cost.calls,
        number(cost.read),
        number(cost.written),
        number(cost.bytes),
        ...peers.map((peer) => {
          const theirs = peer.routes.find((route) => route.name === name)?.timings[16]
          return theirs ? ratio(many.perSecond, theirs.perSecond) : ''
        }),
      ]
    }),
  )
}

function fairnessTable({ fairness = [] }: Results): string {
  if (fairness.length === 0) return ''
  const rows = fairness.map(({ path, quiet, busy, logins }) => [
    path,
    ms(quiet),
    ms(busy),
    ratio(busy, quiet),
    number(logins, 1),
  ])
  return `
## Other requests during logins

Sixteen loops log in. Meanwhile, the median latency of other requests must not exceed ${MAX_RATIO} times that without logins. An isolate hashes one password at a
time, for at most a third of the time.

${table(['request', 'p50 ms in quiet', 'beside logins', '×', 'logins a second'], rows)}
`
}

function liveTables({ live: { delivery, busy } }: Results): string {
  return [
    table(
      ['live delivery', 'p50 ms', 'p99 ms'],
      [
        ['sent and stored, to the other person’s socket', ms(delivery.ours.p50), ms(delivery.ours.p99)],
        // Missing in results from before there were channels.
        ...(delivery.channel
          ? [
              [
                'the same, to their channel, by one object more',
                ms(delivery.channel.p50),
                ms(delivery.channel.p99),
              ],
            ]
          : []),
        ['a bare object that echoes and stores nothing', ms(delivery.limit.p50), ms(delivery.limit.p99)],
        [
          '× limit',
          ratio(delivery.ours.p50, delivery.limit.p50),
          ratio(delivery.ours.p99, delivery.limit.p99),
        ],
      ],
    ),
    table(
      ['one busy conversation', 'messages/s', 'one D1 insert a message', '×', 'messages a D1 call'],
      Object.entries(busy).map(([connections, { ours, limit, perCall }]) => [
        `${connections} connections`,
        number(ours),
        number(limit),
        ratio(ours, limit),
        number(perCall, 1),
      ]),
    ),
    `Here everything shares one core, so messages/s includes the cost of the requests. On Cloudflare requests run separately from D1, and a
conversation is limited by the number of calls that D1 answers: there, sharing a call between messages is what helps.`,
  ].join('\n\n')
}

const targetTable = (results: Results) =>
  table(
    ['target', 'wanted', 'measured', ''],
    targets(results).map(({ what, wanted, measured, met, why }) => [
      what,
      wanted,
      measured,
      met ? 'met' : `not met: ${why}`,
    ]),
  )

const SHOWN = 9

/** Where each route spends its time, with the largest parts by name. */
function profileTable({ profiles }: Results): string {
  const sums = new Map<string, number>()
  for (const { parts } of profiles) {
    for (const [part, time] of Object.entries(parts)) sums.set(part, (sums.get(part) ?? 0) + time)
  }
  const largest = [...sums].sort(([, a], [, b]) => b - a).map(([part]) => part)
  const shown = largest.slice(0, SHOWN)
  const rest = largest.slice(SHOWN)
  const sum = ({ parts }: Profile, names: string[]) =>
    names.reduce((total, name) => total + (parts[name] ?? 0), 0)
  return table(
    ['CPU µs without D1', ...profiles.map(({ name }) => name)],
    [
      ...shown.map((part) => [part, ...profiles.map((profile) => number(sum(profile, [part])))]),
      [`${rest.length} others`, ...profiles.map((profile) => number(sum(profile, rest)))],
      ['**all**', ...profiles.map(({ total }) => `**${number(total)}**`)],
    ],
  )
}

function peerTable({ routes, peers }: Results): string {
  if (peers.length === 0) return 'No peer was installed in this run: `npm run bench:peer` does that.'
  return peers
    .map(
      ({ name, version, routes: theirs, sameAs }) =>
        `${name} ${version}: ${sameAs}\n\n${table(
          ['route', `${name} CPU µs`, 'ours', '×', `${name} requests/s`, 'ours', '×', 'bytes'],
          theirs.map((route) => {
            const ours = routes.find((one) => one.name === route.name)?.ours[16]
            const timing = route.timings[16]
            if (!ours || !timing) return [route.name]
            return [
              route.name,
              number(timing.cpu),
              number(ours.cpu),
              ratio(timing.cpu, ours.cpu),
              number(timing.perSecond),
              number(ours.perSecond),
              ratio(ours.perSecond, timing.perSecond),
              number(route.bytes),
            ]
          }),
        )}`,
    )
    .join('\n\n')
}

function growthTable({ growth }: Results): string {
  const sizes = Object.keys(growth[0]?.read ?? {}).map(Number)
  return table(
    ['rows read', ...sizes.map((size) => `${number(size)} posts`), 'CPU µs', ...sizes.slice(1).map(() => '')],
    growth.map(({ name, read, cpu }) => [
      name,
      ...sizes.map((size) => number(read[size] ?? Number.NaN, (read[size] ?? 0) % 1 ? 1 : 0)),
      ...sizes.map((size) => number(cpu[size] ?? Number.NaN)),
    ]),
  )
}

const PEOPLE = [1_000, 100_000, 10_000_000]

function costs(results: Results): string {
  const { routes, weight } = results
  const one = usage(routes, weight)
  const far = capacity(one, weight, routes, callsPerSecond(routes))
  const bills = PEOPLE.map((people) => bill(people, one, weight))
  const short = (n: number) =>
    n >= 1e9
      ? `${number(n / 1e9, 1)} G`
      : n >= 1e6
        ? `${number(n / 1e6, 1)} M`
        : n >= 1e3
          ? `${number(n / 1e3, 1)} k`
          : number(n, n < 10 ? 1 : 0)
  const dollars = (n: number) => `$${number(n, n < 100 ? 2 : 0)}`
  const lines = (bills[0] ?? []).map(({ what, unit }, i) => [
    unit ? `${what}, ${unit}` : what,
    ...bills.flatMap((lines) => [i === 0 ? '' : short(lines[i]?.used ?? 0), dollars(lines[i]?.dollars ?? 0)]),
  ])
  const totals = bills.map((lines) => lines.reduce((sum, line) => sum + line.dollars, 0))
  const people = (n: number) => number(Math.round(n / 1000) * 1000)
  const splits = Math.ceil(10e6 / far.bySizeWithoutMessages)
  const messageDatabases = Math.ceil((10e6 * one.messagesGB * 12) / 10)
  return `<!-- Written by \`npm run bench\` (bench/report.ts): edit there. -->
# What it costs

Measured ${results.date} on ${results.machine}; see [speed.md](speed.md). Prices are those of the Workers Paid plan:
[Workers](https://developers.cloudflare.com/workers/platform/pricing/), [D1](https://developers.cloudflare.com/d1/platform/pricing/),
[R2](https://developers.cloudflare.com/r2/pricing/), [logs](https://developers.cloudflare.com/workers/observability/logs/workers-logs/),
[Durable Objects](https://developers.cloudflare.com/durable-objects/platform/pricing/).

## A month

Here, people are active users who come ${DAYS} days a month. On such a day each user does:
${Object.entries(MIX)
  .map(([name, times]) => `${name} ${times}`)
  .join(' · ')} · a socket opened 1 · minutes on the channel ${ONLINE_MINUTES}.
That is ${number(one.requests)} requests a month, ${number(one.d1Calls)} D1 calls, ${number(one.rowsRead)} rows read and ${number(one.rowsWritten)} written.
All data is kept for a year; this is the bill for the twelfth month.

${table(['', ...PEOPLE.flatMap((n) => [`${number(n)} people`, '$'])], [...lines, ['**total**', ...totals.flatMap((total) => ['', `**${dollars(total)}**`])], ['a person', ...totals.flatMap((total, i) => ['', `$${number(total / (PEOPLE[i] ?? 1), 4)}`])]])}

CPU is overestimated: locally D1 and R2 run in the measured process, whereas Cloudflare does not bill their time as CPU. Images are
assumed to be served by the Worker, never from a cache. An object is assumed to be active for 0.1 s per call: a message calls three, its conversation
and both users' channels; an open channel queries D1 every 45 seconds.
A request logs one line. \`head_sampling_rate\` in \`wrangler.toml\` keeps only a sample: at 0.1 logs cost a tenth, and one error in ten is logged.

## How far one database goes

One D1 database holds 10 GB and runs one query at a time.

| | people |
| --- | ---: |
| by size: ${number(far.gbPerPerson * 1e6)} kB a person and year | ${people(far.bySize)} |
| by calls: ${number(far.peakCalls)} a second for a million people at a busy hour, of ${number(far.callsPerSecond)} that one core of this machine answers | ${people(far.byCalls)} |

${far.bySize < far.byCalls ? 'Size ends first.' : 'Calls end first.'} What to do then, in this order:

1. **Read replicas.** ${number(far.readShare * 100)}% of the calls are reads. Sessions are in place (\`src/db/client.ts\`): with replication enabled, reads are served
   elsewhere, and a client reads its own writes by its bookmark. With the writes alone the primary carries ${people(far.byCalls / (1 - far.readShare))} people by calls. It
   does not change the size, and costs nothing beyond the rows read.
2. **Move messages into separate databases.** They are ${number(far.messagesShare * 100)}% of the bytes, and only their object writes them
   (\`src/messaging/\`): which database a conversation is in can follow from its two people. Without them the main database holds
   ${people(far.bySizeWithoutMessages)} people. The list of conversations then asks each of the databases: its newest entries go into a table of the main one.
3. **Move old likes, comments and posts away**, or split people over several databases: at 10 million people ${number(splits)} databases of people and ${number(messageDatabases)} of messages,
   each of 10 GB. Feeds then read from several databases. This is not implemented.

${attackSection()}`
}

const PLOT = 'docs/growth.svg'

function speed(results: Results): string {
  const { date, machine, bundle, startup, growth } = results
  const kB = (bytes: number) => `${number(bytes / 1000, 1)} kB`
  return `<!-- Written by \`npm run bench\` (bench/report.ts): edit there. -->
# How fast it is

${date}, ${machine}. \`npm run bench\` regenerates this page in a few minutes on any Linux machine. Figures differ between machines; the ratios hardly do.

The benchmark measures the deployable bundle, in the runtime that Cloudflare publishes, with local D1 and R2 in the same process: 200 people, 5,000 posts,
20,000 likes, 20,000 comments, 2,000 follows, 10,000 messages. CPU is that of the runtime process. The **limit** is a bare Worker (\`bench/limit/\`) without
framework, validation, request log or security headers. It sends D1 the same statements, recorded from ours, and answers the same bytes: the run fails if
it does not. \`× limit\` is ours divided by the limit's, at 16 connections: below 1 for requests a second, above 1 for CPU.

${routeTable(results)}

${liveTables(results)}
${fairnessTable(results)}
## Targets

${targetTable(results)}

## Where our own time goes

Requests are replayed with D1's first answers and sampled by the inspector's profiler. The rest is our own time, and the runtime's on our behalf (JSON, headers, a log
line), which is attributed to the calling file.

${profileTable(results)}

## Compared with an alternative

${peerTable(results)}

## What growth costs

![Rows read by the number of posts](growth.svg)

${growth.length > 0 ? growthTable(results) : ''}

## What is deployed

Code ${kB(bundle.code)} gzipped (budget ${kB(BUDGET.code)}, checked in CI), and ${kB(bundle.data)} for password hashing and the list of common passwords. Start-up
${number(startup, 1)} ms of CPU here (target ${BUDGET.startup} ms).
`
}

/** Writes docs/speed.md, docs/costs.md and the plot, and inserts the table into the README if it has a place for it. */
export function writeReport(results: Results): void {
  const write = (file: string, text: string) => writeFileSync(join(ROOT, file), text)
  write('docs/speed.md', speed(results))
  write('docs/costs.md', costs(results))
  const series = results.growth.map(({ name, read }) => ({
    name,
    points: Object.entries(read).map(([size, rows]): [number, number] => [Number(size), rows]),
  }))
  if (series.length > 0)
    write(
      PLOT,
      lineChart(series, {
        title: 'Rows that D1 reads for a request',
        x: 'posts in the database',
        y: 'rows read',
      }),
    )
  const readme = join(ROOT, 'README.md')
  if (!existsSync(readme)) return
  const text = readFileSync(readme, 'utf8')
  const block = /<!-- bench -->[\s\S]*<!-- \/bench -->/
  const now = `<!-- bench -->\n${routeTable(results)}\n\n${results.date}, ${results.machine}.\n<!-- /bench -->`
  if (block.test(text))
    writeFileSync(
      readme,
      text.replace(block, () => now),
    )
}
