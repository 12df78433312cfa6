/** Calls a user's channel, the object that holds the user's sockets. If none is open, the call is made but has no effect. */
import { withinDeadline } from '../../deadline'
import type { Bindings, EndedSessions } from '../../http/env'
import type { ConversationEvent } from '../../messaging/shared/changes'
import type { WhichSessions } from '../../sockets/sessions'

/** The deadline for a call. If it fails, the channel later finds the change in D1. */
const DEADLINE_MS = 5_000

/** Events of one conversation. */
export interface ConversationNews {
  /** The other user. */
  user: number
  events: ConversationEvent[]
  /** The conversation's number of unread messages after these events. */
  unread: number
}

export interface Channel {
  /** Reports committed events, in order. */
  tell(news: ConversationNews): Promise<void>
  /** The other user is typing. */
  tellTyping(user: number): Promise<void>
  /** There may be a new notification. */
  tellNotified(): Promise<void>
  /** A call may have been lost, so anything may have changed. */
  tellMissed(): Promise<void>
  /** Closes the sockets of one session, or of all sessions except one. */
  closeSockets(which: WhichSessions): Promise<void>
  fetch(request: Request): Promise<Response>
}

type Stub = DurableObjectStub<Channel & Rpc.DurableObjectBranded>

/** Calls the object. Throws `TookTooLong` after the deadline. Gets a new stub for each call, because a stub that has failed stays broken. */
export function callChannel<T>(
  env: Bindings,
  userId: number,
  call: (channel: Stub) => PromiseLike<T>,
  ms = DEADLINE_MS,
): Promise<T> {
  // `http/`, which types the bindings, does not know the class.
  const channels = env.CHANNEL as DurableObjectNamespace<Channel & Rpc.DurableObjectBranded>
  return withinDeadline(ms, async () => await call(channels.getByName(String(userId))))
}

/** Closes the sockets of these sessions. Repeating the call is harmless, so it is retried once. */
export async function closeChannel(env: Bindings, { userId, ...which }: EndedSessions): Promise<void> {
  const close = () => callChannel(env, userId, async (channel) => channel.closeSockets(which))
  await close().catch(close)
}
