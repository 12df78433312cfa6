/**
 * Fills the local database and bucket of `wrangler dev` with people and their activity:
 *
 *   npm run seed                  50 people
 *   npm run seed -- 200           200 people, some 5,000 posts
 *   npm run seed -- 200 --reset   deletes all existing data first
 *
 * The same number of people always gives the same data, except for the dates, which end today. `--persist-to <directory>` selects other local data,
 * as in wrangler.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { getPlatformProxy, unstable_readConfig as readConfig } from 'wrangler'
import { migrateLocal } from './migrate.ts'
import { PASSWORD } from './seed/account.ts'
import { invent } from './seed/invent.ts'
import { clear, lastIds, type Stores, store, takenNames } from './seed/store.ts'
import { storesOnly } from './transfer/stores.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { reset: { type: 'boolean', default: false }, 'persist-to': { type: 'string' } },
})
const people = Number(positionals[0] ?? 50)
if (!Number.isInteger(people) || people < 2 || people > 5000) {
  console.error('Usage: npm run seed -- [people, 2 to 5000] [--reset]')
  process.exit(1)
}

migrateLocal(options['persist-to'])
const platform = await getPlatformProxy<Stores>({
  configPath: storesOnly(readConfig),
  persist: { path: resolve(options['persist-to'] ?? '.wrangler/state', 'v3') },
})
try {
  await seed(platform.env)
} finally {
  await platform.dispose()
}

async function seed(stores: Stores): Promise<void> {
  if (options.reset) await clear(stores, progress)
  const world = await invent(people, await lastIds(stores))
  const [taken] = await takenNames(
    stores,
    world.users.map(({ username }) => username),
  )
  if (taken !== undefined) {
    console.error(
      `The local database has somebody called ${taken} already. To replace everything in it: npm run seed -- --reset`,
    )
    process.exitCode = 1
    return
  }
  await store(stores, world, progress)
  progress('')
  console.log(
    `${world.users.length} people, ${world.posts.length} posts, ${world.followers.length} follows, ` +
      `${world.likes.length} likes, ${world.comments.length} comments, ${world.messages.length} messages.`,
  )
  const names = world.users.slice(0, 2).map(({ username }) => username)
  console.log(`Sign in as ${names.join(' or ')}, or as anyone else there, with the password ${PASSWORD}`)
}

/** On a terminal, one line that changes; elsewhere one line per step. */
function progress(step: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${step}`)
  else if (step !== '') console.log(step)
}
