/**
 * The chaos of the tests (`test/failures/chaos.test.ts`), for longer, or once more:
 *
 *   npm run chaos -- --minutes 10
 *   npm run chaos -- --seed 20417      as a run that failed has printed it
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '' }, seed: { type: 'string', default: '' } },
})
const { status } = spawnSync('npx', ['vitest', 'run', 'test/failures/chaos.test.ts', '--silent=false'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    CHAOS_MINUTES: values.minutes,
    CHAOS_SEED: values.seed || String(Math.floor(Math.random() * 1e9)),
  },
})
process.exitCode = status ?? 1
