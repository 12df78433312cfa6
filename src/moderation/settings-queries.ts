/** Settings in D1, which admins change at runtime. Each is read within the D1 call that needs it, so no copy is ever stale. */
import { sql } from 'drizzle-orm'
import type { Db } from '../db/client'
import { settings } from '../db/schema'
import { nextId } from '../db/sequences'
import { build, selectStatement, statement, writeStatement } from '../db/statements'
import { fold } from '../db/text'

export interface Settings {
  registration: 'open' | 'closed'
  /** Folded, as `users.username_key` is (`kept/reserved-usernames.ts`). */
  reserved_names: string[]
  /** Domains, and whole addresses, folded. */
  blocked_mail: string[]
}

const DEFAULTS: Settings = { registration: 'open', reserved_names: [], blocked_mail: [] }

const allStatement = () =>
  statement(build.select({ name: settings.name, value: settings.value }).from(settings))

const settingsOf = (rows: { name: string; value: string }[]): Settings => ({
  ...DEFAULTS,
  // Only `changeSettings` writes these values, so their types are known.
  ...Object.fromEntries(rows.map(({ name, value }) => [name, JSON.parse(value)])),
})

/** Reads a row for each setting that was ever set. */
export async function readSettings(db: Db): Promise<Settings> {
  const [rows] = await db.batch([allStatement()])
  return settingsOf(rows)
}

/** Folds the entries as names and addresses are compared, and removes duplicates. */
const folded = (value: string | string[] = []) =>
  typeof value === 'string' ? value : [...new Set(value.map(fold))]

/** Changes some settings, and logs which. */
export async function changeSettings(
  db: Db,
  actorId: number,
  changes: { [Name in keyof Settings]?: Settings[Name] | undefined },
  now: number,
): Promise<Settings> {
  const changed = Object.entries(changes).filter(([, value]) => value !== undefined)
  const results: unknown[] = await db.batch([
    ...changed.map(([name, value]) =>
      writeStatement(sql`insert into settings (name, value) values (${name}, ${JSON.stringify(folded(value))})
        on conflict (name) do update set value = excluded.value`),
    ),
    ...(changed.length === 0
      ? []
      : [
          writeStatement(sql`insert into moderation_actions (id, actor_id, action, text, created_at)
            select ${nextId('moderation_actions')}, ${actorId}, 'settings', ${changed.map(([name]) => name).join(', ')}, ${now}`),
        ]),
    allStatement(),
  ])
  return settingsOf(results.at(-1) as { name: string; value: string }[])
}

/** The statement that finds which settings forbid a registration. */
export const obstaclesStatement = (nameKey: string, mail: readonly string[]) =>
  selectStatement(
    {
      isClosed: sql<number>`exists (select 1 from settings where name = 'registration' and value = '"closed"')`,
      isReserved: sql<number>`exists (select 1 from settings, json_each(settings.value) one
        where settings.name = 'reserved_names' and one.value = ${nameKey})`,
      isMailBlocked: sql<number>`exists (select 1 from settings, json_each(settings.value) one
        where settings.name = 'blocked_mail' and one.value in (select value from json_each(${JSON.stringify(mail)})))`,
    },
    sql``,
  )
