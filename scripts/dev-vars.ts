/** Creates `.dev.vars`, which `wrangler dev` needs and git must not contain. Does not change existing values. */
import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'

const FILE = '.dev.vars'

const DEFAULTS = {
  JWT_SECRET: () => randomBytes(32).toString('base64url'),
  // Where common tools serve a front end in development.
  CLIENT_ORIGINS: () => 'http://localhost:3000,http://localhost:5173',
  SERVER_TIMING: () => 'true',
}

export function writeDevVars(): void {
  const present = existsSync(FILE) ? readFileSync(FILE, 'utf8') : ''
  const isNamed = (name: string) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=`, 'm').test(present)
  const isSet = (name: string) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=[ \\t]*\\S`, 'm').test(present)
  const missing = Object.entries(DEFAULTS).filter(([name]) => {
    // Nothing works without a secret.
    if (name === 'JWT_SECRET') return !isSet(name)
    // A file created by this script shows costs in answers. An existing file keeps its author's choice.
    return name === 'SERVER_TIMING' ? present === '' : !isNamed(name)
  })
  if (missing.length === 0) return
  const lines = missing.map(([name, value]) => `${name}=${value()}\n`).join('')
  appendFileSync(FILE, (present === '' || present.endsWith('\n') ? '' : '\n') + lines, { mode: 0o600 })
  console.log(`Wrote ${missing.map(([name]) => name).join(', ')} to ${FILE}.`)
}

if (import.meta.main) writeDevVars()
