/** `/mutes`: the users that a user mutes, who cannot tell. */

import { requireUser } from '../auth/credentials'
import { body } from '../http/body'
import { describe } from '../http/describe'
import type { AppEnv } from '../http/env'
import { ApiError, ValidationError } from '../http/errors'
import { Hono } from '../http/hono'
import { createOnce } from '../http/idempotency'
import { answerPage, pageOf, pageQuery } from '../http/paging'
import { idParam, inPath, inQuery } from '../http/params'
import { addToOwn, listOwn, MUTES, newestOf, removeFromOwn } from './list-queries'
import { refusal } from './refusal'
import { muteAnswer, muteBody } from './schemas'
import { muteView } from './view'

const NEWEST_MUTES = newestOf(MUTES)

export const muteRoutes = new Hono<AppEnv>()
  .get(
    '/',
    describe({
      id: 'listMutes',
      summary: 'The users you mute, newest first',
      answers: { 200: pageOf(muteAnswer) },
    }),
    requireUser,
    inQuery(pageQuery),
    async (c) => {
      const page = await answerPage(c, c.req.valid('query'), {
        order: NEWEST_MUTES,
        isCountKept: true,
        price: { shown: 3, skipped: 3, hidden: 3 },
        load: (page) => listOwn(c.var.db, MUTES, c.var.user.id, page),
        view: muteView,
      })
      return c.json(page)
    },
  )

  .post(
    '/',
    describe({
      id: 'createMute',
      summary: 'Mute a user',
      description:
        'What they write no longer appears in your lists or counts as unread. You can still request their profile, their posts and your conversation. They cannot tell that you mute them.',
      answers: { 201: muteAnswer },
      isIdempotent: true,
    }),
    requireUser,
    body(muteBody),
    async (c) => {
      const { muted } = c.req.valid('json')
      const { db, user } = c.var
      if (muted === user.id) throw new ValidationError({ muted: ["You can't mute yourself."] })
      try {
        const mute = await createOnce(c, { limit: 'blocks' }, (creation) =>
          addToOwn(db, MUTES, user.id, muted, creation),
        )
        return c.json(muteView(mute), 201)
      } catch (error) {
        throw refusal(error, 'muted', muted, {
          twice: 'You are already muting this user.',
          tooMany: 'You are muting as many users as you may.',
        })
      }
    },
  )

  .delete(
    '/:id{[0-9]+}',
    describe({ id: 'deleteMute', summary: 'Unmute a user', answers: { 204: null }, errors: ['not_found'] }),
    requireUser,
    inPath(idParam),
    async (c) => {
      if (!(await removeFromOwn(c.var.db, MUTES, c.var.user.id, c.req.valid('param').id)))
        throw new ApiError('not_found')
      return c.body(null, 204)
    },
  )
