/** Listeners for signing in and out, in this tab and in others. */
import { platform } from './platform'
import type { User } from './schema'

/** `expired`: the session has ended, or the browser has dropped its cookies. */
export type AuthChange = { type: 'signed-in'; user: User } | { type: 'signed-out'; why: 'logout' | 'expired' }

type Listener = (change: AuthChange) => void

export interface Auth {
  /** Notifies this tab, and the other tabs that share the account. */
  tell: Listener
  /** Returns a function that removes the listener. */
  listen(listener: Listener): () => void
}

/** `name` identifies the state that tabs share, if they share any. */
export function authState(name: string | undefined): Auth {
  const listeners = new Set<Listener>()
  let channel: BroadcastChannel | undefined

  const receive: Listener = (change) => {
    for (const listener of listeners) listener(change)
  }
  const open = () => {
    // Outside of pages, an open channel would keep the process alive.
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
