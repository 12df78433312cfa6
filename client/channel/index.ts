/** One connection for everything that happens to a person. A package entry of its own, so that only pages that want it load it. */
import type { Transport } from '../transport'
import { Channel } from './channel'
import type { Live, LiveOptions } from './types'

const open = new WeakMap<Transport, Channel>()

/** The channel of this client: the same as long as it is open. `client.live()` calls it. */
export function openLive(transport: Transport, options: LiveOptions = {}): Live {
  const before = open.get(transport)
  if (before && !before.isEnded) return before
  const channel = new Channel(transport, options)
  open.set(transport, channel)
  return channel
}
