/** Deploying to a Cloudflare that only takes notes: what goes where, and in which order. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cloudflare, startCloudflare } from './cloudflare'

let cloudflare: Cloudflare
beforeAll(async () => {
  cloudflare = await startCloudflare()
})
afterAll(() => cloudflare?.stop())

/** An npm script, with Cloudflare replaced. */
function npm(...args: string[]): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', ...args], {
      env: { ...process.env, ...cloudflare.environment, WRANGLER_SEND_METRICS: 'false' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        output += data
      })
    child.on('exit', (status) => resolve({ status, output }))
  })
}

async function succeed(...args: string[]): Promise<void> {
  const { status, output } = await npm(...args)
  if (status !== 0) throw new Error(`npm run ${args.join(' ')} ended with ${status}:\n${output}`)
}

const worker = (name: string) => {
  const found = cloudflare.workers.get(name)
  if (!found) throw new Error(`${name} was not deployed.`)
  return found
}
const newest = (name: string) => {
  const version = worker(name).versions.at(-1)
  if (!version) throw new Error(`${name} has no version.`)
  return version
}
const position = (change: string) => cloudflare.changes.findIndex((one) => one.startsWith(change))

describe.sequential('npm run deploy', () => {
  const configuration = readFileSync('wrangler.toml', 'utf8')

  it('-- --env staging makes and migrates its own database, then uploads its own Worker', async () => {
    await succeed('deploy', '--', '--env', 'staging')
    expect([...cloudflare.databases.keys()]).toEqual(['edge-social-api-staging'])
    expect([...cloudflare.workers.keys()]).toEqual(['edge-social-api-staging'])
    const tables = cloudflare.databases
      .get('edge-social-api-staging')
      ?.prepare("select name from sqlite_schema where name = 'posts'")
      .all()
    expect(tables).toHaveLength(1)
    const order = [
      position('POST /d1/database'),
      position('SQL /d1/database/id-of-edge-social-api-staging/'),
      position('PUT /workers/scripts/edge-social-api-staging'),
    ]
    expect(order).not.toContain(-1)
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(readFileSync('wrangler.toml', 'utf8')).toBe(configuration)
  }, 240_000)

  it('uploads what is meant for everybody, and a way to read stack traces', () => {
    const { files, parts, metadata } = newest('edge-social-api-staging')
    expect(files).toContain('/docs/index.html')
    expect(files).toContain('/media/images/default_post_ovkj9a.jpg')
    expect(files.filter((file) => /example|test|\.map$/.test(file))).toEqual([])
    expect(parts.filter((part) => part.endsWith('.map'))).toHaveLength(1)
    expect(metadata.limits).toEqual({ cpu_ms: 2500 })
  })

  it('gives a Worker without a secret one, and lets no page of a laptop in', () => {
    const { bindings } = newest('edge-social-api-staging').metadata
    expect(bindings.find(({ name }) => name === 'JWT_SECRET')?.text?.length).toBeGreaterThanOrEqual(32)
    expect(bindings.find(({ name }) => name === 'CLIENT_ORIGINS')?.text).toBe('')
    expect(JSON.stringify(bindings)).not.toContain('localhost')
  })

  it('again leaves the database and the secret as they are', async () => {
    const [before] = cloudflare.changes.splice(0)
    expect(before).toBe('POST /d1/database')
    await succeed('deploy', '--', '--env', 'staging')
    expect(cloudflare.changes).not.toContain('POST /d1/database')
    expect(newest('edge-social-api-staging').metadata.bindings).toContainEqual({
      name: 'JWT_SECRET',
      type: 'inherit',
    })
  }, 240_000)

  it('-- --env production touches nothing of staging', async () => {
    cloudflare.changes.length = 0
    await succeed('deploy', '--', '--env', 'production')
    expect(cloudflare.changes.filter((change) => change.includes('staging'))).toEqual([])
    expect(cloudflare.changes.filter((change) => change.includes('production')).length).toBeGreaterThan(2)
  }, 240_000)

  it('stops before the code where a migration fails', async () => {
    cloudflare.changes.length = 0
    cloudflare.databases.get('edge-social-api-production')?.exec('delete from d1_migrations')
    const { status, output } = await npm('deploy', '--', '--env', 'production')
    expect(status).toBe(1)
    expect(output).toContain('The database could not be brought up to date.')
    expect(position('PUT')).toBe(-1)
  }, 240_000)
})

describe.sequential('npm run rollback -- --env staging', () => {
  it('puts the version before back, and touches no data', async () => {
    cloudflare.changes.length = 0
    expect(worker('edge-social-api-staging').serving).toBe('version-2')
    await succeed('rollback', '--', '--env', 'staging')
    expect(worker('edge-social-api-staging').serving).toBe('version-1')
    expect(cloudflare.changes).toEqual(['POST /workers/scripts/edge-social-api-staging/deployments'])
  }, 60_000)
})
