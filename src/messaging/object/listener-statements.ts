/** Who listens to which conversation, in D1 (`listeners`): how the sockets of a user are found when their session ends. */
import { and, eq, notInArray, or, sql } from 'drizzle-orm'
import { listeners } from '../../db/schema'
import { build, statement, writeStatement } from '../../db/statements'
import type { Pair } from '../shared/pair'

/** How many conversations somebody may listen to at a time: so many objects are asked when their session ends. */
export const MAX_CONVERSATIONS_HEARD = 100

/** Notes that the user listens to the other, unless that is noted or would be one conversation too many. Reads at most a row for each. */
export const addListenerStatement = (userId: number, otherId: number) =>
  writeStatement(
    sql`insert into listeners (user_id, other_id) select ${userId}, ${otherId}
      where (select count(*) from listeners where user_id = ${userId} and other_id <> ${otherId}) < ${MAX_CONVERSATIONS_HEARD}
      on conflict (user_id, other_id) do nothing`,
  )

/** Whether that is noted. */
export const findListenerStatement = (userId: number, otherId: number) =>
  statement(
    build
      .select({ userId: listeners.userId })
      .from(listeners)
      .where(and(eq(listeners.userId, userId), eq(listeners.otherId, otherId))),
  )

/** Forgets those of the two who do not listen any more. */
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
