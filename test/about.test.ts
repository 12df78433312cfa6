/** The root and health: of a whole Worker, and of one that has lost a part. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import worker from '../src/index'
import { anyone, call, ORIGIN } from './client'

describe('/', () => {
  it.each([
    ['/', ''],
    ['/api', '/api'],
    ['/api/', '/api'],
  ])('tells programs what this is, with links behind their prefix: %s', async (path, prefix) => {
    const { status, headers, body } = await anyone.get(path, { accept: 'application/json' })
    expect(status).toBe(200)
    expect(headers.get('vary')?.toLowerCase()).toContain('accept')
    expect(body).toMatchObject({
      name: 'edge-social-api',
      docs: `${ORIGIN}${prefix}/docs/`,
      openapi: `${ORIGIN}${prefix}/openapi.json`,
      asyncapi: `${ORIGIN}${prefix}/asyncapi.json`,
      health: `${ORIGIN}${prefix}/health`,
      source: null,
    })
    expect((await anyone.get(path)).body).toEqual(body)
  })

  it('gives browsers a page that runs nothing', async () => {
    const { status, headers, body } = await anyone.get('/', {
      accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    })
    expect(status).toBe(200)
    expect(headers.get('content-type')).toContain('text/html')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(body).toContain(`href="${ORIGIN}/docs/"`)
    expect(body).not.toContain('Source')
  })

  it('links to the source where that is known', async () => {
    const answer = await callWith('/', { SOURCE_URL: 'https://git.example/"social' }, { accept: 'text/html' })
    expect(await answer.text()).toContain('href="https://git.example/&quot;social"')
  })

  it('can only be read', async () => {
    expect((await anyone.post('/')).status).toBe(405)
    expect((await call('HEAD', '/')).status).toBe(200)
  })
})

describe('/health', () => {
  it.each(['/health', '/health/', '/api/health/', '/health?deep=0'])(
    'lives, and asks nobody: %s',
    async (path) => {
      const { status, headers, body, cost } = await anyone.get(path, { accept: 'text/plain' })
      expect([status, body]).toEqual([200, { status: 'ok' }])
      expect(headers.get('cache-control')).toContain('no-store')
      expect(cost.calls).toBe(0)
    },
  )

  it('asks all parts where it is told to', async () => {
    const { status, body } = await anyone.get('/health?deep=1')
    expect([status, body]).toEqual([
      200,
      { status: 'ok', checks: { d1: 'ok', r2: 'ok', durable_object: 'ok' } },
    ])
  })

  const broken = () => {
    throw new Error('gone: secret details')
  }
  it.each([
    ['d1', { DB: { ...env.DB, withSession: () => ({}), prepare: broken } as unknown as D1Database }],
    [
      'r2',
      { MEDIA: { head: () => Promise.reject(new Error('gone: secret details')) } as unknown as R2Bucket },
    ],
    ['durable_object', { CONVERSATION: { getByName: broken } as unknown as DurableObjectNamespace }],
  ])('names what is broken, and nothing of why: %s', async (part, bindings) => {
    const answer = await callWith('/health?deep=1', bindings)
    const checks = { d1: 'ok', r2: 'ok', durable_object: 'ok', [part]: 'failed' }
    expect([answer.status, await answer.json()]).toEqual([503, { status: 'failed', checks, failed: [part] }])
    expect((await callWith('/health', bindings)).status).toBe(200)
  })

  it('does not wait for what never answers', async () => {
    vi.useFakeTimers()
    try {
      const never = { head: () => new Promise(() => {}) } as unknown as R2Bucket
      // The others answer at once: with the clock stopped, real ones might seem to take for ever as well.
      const asked = callWith('/health?deep=1', {
        MEDIA: never,
        DB: { withSession: () => env.DB.withSession(), prepare: () => ({ first: async () => 1 }) },
        CONVERSATION: { getByName: () => ({ ping: async () => undefined }) },
      })
      await vi.advanceTimersByTimeAsync(2_000)
      const answer = await asked
      expect([answer.status, await answer.json()]).toMatchObject([503, { failed: ['r2'] }])
    } finally {
      vi.useRealTimers()
    }
  })
})

/** One GET of a Worker with these bindings. */
async function callWith(
  path: string,
  bindings: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  const context = createExecutionContext()
  const request = new Request<unknown, IncomingRequestCfProperties>(new URL(path, ORIGIN), { headers })
  const response = await worker.fetch(request, { ...env, ...bindings }, context)
  await waitOnExecutionContext(context)
  return response
}
