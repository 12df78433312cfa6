/** The events of one conversation that a client missed, as frames. */
import type { Bindings } from '../../http/env'
import { detailOf } from '../../http/errors'
import { privateImageUrlsAt } from '../../images/private-url'
import { eventFrame } from '../../messaging/shared/event-frame'
import { pairOf } from '../../messaging/shared/pair'
import type { ReplayResult } from '../../messaging/shared/replay'
import { callConversation } from '../../sockets/conversation-stub'
import type { ConversationNews } from '../shared/channel'
import type { FrameOf, ServerFrame } from '../shared/frames'
import type { Attachment } from './sockets'

/** The frames of these events. Each names the one before it as `prev`; the first names the argument `prev`. */
export function conversationFrames(
  env: Bindings,
  holder: Attachment,
  { user, events, unread }: ConversationNews,
  prev: number,
): FrameOf<'conversation'>[] {
  const viewer = { viewerId: holder.userId, urls: privateImageUrlsAt(env, holder), now: Date.now() }
  let last = prev
  return events.map((event) => {
    const frame = eventFrame(event, last, viewer)
    last = event.seq
    return { type: 'conversation', user, event: frame, unread }
  })
}

interface Wanted {
  to: number
  since: number
}

/** All frames after `since` and the one that ends the replay, or one that tells the client to read pages instead. */
export async function replayFrames(
  env: Bindings,
  holder: Attachment,
  { to, since }: Wanted,
): Promise<{ frames: ServerFrame[]; isSessionEnded: boolean }> {
  const { userId, session } = holder
  const result = await callConversation(
    env,
    pairOf(userId, to),
    async (stub): Promise<ReplayResult> =>
      to === userId
        ? { ok: true, replay: { events: [], isResync: since > 0, newest: 0, unread: 0 } }
        : stub.replay({ userId, session }, since),
  ).catch((): ReplayResult => ({ ok: false, why: 'unavailable' }))
  if (!result.ok) {
    const code = 'unavailable'
    const frames: ServerFrame[] = [{ type: 'error', to, code, errors: { detail: [detailOf(code)] } }]
    return { frames, isSessionEnded: result.why === 'signed out' }
  }
  const { events, isResync, newest, unread } = result.replay
  return {
    frames: [
      ...conversationFrames(env, holder, { user: to, events, unread }, since),
      { type: isResync ? 'resync' : 'replayed', user: to, seq: newest, unread },
    ],
    isSessionEnded: false,
  }
}
