/** Fails where the bundle is larger than its budget: `npm run check:bundle`. Says how long it takes to start, which no check may depend on. */
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
