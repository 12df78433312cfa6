/** Errors that nobody else learns of: a class does not survive the way from the object to the Worker. */
import { Unavailable } from '../db/errors'
import { TookTooLong } from '../deadline'

/** Logs what is a mistake of ours, not a store that is out of reach, and says whether it is one. */
export function logMistake(error: unknown, whose = 'A conversation'): boolean {
  if (error instanceof Unavailable || error instanceof TookTooLong) return false
  console.error(JSON.stringify({ error: `${whose} made a mistake.`, why: String(error) }))
  return true
}
