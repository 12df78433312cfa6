/** Who wants to hear that somebody has signed in or out, in this tab or in another. */
import { platform } from './platform'
import type { User } from './schema'

/** `expired`: the session is over, or the browser has dropped its cookies. */
export type AuthChange = { type: 'signed-in'; user: User } | { type: 'signed-out'; why: 'logout' | 'expired' }

type Listener = (change: AuthChange) => void

export interface Auth {
  /** Tells this tab, and the others that share the account with it. */
  tell: Listener
  /** Gives what ends it. */
  listen(listener: Listener): () => void
}

/** `name`: of what tabs share, where they share anything. */
export function authState(name: string | undefined): Auth {
  const listeners = new Set<Listener>()
  let channel: BroadcastChannel | undefined

  const receive: Listener = (change) => {
    for (const listener of listeners) listener(change)
  }
  const open = () => {
    // Elsewhere than in pages an open channel would keep the process alive.
    if (channel || !name || !platform.document || !platform.BroadcastChannel) return
    channel = new platform.BroadcastChannel(name)
    channel.onmessage = ({ data }) => receive(data)
  }
  return {
    tell(change) {
      open()
      channel?.postMessage(change)
      receive(change)
    },
    listen(listener) {
      open()
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
