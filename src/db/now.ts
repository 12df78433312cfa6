/** The one clock that all who write rows share: D1's. Those of Workers may each be ahead or behind. */
import { sql } from 'drizzle-orm'

/** D1's time in milliseconds since the epoch, the same all through a statement. */
export const databaseNow = sql<number>`cast(unixepoch('subsec') * 1000 as integer)`
