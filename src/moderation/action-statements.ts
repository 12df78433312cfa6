/** What actions do, in SQL: what is taken out of sight is so in the batch that notes it. */
import { sql } from 'drizzle-orm'
import { type Statement, writeStatement } from '../db/statements'
import type { Action, CaseKind } from './vocabulary'

interface Target {
  kind: CaseKind
  subjectId: number
}

/** The statements that do it; none for what are words only. Doing it twice is doing it once. */
export function effectStatements(action: Action, { kind, subjectId }: Target, now: number): Statement[] {
  switch (action) {
    case 'hide':
      return [
        kind === 'post'
          ? writeStatement(sql`insert into hidden_posts (post_id, owner_id, hidden_at)
              select id, owner_id, ${now} from posts where id = ${subjectId} on conflict do nothing`)
          : writeStatement(sql`insert into hidden_comments (comment_id, post_id, hidden_at)
              select id, post_id, ${now} from comments where id = ${subjectId} on conflict do nothing`),
      ]
    case 'restore':
      return [
        kind === 'post'
          ? writeStatement(sql`delete from hidden_posts where post_id = ${subjectId}`)
          : writeStatement(sql`delete from hidden_comments where comment_id = ${subjectId}`),
      ]
    case 'warn':
    case 'withdraw_warning':
      return []
  }
}
