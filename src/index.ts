/** The Worker. */
import { app } from './app'
import { deleteExpiredResets } from './auth/resets'
import { deleteExpiredSessions } from './auth/sessions'
import { openDb } from './db/client'
import { deleteExpiredKeys } from './db/idempotency'
import { config } from './http/config'
import { sweep } from './images/store'

export { Conversation } from './messaging/conversation'

// `Env` is what wrangler.toml binds (`npm run types`): were it to lack what http/env.ts asks for, this would not compile.
export default {
  fetch: app.fetch,

  /** Forgets what nobody needs any more. */
  async scheduled(_event, env) {
    config(env)
    const db = openDb(env.DB, { primary: true })
    const now = Date.now()
    await db.batch([deleteExpiredSessions(db, now), deleteExpiredResets(db, now), deleteExpiredKeys(db, now)])
    await sweep(db, env.MEDIA)
  },
} satisfies ExportedHandler<Env>
