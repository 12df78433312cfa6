/**
 * Puts back the code that was deployed before, or another version; the database stays as it is:
 *
 *   npm run rollback -- --env production               the version before
 *   npm run rollback -- <version> --env production     another; `wrangler versions list --env production` has them
 *
 * That works because migrations only add (`npm run check:migrations`): the code before works on the database after. Data that only the
 * newer code can have written wrongly is what Time Travel is for: `wrangler d1 time-travel restore`.
 */
import { parseArgs } from 'node:util'
import { wranglerOrExit } from './wrangler.ts'

const { values, positionals } = parseArgs({
  options: { env: { type: 'string', short: 'e', default: '' }, message: { type: 'string', short: 'm' } },
  allowPositionals: true,
})
const message = values.message ?? 'npm run rollback'
wranglerOrExit('rollback', ...positionals, '--env', values.env, '--message', message, '--yes')
