/** The one way to somebody's channel: the object that holds their sockets. Those who have none open are told nothing, and cost a call. */
import { withinDeadline } from '../../deadline'
import type { Bindings, EndedSessions } from '../../http/env'
import type { ConversationEvent } from '../../messaging/shared/changes'
import type { WhichSessions } from '../../sockets/sessions'

/** How long it may take. What it was to be told it finds out by itself, later. */
const DEADLINE_MS = 5_000

/** What has happened in a conversation. */
export interface ConversationNews {
  /** The other person. */
  user: number
  events: ConversationEvent[]
  /** How many of its messages are unread after that. */
  unread: number
}

export interface Channel {
  /** What was committed, in order. */
  tell(news: ConversationNews): Promise<void>
  /** The other person types. */
  tellTyping(user: number): Promise<void>
  /** Something may have happened: a notification. */
  tellNotified(): Promise<void>
  /** Anything may have happened: somebody could not be told of it. */
  tellMissed(): Promise<void>
  /** Closes the sockets of this session, or of any but this. */
  closeSockets(which: WhichSessions): Promise<void>
  fetch(request: Request): Promise<Response>
}

type Stub = DurableObjectStub<Channel & Rpc.DurableObjectBranded>

/** Calls it, within a deadline: `TookTooLong`. A new stub each time, as one that has failed stays broken. */
export function callChannel<T>(
  env: Bindings,
  userId: number,
  call: (channel: Stub) => PromiseLike<T>,
  ms = DEADLINE_MS,
): Promise<T> {
  // Bindings are typed in `http/`, where the class is not known.
  const channels = env.CHANNEL as DurableObjectNamespace<Channel & Rpc.DurableObjectBranded>
  return withinDeadline(ms, async () => await call(channels.getByName(String(userId))))
}

/** Closes the sockets of these sessions. Twice is the same as once. */
export async function closeChannel(env: Bindings, { userId, ...which }: EndedSessions): Promise<void> {
  const close = () => callChannel(env, userId, async (channel) => channel.closeSockets(which))
  await close().catch(close)
}
