/** Gives a fresh clone what `wrangler dev` needs and git must not hold: a secret in `.dev.vars`. Changes nothing that is there. */
import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'

const FILE = '.dev.vars'
const DEFAULTS = {
  JWT_SECRET: () => randomBytes(32).toString('base64url'),
  SERVER_TIMING: () => 'true',
}

const present = existsSync(FILE) ? readFileSync(FILE, 'utf8') : ''
const isSet = (name: string) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=[ \\t]*\\S`, 'm').test(present)
// Costs in answers go with a file of ours; whoever wrote their own has chosen.
const missing = Object.entries(DEFAULTS).filter(([name]) =>
  name === 'JWT_SECRET' ? !isSet(name) : present === '',
)

if (missing.length > 0) {
  const lines = missing.map(([name, value]) => `${name}=${value()}\n`).join('')
  appendFileSync(FILE, (present === '' || present.endsWith('\n') ? '' : '\n') + lines, { mode: 0o600 })
  console.log(`Wrote ${missing.map(([name]) => name).join(' and ')} to ${FILE}.`)
}
