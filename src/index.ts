/** The Worker. */
import { eraseAccounts } from './account/erase'
import { app } from './app'
import { turnHiddenAccounts } from './db/account-hidings'
import { openDb } from './db/client'
import { agreedTime } from './db/clock'
import { renewSearchKeys } from './db/search-keys'
import { config } from './http/config'
import { asSentToPublicUrl } from './http/public-url'
import { sweep as sweepImages } from './images/store'
import { closeSockets } from './messaging/worker/close-sockets'
import { eraseSentPiece } from './messaging/worker/erase-sent'
import { sweepRows } from './sweep'

export { PersonChannel } from './live/object/person-channel'
export { Conversation } from './messaging/object/conversation'

// `Env` is what wrangler.toml binds (`npm run types`): were it to lack what http/env.ts asks for, this would not compile.
export default {
  fetch: (request: Request, env: Env, context: ExecutionContext) =>
    app.fetch(asSentToPublicUrl(request, env), env, context),

  /** The scheduled job: deletes expired and unneeded data. */
  async scheduled(_event, env) {
    const { limits } = config(env)
    const db = openDb(env.DB, { primary: true })
    const now = await agreedTime(db)
    if (now === undefined) {
      console.error(JSON.stringify({ error: 'A clock has jumped: nothing is swept.' }))
      return
    }
    await sweepRows(db, now, limits)
    await turnHiddenAccounts(db)
    await eraseAccounts(db, env, now, {
      closeSockets: (userId) => closeSockets(env, { userId, except: undefined }),
      eraseSentPiece: (piece, onMarked) => eraseSentPiece(env, piece, onMarked),
    })
    await sweepImages(db, env.MEDIA)
    await renewSearchKeys(db)
  },
} satisfies ExportedHandler<Env>
