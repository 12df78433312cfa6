/**
 * Gives a user a role, or removes it:
 *
 *   npm run role -- ada admin                in the local database
 *   npm run role -- ada none --remote        in the deployed one; `--env staging` in that of another environment
 *
 * Roles are `moderator` and `admin`. The change applies from the user's next request. `--persist-to <directory>` selects another local database, as
 * in wrangler.
 */
import { parseArgs } from 'node:util'
import { wrangler } from './wrangler.ts'

const ROLES = ['moderator', 'admin', 'none']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    remote: { type: 'boolean', default: false },
    env: { type: 'string' },
    'persist-to': { type: 'string' },
  },
})
const [username, role = '', ...more] = positionals
if (!username || !ROLES.includes(role) || more.length > 0) {
  console.error(
    'Who is to be what? npm run role -- <username> moderator|admin|none [--remote] [--env <environment>]',
  )
  process.exit(1)
}

/** SQLite has no other escape sequence. */
const text = (value: string) => `'${value.replaceAll("'", "''")}'`
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
    // Matches the exact name, including case, because names may differ in case only.
    `update users set role = ${role === 'none' ? 'null' : text(role)} where username = ${text(username)} returning id`,
    `insert into moderation_actions (id, action, user_id, kind, subject_id, text, created_at)
      select (select max(last_id, coalesce((select max(id) from moderation_actions), 0)) + 1 from sequences where name = 'moderation_actions'),
        'grant_role', id, 'profile', id, ${text(role)}, ${Date.now()} from users where username = ${text(username)}`,
  ].join(';\n'),
)
if (status !== 0) {
  console.error(`wrangler d1 execute failed:\n${stdout}${stderr}`)
  process.exit(1)
}
const [found]: { results: { id: number }[] }[] = JSON.parse(stdout)
const id = found?.results[0]?.id
if (id === undefined) {
  console.error(`Nobody is called ${username}.`)
  process.exit(1)
}
console.log(`${username} (${id}) is ${role === 'none' ? 'neither moderator nor admin' : role} from now on.`)
