/**
 * Lets public generators make clients of public/openapi.json, and TypeScript check what they made. They come by npx, into a folder of
 * their own: openapi-typescript cannot be installed beside TypeScript 7.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const DOCUMENT = resolve('public/openapi.json')
const GENERATORS = [
  {
    packages: ['openapi-typescript@7.13.0', 'typescript@5.9.3'],
    command: ['openapi-typescript', DOCUMENT, '--output', 'openapi-typescript.ts'],
  },
  {
    packages: ['@hey-api/openapi-ts@0.99.0', 'typescript@5.9.3'],
    command: ['openapi-ts', '--input', DOCUMENT, '--output', 'hey-api', '--no-log-file'],
  },
]

const folder = mkdtempSync(join(tmpdir(), 'clients-'))
try {
  for (const { packages, command } of GENERATORS) {
    const given = packages.flatMap((name) => ['--package', name])
    run('npx', ['--yes', ...given, '--', ...command])
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        module: 'esnext',
        types: [],
        target: 'es2024',
        lib: ['esnext', 'dom', 'dom.iterable'],
        moduleResolution: 'bundler',
      },
    }),
  )
  run(resolve('node_modules/.bin/tsc'), ['-p', '.'])
} finally {
  rmSync(folder, { recursive: true })
}

function run(program: string, given: string[]): void {
  console.log([program, ...given].join(' '))
  execFileSync(program, given, { cwd: folder, stdio: 'inherit' })
}
