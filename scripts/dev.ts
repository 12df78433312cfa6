/**
 * Serves the Worker locally: `npm run dev`. Sets up what a fresh clone lacks, then runs `wrangler dev` with the same options: `npm run dev -- --port
 * 9000`.
 */
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { writeDevVars } from './dev-vars.ts'
import { copyDocsAssets } from './docs-assets.ts'
import { migrateLocal } from './migrate.ts'
import { WRANGLER } from './wrangler.ts'

const PORT = '8787'

const given = process.argv.slice(2)
const { values } = parseArgs({
  args: given,
  options: { port: { type: 'string' }, 'persist-to': { type: 'string' } },
  // wrangler validates all other options.
  strict: false,
  allowPositionals: true,
})
const port = typeof values.port === 'string' ? values.port : PORT

if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
  console.error(`--port takes a number up to 65535, not "${port}".`)
  process.exit(1)
}
if (port !== '0' && (await isTaken(Number(port)))) {
  console.error(
    `Port ${port} is taken. Stop what listens there, or choose another: npm run dev -- --port ${Number(port) + 1}`,
  )
  process.exit(1)
}
copyDocsAssets()
writeDevVars()
migrateLocal(typeof values['persist-to'] === 'string' ? values['persist-to'] : undefined)

const server = spawn(
  process.execPath,
  [WRANGLER, 'dev', ...(values.port === undefined ? ['--port', port] : []), ...given],
  { stdio: 'inherit' },
)
// A terminal sends Ctrl-C to both processes. wrangler ends first, then this one.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => server.kill(signal))
server.on('exit', (code) => process.exit(code ?? 0))

/** Whether a server answers there, over IPv4 or IPv6. Checking by binding would not detect a server that listens on one address only. */
async function isTaken(port: number): Promise<boolean> {
  const answers = await Promise.all(
    ['127.0.0.1', '::1'].map(
      (host) =>
        new Promise<boolean>((resolve) => {
          const socket = connect({ port, host })
          socket.once('connect', () => resolve(true))
          socket.once('error', () => resolve(false))
          socket.once('close', () => socket.destroy())
          socket.once('connect', () => socket.destroy())
        }),
    ),
  )
  return answers.includes(true)
}
