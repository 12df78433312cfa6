/** wrangler.toml, package.json, README.md and what the source reads say the same. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { unstable_readConfig as readConfig } from 'wrangler'
import { findBrowser } from './browser'

const ENVIRONMENTS = ['', 'staging', 'production']

/** What is looked at: wrangler's own type of it says `any` of much. */
interface Config {
  name: string
  vars: Record<string, string>
  secrets?: { required?: string[] }
  d1_databases: { binding: string; database_name: string }[]
  r2_buckets: { binding: string; bucket_name: string }[]
  durable_objects: { bindings: { name: string }[] }
  ratelimits: { name: string }[]
  assets?: { binding?: string }
  observability: object
  limits?: { cpu_ms?: number }
  upload_source_maps: boolean
  workers_dev: boolean
  preview_urls: boolean
}
const read = (env: string): Config => readConfig({ config: 'wrangler.toml', env }) as unknown as Config

/** What src/http/env.ts asks for, without what is optional in a way that wrangler.toml cannot say. */
const BINDINGS = [...readFileSync('src/http/env.ts', 'utf8').matchAll(/^ {2}([A-Z_]+)\??: /gm)].map(
  ([, name = '']) => name,
)
const NOT_IN_WRANGLER = ['IMAGES', 'SEND_EMAIL', 'JWT_SECRET_PREVIOUS', 'TURNSTILE_SECRET']

function namesIn(env: string): string[] {
  const { vars, secrets, d1_databases, r2_buckets, durable_objects, ratelimits, assets } = read(env)
  return [
    ...Object.keys(vars),
    ...(secrets?.required ?? []),
    ...[...d1_databases, ...r2_buckets].map(({ binding }) => binding),
    ...durable_objects.bindings.map(({ name }) => name),
    ...ratelimits.map(({ name }) => name),
    ...(assets?.binding ? [assets.binding] : []),
  ].sort()
}

describe.each(ENVIRONMENTS)('wrangler.toml, environment "%s"', (env) => {
  it('has all bindings that the source asks for, and no other', () => {
    expect(BINDINGS.length).toBeGreaterThan(8)
    expect(namesIn(env)).toEqual(BINDINGS.filter((name) => !NOT_IN_WRANGLER.includes(name)).sort())
  })

  it('lets no page of a laptop in', () => {
    expect(JSON.stringify(read(env).vars)).not.toMatch(/localhost|127\.0\.0\.1/)
  })

  it('logs no query string and no address: the platform adds no line to those of the Worker', () => {
    expect(read(env).observability).toMatchObject({
      enabled: true,
      logs: { enabled: true, invocation_logs: false },
    })
  })

  it('uploads source maps, has a limit of CPU time, and says where it is served', () => {
    const { upload_source_maps, limits, workers_dev, preview_urls } = read(env)
    expect({ upload_source_maps, workers_dev, preview_urls }).toEqual({
      upload_source_maps: true,
      workers_dev: true,
      preview_urls: false,
    })
    expect(limits?.cpu_ms).toBe(2_500)
  })
})

describe('the environments', () => {
  it('share no data', () => {
    // Objects belong to their Worker.
    const names = [
      ENVIRONMENTS.map((env) => read(env).name),
      ENVIRONMENTS.flatMap((env) => read(env).d1_databases.map((one) => one.database_name)),
      ENVIRONMENTS.flatMap((env) => read(env).r2_buckets.map((one) => one.bucket_name)),
    ]
    for (const ofKind of names) expect(new Set(ofKind).size).toBe(ENVIRONMENTS.length)
  })

  it('name no database by an id of nobody', () => {
    expect(readFileSync('wrangler.toml', 'utf8')).not.toMatch(/0{8}-0{4}/)
  })
})

describe('whoever deploys by the button', () => {
  it('reads what each binding is for', () => {
    const { cloudflare } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(Object.keys(cloudflare.bindings).sort()).toEqual(namesIn('').filter((name) => name !== 'ASSETS'))
    for (const { description } of Object.values<{ description: string }>(cloudflare.bindings))
      expect(description.length).toBeGreaterThan(20)
  })

  it('is asked for the secret alone', () => {
    const lines = readFileSync('.dev.vars.example', 'utf8').split('\n')
    const asked = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'))
    expect(asked).toEqual(['JWT_SECRET='])
  })
})

describe('npm create cloudflare -- --template', () => {
  it('finds at the root what it wants of a template, and no folder that it would take for one of several', () => {
    expect(['package.json', 'wrangler.toml'].filter((name) => !existsSync(name))).toEqual([])
    expect(['js', 'ts'].filter((name) => existsSync(name))).toEqual([])
  })
})

it('README.md explains every binding', () => {
  const rows = readFileSync('README.md', 'utf8').match(/^\| `[A-Z_]+` \|/gm) ?? []
  const explained = rows.map((row) => row.replace(/[|` ]/g, ''))
  expect(explained.sort()).toEqual([...BINDINGS].sort())
})

describe('the workflow of forks', () => {
  const workflow = readFileSync('.github/workflows/ci.yml', 'utf8')

  it('fails where there is no browser, instead of skipping its tests', () => {
    expect(workflow).toMatch(/run: bash \.ci\/run\n +env:\n(?: +#.*\n)? +REQUIRE_BROWSER: 'true'/)
    expect(() => findBrowser([undefined, '/nowhere/chromium'], true)).toThrow(
      'no browser at /nowhere/chromium',
    )
    expect(findBrowser([undefined, '/nowhere/chromium'], false)).toBeUndefined()
  })

  it('fails where there is no Django, and brings it', () => {
    expect(workflow).toMatch(/^ +REQUIRE_DJANGO: 'true'$/m)
    expect(readFileSync('.ci/run', 'utf8')).toContain('django=(python3-django python3-argon2 python3-bcrypt)')
  })

  it('ends within 25 minutes', () => {
    expect(workflow).toMatch(/^ +timeout-minutes: 25$/m)
  })
})
