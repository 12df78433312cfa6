/** Who is signed in, as far as this device knows, and who wants to hear of it. */
import { platform } from './platform'
import type { User } from './schema'

/** `expired`: the session is over, or the browser has dropped its cookies. */
export type AuthChange = { type: 'signed-in'; user: User } | { type: 'signed-out'; why: 'logout' | 'expired' }

export interface Auth {
  /** The id of who is signed in; undefined where nobody is, or nobody knows. */
  userId(): number | undefined
  /** Notes what an answer has told, without telling anybody. */
  remember(user: User): void
  /** Tells this tab, and the others that share the account with it. */
  tell(change: AuthChange): void
  /** Gives what ends it. */
  listen(listener: (change: AuthChange) => void): () => void
}

/** `name`: of what tabs share, where they share anything. `survives`: who it was is known after a reload, too. */
export function authState(name: string | undefined, survives: boolean): Auth {
  const listeners = new Set<(change: AuthChange) => void>()
  // Elsewhere an open channel would keep the process alive.
  const Channel = platform.document && name ? platform.BroadcastChannel : undefined
  let channel: BroadcastChannel | undefined
  let known: number | undefined

  const open = () => {
    if (!Channel || !name) return
    channel ??= new Channel(name)
    channel.onmessage = ({ data }) => receive(data)
  }
  const note = (id: number | undefined) => {
    known = id
    if (survives && name) write(name, id)
  }
  const receive = (change: AuthChange) => {
    note(change.type === 'signed-in' ? change.user.pk : undefined)
    for (const listener of listeners) listener(change)
  }
  return {
    userId: () => known ?? (survives && name ? read(name) : undefined),
    remember: ({ pk }) => note(pk),
    tell(change) {
      open()
      channel?.postMessage(change)
      receive(change)
    },
    listen(listener) {
      open()
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** An id is no secret, and pages that only have cookies cannot read it from them. They may have no storage either. */
function read(name: string): number | undefined {
  try {
    return Number(localStorage.getItem(name)) || undefined
  } catch {
    return undefined
  }
}

function write(name: string, id: number | undefined): void {
  try {
    if (id) localStorage.setItem(name, String(id))
    else localStorage.removeItem(name)
  } catch {
    // Known until the next reload, then.
  }
}
