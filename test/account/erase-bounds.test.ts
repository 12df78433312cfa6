/** What finds the next piece of a job reads a piece, however much there is. */
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { conversationsToErase, finishConversation } from '../../src/account/erase-queries'
import { openDb } from '../../src/db/client'
import { deleteReleasedUsernamesStatement } from '../../src/db/rate-limits'
import { signUp, stored } from '../client'

const numbers = 'with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)'
const db = () => openDb(env.DB, { primary: true })

test('the conversations of an account that is erased: each once, and two rows for each of a piece', async () => {
  await stored(
    `${numbers} insert into users (id, username, username_key, password_hash, created_at, profile_updated_at)
     select 100 + i, 'p' || i, 'p' || i, '', 0, 0 from n`,
    900,
  )
  const middle = 550
  await stored(
    `insert into conversations (id, user_a, user_b, seq, last_message_id)
     select id - 100, min(id, ${middle}), max(id, ${middle}), 1, iif(id % 3 = 0, null, id) from users where id > 100 and id <> ${middle}`,
  )
  await stored('insert into deleted_accounts (user_id, deleted_at) values (?, 0)', middle)
  const seen: number[] = []
  for (let pieces = 0; pieces < 100; pieces++) {
    const piece = db()
    const found = await conversationsToErase(piece, middle)
    expect(piece.usage.rowsRead).toBeLessThanOrEqual(250)
    seen.push(...found.map(({ otherId }) => otherId))
    const last = found.at(-1)
    if (!last) break
    await finishConversation(db(), middle, last.mark)
  }
  expect(seen).toHaveLength(899)
  expect(new Set(seen).size).toBe(899)
})

test('names that are held are not looked at before their time', async () => {
  const { id } = await signUp('alice')
  await stored(
    `${numbers} insert into held_usernames (username_key, user_id, until) select 'held' || i, ${id}, iif(i <= 3, 5, 1000) from n`,
    5_000,
  )
  const sweep = db()
  const [gone] = await sweep.batch([deleteReleasedUsernamesStatement(10, 400)])
  expect(gone).toHaveLength(3)
  expect(sweep.usage.rowsRead).toBeLessThanOrEqual(20)
})
