/** Runs the project's own wrangler without prompts. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { join } from 'node:path'

export const WRANGLER = join(import.meta.dirname, '..', 'node_modules', 'wrangler', 'bin', 'wrangler.js')

/** Captures its output. */
export const wrangler = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [WRANGLER, ...args], {
    encoding: 'utf8',
    // wrangler does not prompt in CI.
    env: { ...process.env, CI: 'true' },
  })

/** Shows its output, and ends the process if it fails. */
export function wranglerOrExit(...args: string[]): void {
  const { status } = spawnSync(process.execPath, [WRANGLER, ...args], {
    stdio: 'inherit',
    env: { ...process.env, CI: 'true' },
  })
  if (status !== 0) process.exit(status ?? 1)
}
