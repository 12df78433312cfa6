/** As much of Cloudflare's API as deploying, rolling back and moving data ask for: what it was asked, in order, and databases that run the SQL. */
import { createServer, type IncomingMessage } from 'node:http'
import { DatabaseSync } from 'node:sqlite'

export interface Cloudflare {
  /** What wrangler has to be told to find it. */
  environment: Record<string, string>
  /** What changed something: `METHOD /path`, from the account on. */
  changes: string[]
  /** By name. */
  databases: Map<string, DatabaseSync>
  /** By name: how each version was uploaded, and which one serves. */
  workers: Map<string, { versions: Upload[]; serving: string | undefined }>
  /** By bucket and key. */
  objects: Map<string, { bytes: Buffer; type: string }>
  /** By Worker: what `secret put` was given. */
  secrets: Map<string, Record<string, string>>
  stop: () => void
}

export interface Upload {
  id: string
  /** The metadata of the upload: bindings, limits, observability. */
  metadata: Record<string, unknown> & { bindings: { name: string; type: string; text?: string }[] }
  /** Paths of assets, and parts of the code. */
  files: string[]
  parts: string[]
}

type Answer = [status: number, result: unknown, error?: { code: number; message: string }]

export async function startCloudflare(): Promise<Cloudflare> {
  const databases: Cloudflare['databases'] = new Map()
  const workers: Cloudflare['workers'] = new Map()
  const buckets = new Set<string>()
  const objects: Cloudflare['objects'] = new Map()
  const secrets: Cloudflare['secrets'] = new Map()
  const changes: string[] = []
  let manifest: string[] = []

  const missing = (code: number, message: string): Answer => [404, null, { code, message }]
  const described = (name: string) => ({ uuid: `id-of-${name}`, name, version: 'production' })

  async function answer(
    method: string,
    path: string,
    body: FormData | Record<string, unknown>,
    named: string | null,
  ): Promise<Answer> {
    const [, area = '', kind = '', name = '', what = '', id = ''] = path.split('/')
    const field = (key: string) => (body instanceof FormData ? undefined : body[key])
    if (area === 'd1') {
      const database = name.replace(/^id-of-/, '')
      if (method === 'POST' && name === '') {
        databases.set(
          String(field('name')),
          new DatabaseSync(':memory:', { enableForeignKeyConstraints: true }),
        )
        return [200, described(String(field('name')))]
      }
      if (name === '' && named !== null) return [200, databases.has(named) ? [described(named)] : []]
      const db = databases.get(database)
      if (!db) return missing(7404, 'The database could not be found')
      const bookmark = `bookmark-${changes.length}`
      if (what === 'time_travel' && method === 'POST') return [200, { bookmark, previous_bookmark: bookmark }]
      if (what === 'time_travel') return [200, { bookmark }]
      if (what !== 'query' && what !== 'raw') return [200, described(database)]
      try {
        if (what === 'raw') return [200, [{ results: { rows: rowsOf(db, commandOf(body)) }, success: true }]]
        const batch = field('batch')
        if (Array.isArray(batch)) return [200, runBatch(db, batch)]
        return [200, [{ results: run(db, String(field('sql'))), success: true, meta: {} }]]
      } catch (error) {
        return [400, null, { code: 7500, message: String(error) }]
      }
    }
    if (area === 'r2') {
      if (method === 'POST') buckets.add(String(field('name')))
      else if (name === '') return [200, { buckets: [...buckets].map((one) => ({ name: one })) }]
      else if (!buckets.has(name)) return missing(10006, 'The specified bucket does not exist.')
      return [200, { name: name || field('name') }]
    }
    if (area === 'workers' && kind === 'assets') return [201, { jwt: 'done' }]
    if (area === 'workers' && kind === 'subdomain') return [200, { subdomain: 'somebody' }]
    if (area === 'workers' && what === 'assets-upload-session') {
      manifest = Object.keys(field('manifest') as object)
      return [200, { jwt: 'session', buckets: [] }]
    }
    const worker = workers.get(name)
    if (method === 'PUT' && what === '' && body instanceof FormData) {
      const metadata = JSON.parse(String(body.get('metadata')))
      const version = `version-${(worker?.versions.length ?? 0) + 1}`
      const versions = [
        ...(worker?.versions ?? []),
        { id: version, metadata, files: manifest, parts: [...body.keys()] },
      ]
      workers.set(name, { versions, serving: version })
      return [200, { id: name, etag: version, deployment_id: version, startup_time_ms: 1 }]
    }
    if (!worker) return missing(10007, 'This Worker does not exist on your account.')
    if (kind === 'services') {
      const script = { tag: 'tag', last_deployed_from: 'wrangler' }
      return [200, { id: name, default_environment: { environment: 'production', script } }]
    }
    const newest = worker.versions.at(-1)
    if (kind === 'workers' || what === 'subdomain')
      return [
        200,
        { subdomain: { enabled: true, previews_enabled: false }, enabled: true, previews_enabled: false },
      ]
    if (what === 'settings') return [200, { bindings: newest?.metadata.bindings ?? [] }]
    if (what === 'secrets' && method === 'PUT') {
      secrets.set(name, { ...secrets.get(name), [String(field('name'))]: String(field('text')) })
      return [200, { name: field('name'), type: 'secret_text' }]
    }
    if (what === 'secrets')
      return [200, newest?.metadata.bindings.filter(({ type }) => type === 'secret_text') ?? []]
    if (what === 'versions' && id) return [200, { id, number: 1, metadata: {}, resources: { bindings: [] } }]
    if (what === 'versions')
      return [200, { items: worker.versions.map((v, number) => ({ id: v.id, number, metadata: {} })) }]
    if (what === 'deployments' && method === 'POST') {
      const [chosen] = field('versions') as { version_id: string }[]
      worker.serving = chosen?.version_id
      return [200, { id: 'deployment' }]
    }
    if (what === 'deployments') {
      const deployed = worker.versions.map((version, i) => ({
        id: `deployment-${i}`,
        source: 'wrangler',
        strategy: 'percentage',
        author_email: 'somebody@example.com',
        created_on: `2026-01-0${i + 1}T00:00:00.000Z`,
        versions: [{ version_id: version.id, percentage: 100 }],
      }))
      return [200, { deployments: deployed.reverse() }]
    }
    return [200, {}]
  }

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const path = pathname.replace('/client/v4/accounts/account', '')
    const method = request.method ?? 'GET'
    const [, object] = /^\/r2\/buckets\/(.+\/objects\/.+)$/.exec(path) ?? []
    if (object !== undefined) {
      const key = object.replace('/objects/', '/')
      const { bytes } = await bodyOf(request)
      if (method === 'PUT') objects.set(key, { bytes, type: request.headers['content-type'] ?? '' })
      const found = objects.get(key)
      response.writeHead(found ? 200 : 404, { 'content-type': found?.type ?? 'text/plain' })
      return response.end(found?.bytes)
    }
    const { body } = await bodyOf(request)
    const [status, result, error] = await answer(method, path, body, searchParams.get('name'))
    const isRead = method === 'GET' || path.endsWith('/raw')
    if (!isRead && !path.endsWith('/query')) changes.push(`${method} ${path}`)
    else if (path.endsWith('/query') && changes.at(-1) !== `SQL ${path}`) changes.push(`SQL ${path}`)
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ success: !error, result, errors: error ? [error] : [], messages: [] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    environment: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
      CLOUDFLARE_API_TOKEN: 'of-a-test',
      CLOUDFLARE_ACCOUNT_ID: 'account',
    },
    changes,
    databases,
    workers,
    objects,
    secrets,
    stop: () => server.close(),
  }
}

/** Rows of what asks for some; all else may be many statements. */
function run(db: DatabaseSync, sql: string): unknown[] {
  if (/^\s*select/i.test(sql)) return db.prepare(sql).all()
  db.exec(sql)
  return []
}

interface Command {
  sql: string
  params?: (string | number | null)[]
}

function commandOf(body: FormData | Record<string, unknown>): Command {
  if (body instanceof FormData) throw new Error('SQL comes as JSON.')
  return { sql: String(body.sql), params: Array.isArray(body.params) ? body.params : [] }
}

function rowsOf(db: DatabaseSync, { sql, params = [] }: Command): unknown[] {
  const statement = db.prepare(sql)
  statement.setReturnArrays(true)
  return statement.all(...params)
}

/** One transaction. */
function runBatch(db: DatabaseSync, commands: Command[]): unknown[] {
  db.exec('begin')
  try {
    for (const { sql, params = [] } of commands) db.prepare(sql).run(...params)
    db.exec('commit')
  } catch (error) {
    db.exec('rollback')
    throw error
  }
  return commands.map(() => ({ results: [], success: true, meta: {} }))
}

async function bodyOf(
  request: IncomingMessage,
): Promise<{ bytes: Buffer; body: FormData | Record<string, unknown> }> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const type = request.headers['content-type'] ?? ''
  const bytes = Buffer.concat(chunks)
  if (type.startsWith('multipart/'))
    return { bytes, body: await new Response(bytes, { headers: { 'content-type': type } }).formData() }
  return { bytes, body: bytes.length > 0 && type.includes('json') ? JSON.parse(bytes.toString()) : {} }
}
