/**
 * Runs the chaos tests for longer, or repeats a run: `test/failures/chaos.test.ts`, the model test of channels (`test/live/model.test.ts`) with this
 * many steps, or every error that the stores are known to throw, at every call of every write (`every-write.test.ts`, of which a normal run tests a
 * part):
 *
 *   npm run chaos -- --minutes 10
 *   npm run chaos -- --seed 20417      repeats a failed run, which prints its seed
 *   npm run chaos -- --live 2000
 *   npm run chaos -- --every-error
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '' },
    seed: { type: 'string', default: '' },
    live: { type: 'string', default: '' },
    'every-error': { type: 'boolean', default: false },
  },
})
const failures = values['every-error'] ? 'test/failures/every-write.test.ts' : 'test/failures/chaos.test.ts'
const file = values.live ? 'test/live/model.test.ts' : failures
const { status } = spawnSync('npx', ['vitest', 'run', file, '--silent=false'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    CHAOS_MINUTES: values.minutes,
    CHAOS_SEED: values.seed || String(Math.floor(Math.random() * 1e9)),
    LIVE_STEPS: values.live,
    EVERY_ERROR: values['every-error'] ? 'yes' : '',
  },
})
process.exitCode = status ?? 1
