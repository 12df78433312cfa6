/** Opens a socket of a conversation. */
import type { UserContext } from '../../http/env'
import { ApiError } from '../../http/errors'
import { requireKnownOrigin } from '../../http/origins'
import { callConversation } from '../../sockets/conversation-stub'
import { openSocket } from '../../sockets/open'
import { pairOf } from '../shared/pair'
import { mayListenTo } from './queries'

/** Answers 101. Besides the errors of `openSocket`: 403 for a page of a foreign origin, 404 if there is no such user to listen to. */
export async function openConversation(
  c: UserContext,
  otherId: number,
  since: string | undefined,
): Promise<Response> {
  const { db, user } = c.var
  if (user.via === 'cookie') requireKnownOrigin(c)
  if (otherId === user.id || otherId === 0 || !(await mayListenTo(db, user.id, otherId)))
    throw new ApiError('not_found')
  return openSocket(c, {
    since,
    ask: (request) => callConversation(c.env, pairOf(user.id, otherId), async (stub) => stub.fetch(request)),
  })
}
