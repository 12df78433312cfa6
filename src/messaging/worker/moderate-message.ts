/** Moderators' actions on messages go through the conversation's object, like all its changes. */
import { createMiddleware } from 'hono/factory'
import type { AppEnv } from '../../http/env'
import { pairOf } from '../shared/pair'
import { commitOf } from './commit-change'

/** Gives the routes after it a function that makes such a change. */
export const offerModeration = createMiddleware<AppEnv>(async (c, next) => {
  c.set('moderateMessage', async (context, pair, deed) => {
    const change = { type: 'moderate', userId: context.var.user.id, role: 'moderator', deed } as const
    return (await commitOf(context, pairOf(...pair), change))?.event !== undefined
  })
  await next()
})
