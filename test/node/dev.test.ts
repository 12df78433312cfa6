/** `npm run dev` as somebody meets it who has just cloned the repository. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const state = mkdtempSync(join(tmpdir(), 'dev-'))
const hadVars = existsSync('.dev.vars')
afterAll(() => {
  rmSync(state, { recursive: true, force: true, maxRetries: 5 })
  if (!hadVars) rmSync('.dev.vars', { force: true })
})

/** Runs it until it ends, or until its output holds what is waited for. */
function dev(options: string[], until?: RegExp): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', 'dev', '--', ...options], {
      detached: true,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data) => {
        output += data
        // The whole group, as each starts the next.
        if (until?.test(output) && child.pid) process.kill(-child.pid, 'SIGTERM')
      })
    child.on('exit', (status) => resolve({ status, output }))
  })
}

async function withPort<T>(use: (port: number) => Promise<T>, isKept: boolean): Promise<T> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has an address of this kind.
  const { port } = server.address() as AddressInfo
  if (!isKept) await new Promise((resolve) => server.close(resolve))
  try {
    return await use(port)
  } finally {
    if (isKept) server.close()
  }
}

describe('npm run dev', () => {
  it('says what to do where the port is taken', async () => {
    await withPort(async (port) => {
      const { status, output } = await dev(['--port', String(port), '--persist-to', state])
      expect(status).toBe(1)
      expect(output.trim().split('\n')).toEqual([
        `Port ${port} is taken. Stop what listens there, or choose another: npm run dev -- --port ${port + 1}`,
      ])
    }, true)
  })

  it.each(['nine', '65536', '-1'])('takes no port like %s', async (port) => {
    const { status, output } = await dev([`--port=${port}`])
    expect([status, output.trim()]).toEqual([1, `--port takes a number up to 65535, not "${port}".`])
  })

  it('serves where it is told to, after a few lines of its own', async () => {
    await withPort(async (port) => {
      const options = ['--port', String(port), '--inspector-port', '0', '--persist-to', state]
      const { output } = await dev(options, /Ready on/)
      expect(output).toContain(`Ready on http://localhost:${port}`)
      expect(output).toMatch(/^Database: \d+ migrations applied\.$/m)
      // No tables of migrations, which were 117 lines.
      expect(output).not.toMatch(/[│├└]/)
      const own = output
        .slice(0, output.indexOf('wrangler '))
        .split('\n')
        .filter((line) => line.trim() !== '')
      expect(own.length).toBeLessThanOrEqual(4)
    }, false)
  }, 180_000)
})
