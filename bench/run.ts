/**
 * `npm run bench`: measures everything that the project claims about speed and cost, in one run of some minutes.
 *
 *   npm run bench                 docs/speed.md, docs/costs.md, docs/growth.svg and bench/results.json
 *   npm run bench -- --quick      checks that everything works; its numbers mean nothing and are not written
 *   npm run bench -- --report     rewrites the documents from bench/results.json
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, type as system } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureBundle, measureStartup } from './bundle.ts'
import { compare, costOf, recordAll, requireSame } from './compare.ts'
import { type Fairness, measureFairness } from './fairness.ts'
import { fill, weigh } from './fill.ts'
import { measureGrowth } from './growth.ts'
import { measureLive, measureSharing } from './live.ts'
import { connect, idleCpu, send } from './load.ts'
import { measurePeers } from './peer.ts'
import { measureProfiles } from './profile.ts'
import { startRecorder } from './record.ts'
import { type Results, routeTable, writeReport } from './report.ts'
import { type Route, routes } from './routes.ts'
import { build, ORIGIN, type Server, serve } from './server.ts'
import { FULL, QUICK, ROOT, WORK } from './settings.ts'
import { accessOf, VIEWER } from './world.ts'

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, report: { type: 'boolean', default: false } },
})
const settings = options.quick ? QUICK : FULL
const RESULTS = join(ROOT, 'bench', 'results.json')
/** A list, a single row, a write, and the request that every client sends most. */
const PROFILED = ['posts', 'post', 'like + unlike', 'refresh']
const started = performance.now()

if (options.report) {
  writeReport(JSON.parse(readFileSync(RESULTS, 'utf8')))
} else {
  const results = await run()
  console.log(`\n${routeTable(results)}\n`)
  if (!options.quick) {
    writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`)
    writeReport(results)
  }
  progress('done')
}
process.exit()

async function run(): Promise<Results> {
  rmSync(WORK, { recursive: true, force: true })
  mkdirSync(WORK, { recursive: true })
  try {
    progress('building')
    const ours = build('ours', 'wrangler.toml', WORK)
    const limit = build('limit', 'bench/limit/wrangler.toml', WORK)
    const startup = measureStartup(options.quick ? 1 : 5)
    progress('filling')
    const data = join(WORK, 'data')
    await fill(ours, data, settings.sizes)
    const compared = await measureRoutes(ours, limit, data)
    progress('profiles')
    const profiled = routes('').filter(({ name }) => PROFILED.includes(name))
    cpSync(data, join(WORK, 'data-profile'), { recursive: true })
    const profiles = await measureProfiles(join(WORK, 'data-profile'), profiled, settings.replays)
    const peers = await measurePeers(settings, progress)
    const growth = await measureGrowth(ours, settings, readRoutes, progress)
    return {
      date: new Date().toISOString().slice(0, 10),
      machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, ${system()} ${release()}`,
      bundle: measureBundle(ours),
      startup,
      ...compared,
      profiles,
      peers,
      growth,
      weight: weigh(data),
    }
  } finally {
    rmSync(WORK, { recursive: true, force: true })
  }
}

/** Measures all routes next to the limit, then live delivery. Each server has its own copy of the data. */
async function measureRoutes(
  ours: string,
  limit: string,
  data: string,
): Promise<Pick<Results, 'routes' | 'live' | 'fairness'>> {
  const copy = (name: string) => {
    cpSync(data, join(WORK, name), { recursive: true })
    return join(WORK, name)
  }
  const recorder = await startRecorder(ours, copy('data-record'))
  const all = routes(await deepCursor(recorder))
  const { plans, lists, answers } = await recordAll(recorder, all)
  const sharing = await measureSharing(recorder, settings.seconds)
  await recorder.stop()

  const servers = {
    ours: await serve(ours, { data: copy('data-ours') }),
    limit: await serve(limit, {
      data: copy('data-limit'),
      variables: { PLANS: plans, LISTS: lists },
      hasChannels: false,
    }),
  }
  try {
    await requireSame(servers.limit, answers)
    const idle = { ours: await idleCpu(servers.ours), limit: await idleCpu(servers.limit) }
    const compared = []
    for (const route of all) {
      progress(route.name)
      const cost = costOf(answers.get(route) ?? [])
      compared.push(await compare(servers.ours, servers.limit, route, cost, settings, idle))
    }
    progress('live delivery')
    const live = await measureLive(servers.ours, servers.limit, sharing, settings.seconds)
    progress('others beside logins')
    return { routes: compared, live, fairness: await fairness(ours, copy('data-fairness')) }
  } finally {
    await servers.ours.stop()
    await servers.limit.stop()
  }
}

/** On a separate server that has the default limit of hashes. */
async function fairness(ours: string, data: string): Promise<Fairness[]> {
  // As in `src/limits/limits.ts`.
  const server = await serve(ours, { data, variables: { LIMITS: '100000, hashes=1/10/1' } })
  try {
    return await measureFairness(server, settings.seconds)
  } finally {
    await server.stop()
  }
}

/** A cursor that points past half of the posts. */
async function deepCursor(server: Server): Promise<string> {
  const agent = connect()
  const headers = { host: new URL(ORIGIN).host, authorization: `Bearer ${accessOf(VIEWER)}` }
  let path = '/posts/?cursor=&page_size=100'
  for (let page = 0; page < settings.sizes.posts / 200; page++) {
    const { body } = await send(server.port, agent, { method: 'GET', path, headers })
    path = JSON.parse(body.toString()).next.slice(ORIGIN.length)
  }
  agent.destroy()
  return new URL(path, ORIGIN).searchParams.get('cursor') ?? ''
}

/** The D1 reads whose cost could grow with the number of posts. */
function readRoutes(): Route[] {
  return routes('').filter(({ kind, name }) => kind === 'read' && !name.startsWith('image'))
}

function progress(step: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  console.error(`${seconds.padStart(4)} s  ${step}`)
}
