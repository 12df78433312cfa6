/**
 * Restores the previously deployed code, or another version, and leaves the database as it is:
 *
 *   npm run rollback -- --env production               the previous version
 *   npm run rollback -- <version> --env production     another; `wrangler versions list --env production` lists them
 *
 * This works because migrations only add (`npm run check:migrations`), so older code works with the newer database. If newer code has written wrong
 * data, use Time Travel: `wrangler d1 time-travel restore`.
 */
import { parseArgs } from 'node:util'
import { wranglerOrExit } from './wrangler.ts'

const { values, positionals } = parseArgs({
  options: { env: { type: 'string', short: 'e', default: '' }, message: { type: 'string', short: 'm' } },
  allowPositionals: true,
})
const message = values.message ?? 'npm run rollback'
wranglerOrExit('rollback', ...positionals, '--env', values.env, '--message', message, '--yes')
