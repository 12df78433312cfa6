/**
 * Keeps `listeners` up to date for one conversation: a user with an open socket here has a row there.
 *
 * The row is written before the socket is accepted, and deleted after the last socket has closed. These steps never overlap: a socket that
 * closes while another opens must not delete the row that the other relies on. A crash can leave a row without a socket. It costs a call when
 * the session ends, and is deleted at the object's next alarm.
 */
import type { Db } from '../../db/client'
import { chargeStatement, charges } from '../../db/rate-limits'
import type { Limits } from '../../limits/limits'
import { notBlockedStatement } from '../shared/conversation-row'
import { otherSide, type Pair, sideOf } from '../shared/pair'
import { addListenerStatement, findListenerStatement, removeListenersStatement } from './listener-statements'
import { newestSeqStatement } from './missed-changes'

export interface Listening {
  /**
   * Records that the user listens, then runs `accept` with the conversation's newest seq. Undefined if the user listens to too many
   * conversations. One D1 call, whose errors it throws: `Throttled`, and `ForeignKeyViolation` if one user blocks the other.
   */
  begin<T>(db: Db, userId: number, accept: (newest: number) => T): Promise<T | undefined>
  /** Deletes the rows of users without an open socket. One D1 call; none if `userId` still has a socket. */
  end(userId?: number): Promise<void>
}

interface Surroundings {
  pair: Pair
  openDb: () => Db
  limits: Limits
  /** Whether the user has an open socket here. */
  isListening: (userId: number) => boolean
}

export function listening({ pair, openDb, limits, isListening }: Surroundings): Listening {
  let last: Promise<unknown> = Promise.resolve()

  function inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = last.then(run)
    last = result.catch(() => undefined)
    return result
  }

  return {
    begin: (db, userId, accept) =>
      inTurn(async () => {
        const otherId = pair[otherSide(sideOf(pair, userId))]
        const [, , , noted, [conversation]] = await db.batch([
          notBlockedStatement(pair),
          chargeStatement(charges(limits, 'sockets', userId), Date.now()),
          addListenerStatement(userId, otherId),
          findListenerStatement(userId, otherId),
          newestSeqStatement(pair),
        ])
        return noted.length > 0 ? accept(conversation?.seq ?? 0) : undefined
      }),

    end: (userId) =>
      inTurn(async () => {
        if (userId !== undefined && isListening(userId)) return
        const stillListening = [pair.a, pair.b].filter(isListening)
        if (stillListening.length < 2) await openDb().batch([removeListenersStatement(pair, stillListening)])
      }),
  }
}
