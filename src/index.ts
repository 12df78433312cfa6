/** The Worker. */
import { app } from './app'
import { deleteExpiredPasswordResetsStatement } from './auth/password-reset-queries'
import { deleteExpiredSessionsStatement } from './auth/session-queries'
import { openDb } from './db/client'
import { agreedTime } from './db/clock'
import { deleteExpiredKeysStatement } from './db/idempotency'
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
    const now = await agreedTime(db)
    if (now === undefined) {
      console.error(JSON.stringify({ error: 'A clock has jumped: nothing is swept.' }))
      return
    }
    await db.batch([
      deleteExpiredSessionsStatement(now),
      deleteExpiredPasswordResetsStatement(now),
      deleteExpiredKeysStatement(now),
    ])
    await sweep(db, env.MEDIA)
  },
} satisfies ExportedHandler<Bindings>
