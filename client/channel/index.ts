/** One connection for everything that happens to a user. A separate package entry, so that only pages that use it load it. */
import type { Transport } from '../transport'
import { Channel } from './channel'
import type { Live, LiveOptions } from './types'

const open = new WeakMap<Transport, Channel>()

/** Returns this client's channel, the same one while it is open. `client.live()` calls this. */
export function openLive(transport: Transport, options: LiveOptions = {}): Live {
  const before = open.get(transport)
  if (before && !before.isEnded) return before
  const channel = new Channel(transport, options)
  open.set(transport, channel)
  return channel
}
