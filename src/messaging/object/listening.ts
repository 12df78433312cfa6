/**
 * Keeps `listeners` true for one conversation: whoever has an open socket here has a row there.
 *
 * That is written before the socket is accepted, and taken away after the last one has closed, one after the other: a socket that closes
 * while another opens must not take the row that the other relies on. A row without a socket, which a crash can leave, costs a call when the
 * session ends, and goes at the object's next alarm.
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
   * Notes that the user listens, then runs `accept` with the conversation's newest seq. Undefined where they listen to too many
   * conversations. One D1 call, whose errors it throws: `Throttled`, and `ForeignKeyViolation` where one of the two blocks the other.
   */
  begin<T>(db: Db, userId: number, accept: (newest: number) => T): Promise<T | undefined>
  /** Forgets whoever has no socket open any more. One D1 call, and none where `userId` still has one. */
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
