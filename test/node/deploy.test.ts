/** Deploying to a Cloudflare that only takes notes: what goes where, and in which order. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inventObjects, writeDump } from '../../scripts/transfer/django/invent'
import { type Cloudflare, startCloudflare } from './cloudflare'
import { DEPLOYED } from './operations'

let cloudflare: Cloudflare
beforeAll(async () => {
  cloudflare = await startCloudflare()
})
afterAll(() => cloudflare?.stop())

const folder = mkdtempSync(join(tmpdir(), 'deploy-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** An npm script, with Cloudflare replaced. */
const npm = (...args: string[]) => run('npm', ['run', '--silent', ...args])

function run(
  command: string,
  args: string[],
  input = '',
): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...cloudflare.environment, WRANGLER_SEND_METRICS: 'false', CI: 'true' },
    })
    child.stdin.end(input)
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

  describe.sequential('and all that docs/operations.md does with a deployed database', () => {
    const [dump, backup] = [join(folder, 'dump.json'), join(folder, 'backup.gz')]
    const WORDS: Record<string, string> = {
      'dump.json': dump,
      'backup.gz': backup,
      'https://res.cloudinary.com/<cloud>/': 'https://res.cloudinary.com/cloud/',
      // D1 goes back 30 days.
      '2026-11-30T12:00:00Z': new Date(Date.now() - 3_600_000).toISOString(),
    }
    const left = new Set(DEPLOYED)
    /** Runs those of the page that match, as they stand there. */
    async function call(pattern: RegExp, input = ''): Promise<string> {
      const found = [...left].filter((command) => pattern.test(command))
      expect(found.length, String(pattern)).toBeGreaterThan(0)
      let said = ''
      for (const one of found) {
        left.delete(one)
        const [command = '', ...args] = one.split(' ').map((word) => WORDS[word] ?? word)
        const { status, output } = await run(command, args, input)
        expect(status, `${one}\n${output}`).toBe(0)
        said += output
      }
      return said
    }
    const count = (name: string, table: string) =>
      cloudflare.databases.get(name)?.prepare(`select count(*) as n from ${table}`).get()?.n

    it('imports, backs up and restores', async () => {
      writeDump(dump, inventObjects({ users: 30, posts: 60, likes: 60, messages: 60 }))
      expect(await call(/^npm run import/)).toContain('Imported. Everything that is kept is true.')
      expect(count('edge-social-api-production', 'posts')).toBe(60)
      // An image, and the row that knows it.
      const key = 'a'.repeat(64)
      const image = { bytes: Buffer.from([0, 200, 7]), type: 'image/png' }
      cloudflare.objects.set(`edge-social-api-media-production/${key}`, image)
      cloudflare.databases
        .get('edge-social-api-production')
        ?.exec(`update users set image = '${key}' where id = (select min(id) from users)`)
      expect(await call(/^npm run backup .*--remote --env production$/)).toContain('of one moment')
      rmSync(backup)
      expect(await call(/^npm run backup .*--images$/)).toContain('1 images')
      expect(await call(/^npm run restore .*--env staging$/)).toContain('Everything that is kept is true.')
      expect(count('edge-social-api-staging', 'messages')).toBe(60)
      expect(cloudflare.objects.get(`edge-social-api-media-staging/${key}`)).toEqual(image)
      cloudflare.objects.delete(`edge-social-api-media-production/${key}`)
      expect(await call(/^npm run restore .*--images-only/)).toContain('1 images are in the bucket')
      expect(cloudflare.objects.get(`edge-social-api-media-production/${key}`)).toEqual(image)
    }, 240_000)

    it('goes back in time', async () => {
      cloudflare.changes.length = 0
      expect(await call(/^npx wrangler d1 time-travel info/)).toContain('bookmark')
      expect(cloudflare.changes).toEqual([])
      await call(/^npx wrangler d1 time-travel restore/)
      expect(cloudflare.changes).toEqual([
        'POST /d1/database/id-of-edge-social-api-production/time_travel/restore',
      ])
    }, 120_000)

    it('stores secrets', async () => {
      const secret = 's'.repeat(40)
      await call(/^npx wrangler secret put/, secret)
      expect(cloudflare.secrets.get('edge-social-api-production')).toEqual({
        JWT_SECRET_PREVIOUS: secret,
        JWT_SECRET: secret,
      })
    }, 120_000)

    it('leaves nothing out but what is run above and below, and what asks for measurements', () => {
      expect([...left].sort()).toEqual([
        'npm run deploy -- --env production',
        'npm run deploy -- --env staging',
        'npm run rollback -- --env production',
        'npx wrangler d1 insights DB --env production',
      ])
    })
  })

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
