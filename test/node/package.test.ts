/** The client as others install it: built, small, and used as README shows. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Server, startServer } from './server'

const run = (command: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

describe('edge-social-api/client', () => {
  let server: Server

  beforeAll(async () => {
    expect(run('npm', 'run', 'build:client')).toMatchObject({ status: 0 })
    server = await startServer()
  }, 180_000)
  afterAll(() => server?.stop())

  it('is at most 6 KB gzipped, and imports nothing', () => {
    const built = readFileSync('dist/client/index.js')
    expect(gzipSync(built, { level: 9 }).length).toBeLessThanOrEqual(6 * 1024)
    expect(built.toString()).not.toMatch(/\bfrom\s*["']|\bimport\(/)
  })

  it("README's example compiles for a page and runs in Node", () => {
    const [, example = ''] =
      /```ts\n(import \{ createClient \}[\s\S]*?)```/.exec(readFileSync('README.md', 'utf8')) ?? []
    expect(example).toContain("from 'edge-social-api/client'")
    // In this package's own folder, where its name leads to its exports.
    mkdirSync('dist/example', { recursive: true })
    writeFileSync('dist/example/example.mts', example.replaceAll('http://localhost:8787', server.url))
    writeFileSync(
      'dist/example/tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          target: 'es2022',
          module: 'nodenext',
          lib: ['es2022', 'dom', 'dom.asynciterable'],
          types: [],
          strict: true,
          skipLibCheck: true,
          rootDir: '.',
          outDir: 'out',
        },
        include: ['example.mts'],
      }),
    )
    expect(run('tsc', '-p', 'dist/example')).toEqual({ status: 0, output: '' })
    const ran = run('node', 'dist/example/out/example.mjs')
    expect(ran).toMatchObject({ status: 0 })
    expect(ran.output).toContain('Hello from the edge')
  })
})
