/**
 * Fails if the bundle exceeds its size budget: `npm run check:bundle`. Also prints the startup time, which depends on the machine and so is not
 * checked.
 */
import { mkdirSync } from 'node:fs'
import { BUDGET, measureBundle, measureStartup } from './bundle.ts'
import { build } from './server.ts'
import { WORK } from './settings.ts'

mkdirSync(WORK, { recursive: true })
const { code, data } = measureBundle(build('ours', 'wrangler.toml', WORK))
const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`
console.log(`Code ${kB(code)} gzipped, of ${kB(BUDGET.code)}; hashing and common passwords ${kB(data)}.`)
console.log(`Start-up ${measureStartup(3).toFixed(1)} ms of CPU on this machine, of ${BUDGET.startup} ms.`)
if (code > BUDGET.code) {
  console.error('The bundle is too large.')
  process.exit(1)
}
