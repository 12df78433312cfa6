/** The commands of docs/operations.md: of its blocks, and those within a sentence that have options. */
import { readFileSync } from 'node:fs'

export const text = readFileSync('docs/operations.md', 'utf8')

const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.split('\n'))
const inline = [...text.matchAll(/`(npm run [\w:-]+ -- [^`]+|npx wrangler [^`]+)`/g)].map(
  ([, command = '']) => command,
)

export const commands = [
  ...new Set([...blocks, ...inline].map((line) => line.replace(/\s+#.*/, '').trim())),
].filter((line) => line !== '')

/** Those of the original, which test/node/transfer/django.test.ts runs. */
const isDjango = (command: string) => command.startsWith('python manage.py ')
/** Those that Cloudflare is asked with, which test/node/deploy.test.ts runs. */
const isDeployed = (command: string) => command.startsWith('npx wrangler ') || /--remote|--env/.test(command)

export const OF_DJANGO = commands.filter(isDjango)
export const DEPLOYED = commands.filter(isDeployed)
/** Those on this machine, which test/node/transfer/operations.test.ts runs. */
export const LOCAL = commands.filter((command) => !isDjango(command) && !isDeployed(command))
