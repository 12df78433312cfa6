/** Serves a built Worker as production does, without a development proxy in front, and reads what its process has used. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { ROOT } from './settings.ts'

/** Signs tokens in the benchmark only. */
export const SECRET = 'a-secret-of-the-benchmark-and-of-nothing-else'
/** The origin in all requests, whatever the port, so that the answers of two servers can be compared. */
export const ORIGIN = 'http://api.bench'

/** Builds `ours` or `limit` as it would be deployed, and returns its folder. */
export function build(name: string, config: string, outdir: string, minify = ['--minify']): string {
  const directory = join(outdir, name)
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  const wrangler = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const options = ['deploy', '--dry-run', ...minify, '--outdir', directory, '--config', config, '--env=']
  execFileSync(process.execPath, [wrangler, ...options], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return directory
}

interface Options {
  /** Where D1, R2 and the objects store their data. */
  data: string
  /** Variables besides the secret. */
  variables?: Record<string, unknown>
  /** A main module instead of `index.js`, with its source. */
  main?: { name: string; source: string }
  /** The bare Worker has no channels. */
  hasChannels?: boolean
  /** Opens the inspector, for profiles. */
  inspectorPort?: number
}

export interface Server {
  port: number
  miniflare: Miniflare
  /** The runtime's process id, if /proc is available. */
  pid: number | undefined
  /** CPU time that the runtime has used so far, in microseconds; NaN if /proc is not available. */
  cpu(): number
  stop(): Promise<void>
}

export async function serve(
  bundle: string,
  { data, variables, main, hasChannels = true, inspectorPort }: Options,
): Promise<Server> {
  const modules = readdirSync(bundle)
    .filter((file) => /\.(js|wasm|bin)$/.test(file))
    .map((file) => ({
      type: file.endsWith('.wasm')
        ? ('CompiledWasm' as const)
        : file.endsWith('.js')
          ? ('ESModule' as const)
          : ('Data' as const),
      path: join(bundle, file),
      contents: readFileSync(join(bundle, file)),
    }))
    .sort((a, b) => Number(b.path.endsWith('index.js')) - Number(a.path.endsWith('index.js')))
  if (main)
    modules.unshift({ type: 'ESModule', path: join(bundle, main.name), contents: Buffer.from(main.source) })
  const before = children()
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: 'bench',
      modules,
      modulesRoot: bundle,
      ...compatibility(),
      bindings: {
        JWT_SECRET: SECRET,
        ACCESS_TOKEN_SECONDS: '86400',
        // Enables every limit but reaches none, as all requests come from one user.
        LIMITS: '100000',
        ...(variables as Record<string, string>),
      },
      d1Databases: { DB: 'bench' },
      r2Buckets: { MEDIA: 'bench' },
      durableObjects: {
        CONVERSATION: { className: 'Conversation', useSQLite: true },
        ...(hasChannels && { CHANNEL: { className: 'PersonChannel', useSQLite: true } }),
      },
      serviceBindings: { ASSETS: () => new Response(null, { status: 404 }) as never },
      resourcePersistencePath: data,
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      log: new Log(LogLevel.ERROR),
      // A Worker logs a line for each request. As in production, it is read; it is not shown.
      handleStructuredLogs: () => {},
      ...(inspectorPort !== undefined && { inspectorPort }),
    } as Parameters<typeof convertV4MiniflareOptions>[0]),
  )
  await miniflare.ready
  const port = Number((await miniflare.unsafeGetDirectURL('bench')).port)
  const pid = children().find((child) => !before.includes(child))
  return {
    port,
    miniflare,
    pid,
    cpu: () => (pid === undefined ? Number.NaN : cpuOf(pid)),
    stop: () => miniflare.dispose(),
  }
}

/** The runtime's date and flags in wrangler.toml. */
function compatibility() {
  const config = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8')
  const [, compatibilityDate = ''] = /^compatibility_date = "(.*)"/m.exec(config) ?? []
  const [, flags = '[]'] = /^compatibility_flags = (\[.*\])/m.exec(config) ?? []
  return { compatibilityDate, compatibilityFlags: JSON.parse(flags) as string[] }
}

/** Asks the system for an unused port. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** The runtimes that this process has started. */
function children(): number[] {
  try {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .filter((pid) => {
        const stat = statOf(pid)
        return stat.name === 'workerd' && stat.parent === process.pid
      })
  } catch {
    return []
  }
}

/**
 * CPU time of all threads of a process in microseconds, as the scheduler counts it. proc(5) also has utime and stime, but only in hundredths of a
 * second.
 */
export function cpuOf(pid: number): number {
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks).reduce((sum, task) => {
    const [nanoseconds] = read(`${tasks}/${task}/schedstat`).split(' ')
    return sum + Number(nanoseconds) / 1000
  }, 0)
}

/** proc(5): the name is in brackets and may contain spaces; the parent is field 4. */
function statOf(pid: number): { name: string; parent: number } {
  const text = read(`/proc/${pid}/stat`)
  const end = text.lastIndexOf(')')
  return { name: text.slice(text.indexOf('(') + 1, end), parent: Number(text.slice(end + 2).split(' ')[1]) }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // The process has ended in the meantime.
    return ''
  }
}
