/** Runs wrangler, the project's own, without questions. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { join } from 'node:path'

export const WRANGLER = join(import.meta.dirname, '..', 'node_modules', 'wrangler', 'bin', 'wrangler.js')

/** Keeps what it says. */
export const wrangler = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [WRANGLER, ...args], {
    encoding: 'utf8',
    // Wrangler asks nothing in CI.
    env: { ...process.env, CI: 'true' },
  })

/** Shows what it says, and ends the process where it fails. */
export function wranglerOrExit(...args: string[]): void {
  const { status } = spawnSync(process.execPath, [WRANGLER, ...args], {
    stdio: 'inherit',
    env: { ...process.env, CI: 'true' },
  })
  if (status !== 0) process.exit(status ?? 1)
}
