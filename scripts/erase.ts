/**
 * Deletes an account on its owner's behalf, without a way back:
 *
 *   npm run erase -- ada                in the local database
 *   npm run erase -- ada --remote       in the deployed one; `--env staging` in that of another environment
 *
 * The account is signed out and hidden immediately. The next run of the scheduled job (within ten minutes) closes its sockets and begins to erase it
 * in pieces (src/account/erase.ts). `--persist-to <directory>` selects another local database, as in wrangler.
 */
import { parseArgs } from 'node:util'
import { wrangler } from './wrangler.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    remote: { type: 'boolean', default: false },
    env: { type: 'string' },
    'persist-to': { type: 'string' },
  },
})
const [username, ...more] = positionals
if (!username || more.length > 0) {
  console.error('Whom? npm run erase -- <username> [--remote] [--env <environment>]')
  process.exit(1)
}

/** SQLite has no other escape sequence. */
const text = (value: string) => `'${value.replaceAll("'", "''")}'`
/** Matches the exact name, including case, because names may differ in case only. */
const who = `(select id from users where username = ${text(username)})`
const now = Date.now()

const place = values.remote ? ['--remote'] : ['--local']
if (values.env) place.push('--env', values.env)
if (values['persist-to']) place.push('--persist-to', values['persist-to'])
const { status, stdout, stderr } = wrangler(
  'd1',
  'execute',
  'DB',
  ...place,
  '--json',
  '--yes',
  '--command',
  [
    `insert into deleted_accounts (user_id, deleted_at, erase_at) select id, ${now}, ${now} from users where id = ${who}
      on conflict (user_id) do update set erase_at = min(erase_at, excluded.erase_at) returning user_id`,
    `update sessions set revoked_at = ${now} where user_id = ${who} and revoked_at is null`,
    `delete from password_resets where user_id = ${who}`,
  ].join(';\n'),
)
if (status !== 0) {
  console.error(`wrangler d1 execute failed:\n${stdout}${stderr}`)
  process.exit(1)
}
const [found]: { results: { user_id: number }[] }[] = JSON.parse(stdout)
const id = found?.results[0]?.user_id
if (id === undefined) {
  console.error(`Nobody is called ${username}.`)
  process.exit(1)
}
console.log(
  `${username} (${id}) is hidden and signed out. The scheduled job erases the account, beginning within ten minutes.`,
)
