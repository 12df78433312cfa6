/** `/live`: everything that concerns a user, over one socket. */

import { requireUser } from '../../auth/credentials'
import { describe } from '../../http/describe'
import type { AppEnv } from '../../http/env'
import { Hono } from '../../http/hono'
import { requireKnownOrigin } from '../../http/origins'
import { inQuery } from '../../http/params'
import { openSocket } from '../../sockets/open'
import { callChannel } from '../shared/channel'
import { channelQuery } from './schemas'

/** The object has its own deadlines for D1. */
const OPENING_MS = 30_000

export const liveRoutes = new Hono<AppEnv>().get(
  '/',
  describe({
    id: 'openChannel',
    summary: 'Listen to everything',
    description: 'A WebSocket: /asyncapi.json describes its frames.',
    answers: { 101: null },
    errors: ['permission_denied', 'upgrade_required', 'throttled'],
  }),
  requireUser,
  inQuery(channelQuery),
  async (c) => {
    const { user } = c.var
    if (user.via === 'cookie') requireKnownOrigin(c)
    return openSocket(c, {
      since: c.req.valid('query').since,
      ask: (request) => callChannel(c.env, user.id, async (channel) => channel.fetch(request), OPENING_MS),
    })
  },
)
