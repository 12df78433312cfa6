/**
 * Bundles a script that imports the Worker's source into one file and runs it: `node scripts/bundled.ts import dump.json` runs scripts/import.ts.
 * Loaded module by module (worker-source.ts), drizzle alone takes 250 MB; the part of it that is needed takes 10.
 */
import { spawn } from 'node:child_process'
import { build } from 'esbuild'

/** Collects garbage before it grows to hundreds of megabytes. */
const NODE = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4', '--max-old-space-size=96']

const [name, ...given] = process.argv.slice(2)
// One folder below the root, as scripts are.
const outfile = `.wrangler/${name}.mjs`
await build({
  entryPoints: [`scripts/${name}.ts`],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  external: ['wrangler'],
  // No module in the bundle is the main module.
  define: { 'import.meta.main': 'false' },
  logLevel: 'warning',
})
const child = spawn(process.execPath, [...NODE, outfile, ...given], {
  stdio: 'inherit',
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (status, signal) => {
  process.exitCode = status ?? (signal ? 1 : 0)
})
