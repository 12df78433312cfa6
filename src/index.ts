/** The Worker. */
import { app } from './app'
import { deleteExpiredPasswordResetsStatement } from './auth/password-reset-queries'
import { deleteExpiredSessionsStatement } from './auth/session-queries'
import { openDb } from './db/client'
import { deleteExpiredKeysStatement } from './db/idempotency'
import { renewSearchKeys } from './db/search-keys'
import { config } from './http/config'
import type { Bindings } from './http/env'
import { sweep } from './images/store'

export { Conversation } from './messaging/object/conversation'

export default {
  fetch: app.fetch,

  /** Forgets what nobody needs any more. */
  async scheduled(_event, env) {
    config(env)
    const db = openDb(env.DB, { primary: true })
    const now = Date.now()
    await db.batch([
      deleteExpiredSessionsStatement(now),
      deleteExpiredPasswordResetsStatement(now),
      deleteExpiredKeysStatement(now),
    ])
    await sweep(db, env.MEDIA)
    await renewSearchKeys(db)
  },
} satisfies ExportedHandler<Bindings>
