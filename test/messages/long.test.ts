/** Conversations of thousands of messages: what is done to all of them at once costs a few rows. */
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { exportedMessages } from '../../src/account/export-queries'
import { openDb } from '../../src/db/client'
import { KEPT_VALUES } from '../../src/db/kept'
import { eraseClearedStatements } from '../../src/messaging/object/clearing-statements'
import { type Person, stored } from '../client'
import { signUpPair } from '../fixtures/factories'
import { conversationWith, say, show, thread } from '../fixtures/messages'

const MANY = 5_000

const db = () => openDb(env.DB, { primary: true })

/** Everything that is kept, and is not what it should be. */
async function untrue(): Promise<string[]> {
  const wrong: string[] = []
  for (const { name, differences } of KEPT_VALUES) {
    if ((await stored(differences)).length > 0) wrong.push(name)
  }
  return wrong
}

/** A conversation of as many messages, half of them unread, and the one that showed an image. */
async function longConversation(one: Person, other: Person) {
  const first = await say(one, other, 'first')
  const shown = await show(other, one)
  const [conversation] = await stored<{ id: number }>(
    'select conversation_id as id from messages where id = ?',
    first.id,
  )
  const id = conversation?.id ?? 0
  const numbers = 'with recursive n(i) as (select 1 union all select i + 1 from n where i < ?2)'
  const last = `(select max(id) from messages)`
  await stored(
    `${numbers} insert into messages (id, conversation_id, sender_id, content, created_at, seq, changed_seq)
     select ${last} + i, ?1, iif(i % 2 = 0, ${one.id}, ${other.id}), 'secret', i, 2 + i, 2 + i from n`,
    id,
    MANY,
  )
  await stored(
    `${numbers} insert into changes (conversation_id, seq, kind, user_id, message_id)
     select ?1, 2 + i, 'message', ${one.id}, ${last} - ?2 + i from n`,
    id,
    MANY,
  )
  const unread = (user: number, read: string) =>
    `(select count(*) from messages where conversation_id = conversations.id and sender_id <> ${user} and seq > ${read})`
  await stored(
    `update conversations set seq = ${2 + MANY}, messages_count = ${2 + MANY}, last_message_id = ${last},
     unread_a = ${unread(Math.min(one.id, other.id), 'read_a')}, unread_b = ${unread(Math.max(one.id, other.id), 'read_b')} where id = ?`,
    id,
  )
  return { id, first, shown, newest: (await conversationWith(one, other)).last_message }
}

test('clearing costs a few rows, is gone at once from everywhere, and is erased in pieces after which all counts are true', async () => {
  const [one, other] = await signUpPair()
  const { id, first, shown, newest } = await longConversation(one, other)
  expect(newest).toBe('secret')
  expect(await untrue()).toEqual([])

  const cleared = await one.delete(`/chats/${other.id}/delete/`)
  expect([cleared.status, cleared.body]).toEqual([200, { detail: 'Chat deleted successfully.' }])
  expect(cleared.cost.written).toBeLessThanOrEqual(8)
  expect(cleared.cost.read).toBeLessThanOrEqual(60)
  expect(await untrue()).toEqual([])

  const nothing = async () => {
    for (const [viewer, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      expect(await thread(viewer, peer, '?page_size=500&page=1')).toMatchObject({ count: 0, results: [] })
      expect((await viewer.get('/messages/')).body).toEqual([])
      expect((await viewer.get('/notifications/unread/')).body.messages).toBe(0)
      const exported = await exportedMessages(db(), viewer.id, { otherId: peer.id, messageId: 0 })
      expect(exported.rows).toEqual([])
    }
    expect((await one.patch(`/messages/${first.id}/update/`, { content: 'x' })).status).toBe(404)
    expect((await one.delete(`/messages/${first.id}/delete/`)).status).toBe(404)
    expect((await one.get(new URL(shown.image).pathname + new URL(shown.image).search)).status).toBe(404)
    const report = { kind: 'message', id: shown.id, category: 'spam', text: '' }
    expect((await one.post('/reports/', report)).status).toBe(400)
    expect((await other.post(`/messages/${one.id}/read/`, { up_to: 2 + MANY })).body).toEqual({
      unread_count: 0,
    })
    expect((await one.delete(`/chats/${other.id}/delete/`)).status).toBe(404)
  }
  await nothing()
  expect(await stored('select 1 from messages where conversation_id = ? limit 1', id)).toHaveLength(1)

  // What comes after is a new beginning, whatever of the old one is still to be erased.
  const again = await say(one, other, 'again')
  expect(again).toMatchObject({ seq: 4 + MANY, last_message: 'again' })
  expect(await conversationWith(other, one)).toMatchObject({ unread_count: 1, last_message: 'again' })
  expect((await other.post(`/messages/${one.id}/read/`, { up_to: again.seq })).body).toEqual({
    unread_count: 0,
  })
  await say(other, one, 'yes')
  expect(await untrue()).toEqual([])
  expect((await thread(one, other)).results.map(({ content }: { content: string }) => content)).toEqual([
    'again',
    'yes',
  ])
  // Few, cleared while many wait, are left to the job as well.
  expect((await other.delete(`/chats/${one.id}/delete/`)).status).toBe(200)
  await nothing()
  await say(one, other, 'third')

  for (let left = MANY; left > 0; ) {
    const piece = db()
    await piece.batch(eraseClearedStatements.map((statement) => statement()))
    expect(piece.usage.rowsWritten).toBeLessThanOrEqual(2_000)
    expect(piece.usage.rowsRead).toBeLessThanOrEqual(2_000)
    expect(await untrue()).toEqual([])
    const [count] = await stored<{ n: number }>(
      "select count(*) as n from messages where conversation_id = ? and content <> 'third'",
      id,
    )
    expect(count?.n).toBeLessThan(left)
    left = count?.n ?? 0
  }
  expect(await stored('select 1 from cleared_conversations')).toEqual([])
  expect((await thread(other, one)).results).toMatchObject([{ content: 'third' }])
  expect(await stored('select refs from images where hash = ?', shown.hash)).toEqual([{ refs: 0 }])
  expect(await stored("select 1 from messages where content in ('secret', 'first')")).toEqual([])
})

test('reading: all of them for a few rows, and else a bounded part', async () => {
  const [one, other] = await signUpPair()
  await longConversation(one, other)
  const unread = async () => (await one.get('/notifications/unread/')).body.messages
  const all = await unread()
  expect(all).toBeGreaterThan(MANY / 2 - 5)
  const read = (upTo: number) => one.post(`/messages/${other.id}/read/`, { up_to: upTo })
  const part = await read(MANY - 10)
  expect(part.cost.read).toBeLessThanOrEqual(2_500)
  expect(part.body.unread_count).toBeLessThan(all)
  expect(part.body.unread_count).toBe(await unread())
  expect(await untrue()).toEqual([])
  const rest = await read(MANY + 2)
  expect(rest.body).toEqual({ unread_count: 0 })
  expect(rest.cost.read).toBeLessThanOrEqual(30)
  expect(await untrue()).toEqual([])
})
