/**
 * Generates clients with public generators from the document that a server returns, type-checks them, and runs the same steps with each against that
 * server, with the seed's data: `npm run check:generators`. The steps are in scripts/generators/.
 *
 * The generators are installed into a separate folder, because openapi-typescript cannot be installed next to TypeScript 7, and none of them belongs
 * to the project. `--keep <folder>` keeps them for the next run.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { startLocal } from './local-server.ts'
import { PASSWORD } from './seed/account.ts'

const PACKAGES = {
  '@hey-api/openapi-ts': '0.99.0',
  '@tanstack/react-query': '5.108.0',
  '@types/newman': '5.3.6',
  '@types/node': '24.19.2',
  axios: '1.21.1',
  newman: '6.2.2',
  'openapi-fetch': '0.17.0',
  'openapi-to-postmanv2': '6.3.3',
  'openapi-typescript': '7.13.0',
  orval: '8.38.0',
  'ra-data-django-rest-framework': '0.2.1',
  react: '19.3.1',
  'reconnecting-websocket': '4.4.0',
  typescript: '5.9.3',
}
const DRIVERS = join(import.meta.dirname, 'generators')
const TSC = resolve('node_modules/.bin/tsc')

const { values } = parseArgs({ options: { keep: { type: 'string' } } })
const folder = values.keep ? resolve(values.keep) : mkdtempSync(join(tmpdir(), 'clients-'))
const state = mkdtempSync(join(tmpdir(), 'clients-server-'))

install()
stubReactAdmin()
const server = await startLocal(state, () => {
  execFileSync(process.execPath, ['scripts/seed.ts', '12', '--persist-to', state], { stdio: 'ignore' })
})
try {
  await generate(server.origin)
  const drivers = readdirSync(DRIVERS).filter((name) => name.endsWith('.ts') && name !== 'steps.ts')
  const failed: string[] = []
  for (const driver of drivers) if (!(await isPassed(driver, server.origin))) failed.push(driver)
  if (failed.length > 0) {
    console.error(`Failed: ${failed.join(', ')}`)
    process.exitCode = 1
  }
} finally {
  await server.stop()
  rmSync(state, { recursive: true, force: true })
  if (!values.keep) rmSync(folder, { recursive: true })
}

function install(): void {
  mkdirSync(folder, { recursive: true })
  const manifest = { private: true, type: 'module', dependencies: PACKAGES }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  // The missing peer dependencies are frameworks that are not used here.
  if (!existsSync(join(folder, 'node_modules')))
    run('npm', 'install', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error')
}

/** Of react-admin's core, the provider only uses fetchJson, which the steps replace. The rest would install React. */
function stubReactAdmin(): void {
  const place = join(folder, 'node_modules', 'ra-core')
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'package.json'), '{"name":"ra-core","main":"index.js"}')
  writeFileSync(join(place, 'index.js'), 'exports.fetchUtils = {}')
}

async function generate(origin: string): Promise<void> {
  const answer = await fetch(`${origin}/openapi.json`)
  writeFileSync(join(folder, 'openapi.json'), await answer.text())
  cpSync(DRIVERS, folder, { recursive: true })
  const [, socket] =
    /```ts\n(import ReconnectingWebSocket[\s\S]*?)```/.exec(readFileSync('README.md', 'utf8')) ?? []
  if (socket === undefined) throw new Error('README.md shows no use of reconnecting-websocket.')
  const { host } = new URL(origin)
  writeFileSync(join(folder, 'readme-socket.ts'), socket.replace('localhost:8787', host))
  const bin = (name: string) => join(folder, 'node_modules', '.bin', name)
  run(bin('openapi-typescript'), 'openapi.json', '--output', 'openapi-typescript.ts')
  // biome-ignore format: options and their values
  run(bin('openapi-ts'), '--input', 'openapi.json', '--output', 'hey-api', '--no-log-file',
    '--plugins', '@hey-api/typescript', '@hey-api/sdk', '@hey-api/client-fetch', '@tanstack/react-query')
  const output = (client: string, more = {}) => ({
    input: './openapi.json',
    output: { target: `orval/${client}.ts`, client, ...more },
  })
  const config = {
    fetch: output('fetch', { baseUrl: { getBaseUrlFromSpecification: true } }),
    axios: output('axios-functions'),
  }
  config.axios.output.target = 'orval/axios.ts'
  writeFileSync(join(folder, 'orval.config.mjs'), `export default ${JSON.stringify(config)}`)
  run(bin('orval'), '--config', 'orval.config.mjs')
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: 'esnext',
    types: ['node'],
    target: 'es2024',
    lib: ['esnext', 'dom', 'dom.iterable'],
    moduleResolution: 'bundler',
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  run(TSC, '-p', '.')
}

/** Bundles it to JavaScript first, because generated code omits the extensions in its imports. */
async function isPassed(driver: string, origin: string): Promise<boolean> {
  const outfile = join(folder, driver.replace(/\.ts$/, '.mjs'))
  const entryPoints = [join(folder, driver)]
  await build({ entryPoints, outfile, bundle: true, packages: 'external', platform: 'node', format: 'esm' })
  const env = { ...process.env, ORIGIN: origin, PASSWORD }
  const { status } = spawnSync(process.execPath, [outfile], { cwd: folder, env, stdio: 'inherit' })
  console.log(`${driver}: ${status === 0 ? 'works' : 'fails'}`)
  return status === 0
}

/** Prints nothing unless it fails. */
function run(program: string, ...given: string[]): void {
  const { status, stdout, stderr } = spawnSync(program, given, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${given.join(' ')} ended with ${status}:\n${stdout}${stderr}`)
}
