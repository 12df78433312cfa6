/** `/media/messages/{id}`, where the id is a message's: its image, for its two users only. To others it looks as if it did not exist. */

import * as z from 'zod/mini'
import { authenticate } from '../../auth/credentials'
import { type Db, openDb } from '../../db/client'
import { isSignedOut } from '../../db/errors'
import { describe } from '../../http/describe'
import type { AppEnv, RequestContext } from '../../http/env'
import { ApiError } from '../../http/errors'
import { Hono } from '../../http/hono'
import { idParam, inPath, inQuery } from '../../http/params'
import { readTicket } from '../../images/private-url'
import { IMAGE_ANSWERS, serveImage } from '../../images/serve'
import { variantQuery } from '../../images/variant'
import { findMessageImage } from './queries'

const ticketParam = z.extend(idParam, { ticket: z.string() })

export const messageImageRoutes = new Hono<AppEnv>()
  .get(
    '/:id{[0-9]+}/:ticket',
    describe({
      id: 'getSignedMessageImage',
      summary: 'The image of a message, with its signed URL',
      description: 'The URL is valid for some hours, and ends with the session that it was issued to.',
      answers: IMAGE_ANSWERS,
      errors: ['not_found', 'unavailable'],
    }),
    inPath(ticketParam),
    inQuery(variantQuery),
    async (c) => {
      const { id, ticket: text } = c.req.valid('param')
      const ticket = readTicket(c.env, text)
      if (!ticket) throw new ApiError('not_found')
      const hash = await find(c, (db) => findMessageImage(db.forUser(ticket), ticket.userId, id))
      if (hash === undefined || !ticket.opens(id, hash)) throw new ApiError('not_found')
      return serveImage(c, { hash, cacheControl: `private, max-age=${ticket.seconds}, immutable` })
    },
  )

  .get(
    '/:id{[0-9]+}',
    describe({
      id: 'getMessageImage',
      summary: 'The image of a message, with a cookie or token',
      answers: IMAGE_ANSWERS,
      errors: ['token_not_valid', 'not_found', 'unavailable'],
    }),
    authenticate,
    inPath(idParam),
    inQuery(variantQuery),
    async (c) => {
      const { viewer } = c.var
      const hash = viewer && (await findMessageImage(c.var.db, viewer.id, c.req.valid('param').id))
      if (hash === undefined) throw new ApiError('not_found')
      // `no-cache`, because an edit may change the image.
      return serveImage(c, { hash, cacheControl: 'private, no-cache' })
    },
  )

/** Asks the primary if a replica finds nothing. Finds nothing for an ended session, without saying why: a URL is not a credential. */
async function find(c: RequestContext, hashIn: (db: Db) => Promise<string | undefined>) {
  const found = (db: Db) =>
    hashIn(db).catch((error: unknown) => {
      if (isSignedOut(error)) return undefined
      throw error
    })
  return (await found(c.var.db)) ?? found(openDb(c.env.DB, { primary: true }))
}
