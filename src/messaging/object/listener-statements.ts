/** Records in D1 (`listeners`) who listens to which conversation, so that a user's sockets are found when a session ends. */
import { and, eq, notInArray, or, sql } from 'drizzle-orm'
import { listeners } from '../../db/schema'
import { build, statement, writeStatement } from '../../db/statements'
import type { Pair } from '../shared/pair'

/** How many conversations a user may listen to at a time, since that many objects are called when a session ends. */
export const MAX_CONVERSATIONS_HEARD = 100

/** Records that the user listens to the other, unless recorded already or beyond the limit. Reads at most a row for each conversation. */
export const addListenerStatement = (userId: number, otherId: number) =>
  writeStatement(
    sql`insert into listeners (user_id, other_id) select ${userId}, ${otherId}
      where (select count(*) from listeners where user_id = ${userId} and other_id <> ${otherId}) < ${MAX_CONVERSATIONS_HEARD}
      on conflict (user_id, other_id) do nothing`,
  )

/** Finds whether that is recorded. */
export const findListenerStatement = (userId: number, otherId: number) =>
  statement(
    build
      .select({ userId: listeners.userId })
      .from(listeners)
      .where(and(eq(listeners.userId, userId), eq(listeners.otherId, otherId))),
  )

/** Deletes the rows of those of the two users who no longer listen. */
export const removeListenersStatement = ({ a, b }: Pair, stillListening: number[]) =>
  statement(
    build
      .delete(listeners)
      .where(
        and(
          or(
            and(eq(listeners.userId, a), eq(listeners.otherId, b)),
            and(eq(listeners.userId, b), eq(listeners.otherId, a)),
          ),
          notInArray(listeners.userId, stillListening),
        ),
      ),
  )
