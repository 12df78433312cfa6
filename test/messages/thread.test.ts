import { describe, expect, it } from 'vitest'
import { type Answer, deleteByHand, ORIGIN, type Person, signUp, stored } from '../client'
import { DEFAULT_PROFILE } from '../fixtures/answers'
import { signUpCast, signUpPair } from '../fixtures/factories'
import { conversationWith, say, thread } from '../fixtures/messages'

const { alice, bob, carol } = await signUpCast()
const DAY = 86_400_000
const ids = (page: Answer['body']): number[] => page.results.map(({ id }: { id: number }) => id)

describe('GET /messages/:id/', async () => {
  const [one, other] = await signUpPair()
  const all: number[] = []
  for (let i = 0; i < 50; i++) all.push((await say(i % 3 ? one : other, i % 3 ? other : one, `${i}`)).id)
  const path = `/messages/${other.id}/`

  it('is the same for both, oldest first, 500 to a page', async () => {
    const mine = await thread(one, other)
    expect(mine).toMatchObject({ count: 50, next: null, previous: null })
    expect(ids(mine)).toEqual(all)
    expect(ids(await thread(other, one))).toEqual(all)
    expect((await one.get(path)).body.results.map(({ seq }: { seq: number }) => seq)).toEqual(
      all.map((_, i) => i + 1),
    )
  })

  it('is empty with nobody and with oneself, and hidden from others', async () => {
    for (const id of [999_999, one.id, 0]) {
      const answer = await one.get(`/messages/${id}/`)
      expect([answer.status, answer.body]).toEqual([
        200,
        { count: 0, next: null, previous: null, results: [] },
      ])
    }
    expect((await thread(carol, one)).count).toBe(0)
    expect((await thread(carol, other)).count).toBe(0)
  })

  it('has numbered pages, up to 500 a page', async () => {
    const second = await thread(one, other, '?page=2&page_size=20')
    expect(ids(second)).toEqual(all.slice(20, 40))
    expect(second).toMatchObject({
      count: 50,
      next: `${ORIGIN}${path}?page=3&page_size=20`,
      previous: `${ORIGIN}${path}?page_size=20`,
    })
    expect(ids(await thread(one, other, '?page=last&page_size=20'))).toEqual(all.slice(40))
    expect(ids(await thread(one, other, '?page_size=9999'))).toEqual(all)
    for (const page of ['0', '-1', 'x', '2']) {
      const answer = await one.get(`${path}?page=${page}`)
      expect([answer.status, answer.body]).toEqual([404, { detail: 'Invalid page.' }])
    }
  })

  it('has cursors that neither skip nor repeat while messages come and go', async () => {
    const [anna, ben] = await signUpPair()
    const sent = []
    for (let i = 0; i < 9; i++) sent.push((await say(anna, ben, `${i}`)).id)
    const first = await thread(anna, ben, '?cursor=&page_size=3')
    expect([ids(first), first.previous, first.count]).toEqual([sent.slice(0, 3), null, 9])
    await anna.delete(`/messages/${sent[1]}/delete/`)
    await anna.delete(`/messages/${sent[2]}/delete/`)
    const late = await say(ben, anna, 'late')
    const second = (await anna.get(first.next)).body
    expect(ids(second)).toEqual(sent.slice(3, 6))
    const third = (await anna.get(second.next)).body
    const fourth = (await anna.get(third.next)).body
    expect([ids(third), ids(fourth), fourth.next]).toEqual([sent.slice(6, 9), [late.id], null])
    for (const cursor of ['garbage', btoa('["newest",1,1]')]) {
      const answer = await anna.get(`/messages/${ben.id}/?cursor=${cursor}`)
      expect([answer.status, answer.body]).toEqual([400, { cursor: ['Invalid cursor.'] }])
    }
  })

  it('can be walked from its end to its beginning and back', async () => {
    let page = await thread(one, other, '?before=&page_size=7')
    expect(ids(page)).toEqual(all.slice(-7))
    expect([page.next, page.count]).toEqual([null, 50])
    const back = [ids(page)]
    while (page.previous) {
      expect(page.previous).toMatch(/^http:\/\/api\.test\/messages\/\d+\/\?before=\d+&page_size=7$/)
      page = (await one.get(page.previous)).body
      back.unshift(ids(page))
    }
    expect(back.flat()).toEqual(all)
    expect(back.map(({ length }) => length)).toEqual([1, 7, 7, 7, 7, 7, 7, 7])
    const forth = [ids(page)]
    while (page.next) {
      page = (await one.get(page.next)).body
      forth.push(ids(page))
    }
    expect(forth.flat()).toEqual(all)
    expect(page.previous).not.toBeNull()
  })

  it('goes on from a message, also from one that is gone, in both directions', async () => {
    const [anna, ben] = await signUpPair()
    const sent: number[] = []
    for (let i = 0; i < 5; i++) sent.push((await say(anna, ben, `${i}`)).id)
    await anna.delete(`/messages/${sent[2]}/delete/`)
    expect(ids(await thread(anna, ben, `?before=${sent[2]}`))).toEqual(sent.slice(0, 2))
    expect(ids(await thread(anna, ben, `?after=${sent[2]}`))).toEqual(sent.slice(3))
    expect(ids(await thread(anna, ben, `?after=${sent[4]}`))).toEqual([])
    expect(ids(await thread(anna, ben, `?before=${sent[0]}`))).toEqual([])
    expect(ids(await thread(anna, ben, `?after=${sent[0]}&before=${sent[4]}`))).toEqual([sent[1], sent[3]])
    expect(ids(await thread(anna, ben, '?after=0'))).toHaveLength(4)
    for (const name of ['before', 'after']) {
      const answer = await anna.get(`/messages/${ben.id}/?${name}=x`)
      expect([answer.status, answer.body]).toEqual([400, { [name]: ['A valid integer is required.'] }])
    }
  })
})

describe('POST /messages/:id/read/', () => {
  const read = (viewer: Person, other: { id: number }, up_to: unknown) =>
    viewer.post(`/messages/${other.id}/read/`, { up_to })
  const readFlags = async (viewer: Person, other: Person) =>
    (await thread(viewer, other)).results.map((message: { read: boolean }) => message.read)

  it('marks what the other sent, up to there, for both to see; fetching marks nothing', async () => {
    const [one, other] = await signUpPair()
    for (const content of ['1', '2', '3']) await say(one, other, content)
    await say(other, one, '4')
    await thread(other, one)
    expect(await readFlags(one, other)).toEqual([false, false, false, false])
    const answer = await read(other, one, 2)
    expect([answer.status, answer.body]).toEqual([200, { unread_count: 1 }])
    for (const [viewer, peer] of [
      [one, other],
      [other, one],
    ] as const)
      expect(await readFlags(viewer, peer)).toEqual([true, true, false, false])
    expect((await read(one, other, 4)).body).toEqual({ unread_count: 0 })
    expect(await readFlags(one, other)).toEqual([true, true, false, true])
  })

  it('never moves backward, nor beyond what there is', async () => {
    const [one, other] = await signUpPair()
    for (const content of ['1', '2', '3']) await say(one, other, content)
    expect((await read(other, one, 2)).body).toEqual({ unread_count: 1 })
    expect((await read(other, one, 1)).body).toEqual({ unread_count: 1 })
    expect((await read(other, one, 0)).body).toEqual({ unread_count: 1 })
    expect(await readFlags(one, other)).toEqual([true, true, false])
    expect((await read(other, one, 1_000_000)).body).toEqual({ unread_count: 0 })
    await say(one, other, 'later')
    expect(await readFlags(one, other)).toEqual([true, true, true, false])
    expect(await conversationWith(other, one)).toMatchObject({ unread_count: 1 })
  })

  it('changes nothing where nothing is unread', async () => {
    const [one, other] = await signUpPair()
    await say(one, other, '1')
    const log = () =>
      stored('select kind from changes join conversations on id = conversation_id where user_a = ?', one.id)
    await read(one, other, 1)
    expect(await log()).toHaveLength(1)
    await read(other, one, 1)
    for (const upTo of [1, 2, 3, 99]) expect((await read(other, one, upTo)).body).toEqual({ unread_count: 0 })
    expect(await log()).toEqual([{ kind: 'message' }, { kind: 'read' }])
  })

  it('50 at once are one change', async () => {
    const [one, other] = await signUpPair()
    await say(one, other, '1')
    const answers = await Promise.all(Array.from({ length: 50 }, () => read(other, one, 1)))
    for (const { body } of answers) expect(body).toEqual({ unread_count: 0 })
    expect(await conversationWith(one, other)).toMatchObject({ seq: 2 })
  })

  it('takes forms and digits, like every write', async () => {
    const [one, other] = await signUpPair()
    for (const content of ['1', '2', '3']) await say(one, other, content)
    const asForm = await other.post(`/messages/${one.id}/read/`, new URLSearchParams({ up_to: '1' }))
    expect([asForm.status, asForm.body]).toEqual([200, { unread_count: 2 }])
    expect((await read(other, one, '2')).body).toEqual({ unread_count: 1 })
    const missing = await other.post(`/messages/${one.id}/read/`, {})
    expect(missing.body).toEqual({ up_to: ['This field is required.'] })
  })

  it('with nobody, oneself, or who has said nothing: 0', async () => {
    for (const id of [999_999, alice.id, (await signUp('silent')).id])
      expect(await read(alice, { id }, 5)).toMatchObject({ status: 200, body: { unread_count: 0 } })
  })

  it.each([
    ['missing', undefined],
    ['text', 'x'],
    ['negative', -1],
    ['a fraction', 1.5],
    ['null', null],
  ])('refuses an up_to that is %s', async (_, upTo) => {
    const answer = await read(alice, bob, upTo)
    expect([answer.status, Object.keys(answer.body)]).toEqual([400, ['up_to']])
    expect(answer.body.up_to).toEqual([expect.any(String)])
  })
})

describe('is_sender (IsSenderFieldTests)', () => {
  it('is true for who sent it only', async () => {
    const [one, other] = await signUpPair()
    const sent = await say(one, other, 'x')
    expect(sent).toMatchObject({ is_sender: true, sender: one.id, recipient: other.id })
    const flags = async (viewer: Person, peer: Person) =>
      (await thread(viewer, peer)).results.map((message: { is_sender: boolean }) => message.is_sender)
    await say(other, one, 'y')
    expect([await flags(one, other), await flags(other, one)]).toEqual([
      [true, false],
      [false, true],
    ])
    const edited = await one.patch(`/messages/${sent.id}/update/`, { content: 'z' })
    expect(edited.body.is_sender).toBe(true)
  })
})

describe('a message, as it is shown (MessageSerializerTests)', () => {
  it('has these fields and no others', async () => {
    const [one, other] = await signUpPair()
    const body = await say(one, other, 'hello')
    expect(body).toEqual({
      id: expect.any(Number),
      sender: one.id,
      recipient: other.id,
      content: 'hello',
      image: null,
      image_width: null,
      image_height: null,
      image_thumbhash: null,
      date: expect.stringMatching(/^\d\d [A-Z][a-z]{2} \d{4}$/),
      time: expect.stringMatching(/^\d\d:\d\d$/),
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      edited_at: null,
      seq: 1,
      read: false,
      sender_profile_image: DEFAULT_PROFILE,
      recipient_profile_image: DEFAULT_PROFILE,
      is_sender: true,
      last_message: 'hello',
      last_message_time: body.time,
    })
    expect(body.timestamp.slice(11, 16)).toBe(body.time)
    expect((await thread(one, other)).results).toEqual([body])
  })

  it('cuts the last message at 50 characters, as people count them', async () => {
    const [one, other] = await signUpPair()
    for (const [content, shown] of [
      ['x'.repeat(50), 'x'.repeat(50)],
      ['x'.repeat(51), `${'x'.repeat(50)}...`],
      ['😀'.repeat(50), '😀'.repeat(50)],
      ['😀'.repeat(51), `${'😀'.repeat(50)}...`],
    ] as const) {
      expect(await say(one, other, content)).toMatchObject({ content, last_message: shown })
      expect(await conversationWith(other, one)).toMatchObject({ last_message: shown })
    }
    const page = await thread(one, other)
    expect(new Set(page.results.map((message: { last_message: string }) => message.last_message)).size).toBe(
      1,
    )
  })

  it('tells how long ago the last message was', async () => {
    const [one, other] = await signUpPair()
    const { id } = await say(one, other, 'x')
    const at = async (time: number) => {
      await stored('update messages set created_at = ? where id = ?', time, id)
      const shown = (await conversationWith(one, other)).last_message_time
      expect((await thread(one, other)).results[0].last_message_time).toBe(shown)
      return shown
    }
    const now = Date.now()
    const clock = (time: number) => new Date(time).toISOString().slice(11, 16)
    const day = (time: number, year: boolean) =>
      new Intl.DateTimeFormat('en-GB', {
        timeZone: 'UTC',
        day: '2-digit',
        month: 'short',
        ...(year && { year: 'numeric' }),
      })
        .format(time)
        .replace('Sept', 'Sep')
    expect(await at(now - DAY + 60_000)).toBe(clock(now - DAY + 60_000))
    expect(await at(now - DAY - 1_000)).toBe(day(now - DAY - 1_000, false))
    expect(await at(now - 366 * DAY + 60_000)).toBe(day(now - 366 * DAY + 60_000, false))
    expect(await at(now - 366 * DAY - 1_000)).toBe(day(now - 366 * DAY - 1_000, true))
    expect(await at(Date.UTC(2024, 7, 5, 9, 3))).toBe('05 Aug 2024')
  })
})

describe('a message, as it is stored (MessageModelTests)', () => {
  it('the time is that of sending, whatever happens later; each is not before the one before', async () => {
    const [one, other] = await signUpPair()
    const began = Date.now()
    for (const content of ['1', '2', '3']) await say(one, other, content)
    const { results } = await thread(one, other)
    const times = results.map(({ timestamp }: { timestamp: string }) => Date.parse(timestamp))
    expect(times[0]).toBeGreaterThanOrEqual(began)
    expect([...times].sort((a, b) => a - b)).toEqual(times)
    const edited = await one.patch(`/messages/${results[0].id}/update/`, { content: 'one' })
    expect(edited.body.timestamp).toBe(results[0].timestamp)
    await stored(
      'update messages set created_at = ? where id = ?',
      Date.UTC(2024, 7, 27, 9, 31),
      results[0].id,
    )
    expect((await thread(one, other)).results[0]).toMatchObject({
      date: '27 Aug 2024',
      time: '09:31',
      timestamp: '2024-08-27T09:31:00.000Z',
    })
  })

  it('goes with either of the two', async () => {
    const [one, other] = await signUpPair()
    await say(one, other, 'x')
    await deleteByHand(other.id)
    expect((await one.get('/messages/')).body).toEqual([])
    expect((await thread(one, other)).count).toBe(0)
    expect(await stored('select 1 from messages where sender_id = ?', one.id)).toEqual([])
  })
})
