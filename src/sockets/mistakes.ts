/** Logs errors inside the object, because error classes do not survive the RPC to the Worker. */
import { Unavailable } from '../db/errors'
import { TookTooLong } from '../deadline'

/** Logs the error if it is a bug, rather than a store that cannot be reached, and tells whether it is one. */
export function logMistake(error: unknown, whose = 'A conversation'): boolean {
  if (error instanceof Unavailable || error instanceof TookTooLong) return false
  console.error(JSON.stringify({ error: `${whose} made a mistake.`, why: String(error) }))
  return true
}
