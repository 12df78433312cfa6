/** The Worker. */
import { app } from './app'
import { openDb } from './db/client'
import { config } from './http/config'
import type { Bindings } from './http/env'
import { sweep as sweepImages } from './images/store'
import { sweepRows } from './sweep'

export { Conversation } from './messaging/object/conversation'

export default {
  fetch: app.fetch,

  /** Forgets what nobody needs any more. */
  async scheduled(_event, env) {
    config(env)
    const db = openDb(env.DB, { primary: true })
    await sweepRows(db, Date.now())
    await sweepImages(db, env.MEDIA)
  },
} satisfies ExportedHandler<Bindings>
