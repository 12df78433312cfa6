/** What messages cost, in the engine's own numbers, and what comes of 500 at once. */
import { describe, expect, it } from 'vitest'
import { type Answer, type Person, signUp, stored } from '../client'
import { breakDb } from '../faulty-db'
import { signUpCast } from '../fixtures/factories'
import { conversationOf, expectChain, listen } from '../sockets'

const { alice, bob, carol } = await signUpCast()

const send = (from: Person, to: Person, content: string, headers: Record<string, string> = {}) =>
  from.post(`/messages/${to.id}/send/`, { content }, headers)

/** A conversation of so many messages, which nobody sent. */
async function fill(one: Person, other: Person, count: number): Promise<void> {
  await send(one, other, 'the first')
  const conversation = '(select id from conversations where user_a = ?1 and user_b = ?2)'
  const people = [Math.min(one.id, other.id), Math.max(one.id, other.id)]
  await stored(
    `with recursive more(seq) as (select 2 union all select seq + 1 from more where seq < ?3)
     insert into messages (id, conversation_id, sender_id, content, created_at, seq, changed_seq)
     select (select max(id) from messages) + seq, ${conversation}, iif(seq % 2, ?1, ?2), 'message ' || seq, 1 + seq, seq, seq from more`,
    ...people,
    count,
  )
  await stored(
    `insert into changes (conversation_id, seq, kind, user_id, message_id)
     select conversation_id, seq, 'message', sender_id, id from messages where conversation_id = ${conversation} and seq > 1`,
    ...people,
  )
  await stored(
    `update conversations set seq = ?3, messages_count = ?3,
       last_message_id = (select max(id) from messages where conversation_id = conversations.id)
     where user_a = ?1 and user_b = ?2`,
    ...people,
    count,
  )
}

describe('prices', () => {
  it.each([
    // Three rows make the conversation, as below.
    ['the first', 9, {}],
    ['one more', 8, {}],
    ['one with a key', 8, { 'idempotency-key': 'a key' }],
    ['the same again', 8, { 'idempotency-key': 'a key' }],
  ])('a text message, %s: at most 2 calls and %i rows written', async (_, rows, headers) => {
    const { status, cost } = await send(alice, bob, 'hello', headers)
    expect(status).toBe(201)
    expect(cost.calls).toBeGreaterThan(0)
    expect(cost.calls).toBeLessThanOrEqual(2)
    expect(cost.written).toBeLessThanOrEqual(rows)
  })

  it('once for two people, three rows make their conversation', async () => {
    const { cost } = await send(bob, carol, 'hello', { 'idempotency-key': 'the first' })
    expect(cost.calls).toBeLessThanOrEqual(2)
    // The ones are the time stamp of a limit (db/rate-limits.ts) and what the recipient has unread.
    expect(cost.written).toBeLessThanOrEqual(6 + 1 + 1 + 3)
  })

  it.each([10, 5_000])(
    'lists and threads among %i messages: one call, at most 6 rows for each shown and 10',
    async (count) => {
      const [dave, erin] = [await signUp(`dave${count}`), await signUp(`erin${count}`)]
      await fill(dave, erin, count)
      await send(carol, dave, 'another conversation')
      const middle =
        (await dave.get(`/messages/${erin.id}/?page_size=1&before=`)).body.results[0].id - count / 2
      const within = ({ status, cost }: Answer, shown: number) => {
        expect(status).toBe(200)
        expect(cost.calls).toBe(1)
        expect(cost.read).toBeLessThanOrEqual(6 * shown + 10)
      }
      const list = await dave.get('/messages/')
      expect(list.body).toHaveLength(2)
      within(list, 2)
      within(await dave.get('/messages/?search=erin'), 1)
      const path = `/messages/${erin.id}/`
      for (const query of [
        '',
        '?page_size=5',
        '?cursor=',
        '?cursor=&page_size=5',
        '?before=',
        '?before=&page_size=5',
        `?before=${middle}&page_size=5`,
        `?after=${middle}&page_size=5`,
      ]) {
        const page = await dave.get(`${path}${query}`)
        expect(page.body.results.length).toBeGreaterThanOrEqual(Math.min(count, 4))
        within(page, page.body.results.length)
      }
      const { next } = (await dave.get(`${path}?cursor=&page_size=5`)).body
      within(await dave.get(next), 5)
    },
  )

  it('a deletion costs the same in a long conversation', async () => {
    const [dave, erin] = [await signUp('dave'), await signUp('erin')]
    const { body } = await send(dave, erin, 'alone')
    const short = await dave.delete(`/messages/${body.id}/delete/`)
    const [frank, grace] = [await signUp('frank'), await signUp('grace')]
    await fill(frank, grace, 5_000)
    const [newest] = (await frank.get(`/messages/${grace.id}/?before=&page_size=5`)).body.results.filter(
      (message: { is_sender: boolean }) => message.is_sender,
    )
    const long = await frank.delete(`/messages/${newest.id}/delete/`)
    expect([short.status, long.status]).toEqual([204, 204])
    expect(long.cost.read).toBeLessThanOrEqual(short.cost.read + 10)
    expect(long.cost.written).toBe(short.cost.written)
  })
})

describe('500 at once', () => {
  it('500 messages in one order, the same for both and for REST, in few transactions', async () => {
    const sockets = [await listen(alice, bob), await listen(bob, alice)]
    const [begin] = await stored<{ seq: number }>(
      'select seq from conversations where user_a = ? and user_b = ?',
      Math.min(alice.id, bob.id),
      Math.max(alice.id, bob.id),
    )
    const start = begin?.seq ?? 0
    let transactions = 0
    await breakDb(
      conversationOf(alice, bob),
      () => undefined,
      () => {
        transactions += 1
      },
    )
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, i) => (i % 2 ? send(alice, bob, `${i}`) : send(bob, alice, `${i}`))),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    const bySeq = answers.map(({ body }) => body).sort((one, two) => one.seq - two.seq)
    expect(bySeq.map(({ seq }) => seq)).toEqual(Array.from({ length: 500 }, (_, i) => start + 1 + i))
    expect(new Set(bySeq.map(({ content }) => content)).size).toBe(500)
    const order = bySeq.map(({ id }) => id)
    expect([...order].sort((one, two) => one - two)).toEqual(order)
    for (const socket of sockets) {
      await socket.until('message', 500)
      expectChain(socket.changes(), start)
      expect(socket.all('message').map(({ message }) => message.id)).toEqual(order)
    }
    for (const [person, other] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const { body } = await person.get(`/messages/${other.id}/?before=`)
      expect(body.results.map(({ id }: { id: number }) => id)).toEqual(order)
    }
    console.log(`500 concurrent sends: ${transactions} transactions`)
    expect(transactions).toBeLessThanOrEqual(100)
  })
})
