/** Hiding, deleting and bringing back messages, in the case that reports them and nowhere else. */
import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { eraseAccounts } from '../../src/account/erase'
import { openDb } from '../../src/db/client'
import { KEPT_VALUES } from '../../src/db/kept'
import worker from '../../src/index'
import { eraseSentPiece } from '../../src/messaging/worker/erase-sent'
import { anyone, download, type Person, signUp, stored } from '../client'
import { FORBIDDEN, NOT_SIGNED_IN } from '../fixtures/answers'
import { conversationWith, imageHash, say, show, thread } from '../fixtures/messages'
import { changesWith, openChannel } from '../live/channel'
import { listen } from '../sockets'
import { signUpStaff } from './staff'

const mona = await signUpStaff('mona', 'moderator')
const anna = await signUpStaff('anna', 'admin')
const WORDS = { reason: 'harassment', text: 'Leave people alone.' }
const GONE = { action: ['There is no such message any more.'] }

let casts = 0
/** Two people who write to each other, and the case of what one has said: the middle of three. */
async function world() {
  casts += 1
  const [alice, bob] = [await signUp(`alice${casts}`), await signUp(`bob${casts}`)]
  const first = await say(bob, alice, 'Hello')
  const mean = await show(alice, bob, 'Something mean')
  const last = await say(alice, bob, 'And you know it')
  return { alice, bob, first, mean, last, path: await caseOf(bob, mean.id) }
}

async function caseOf(reporter: Person, message: number): Promise<string> {
  expect((await reporter.post('/reports/', { message, category: 'harassment' })).status).toBe(201)
  const [found] = await stored<{ id: number }>(
    "select id from cases where kind = 'message' and subject_id = ?",
    message,
  )
  return `/moderation/cases/${found?.id}/`
}

const act = (path: string, action: string, who = mona) => who.post(`${path}actions/`, { action, ...WORDS })
const said = async (viewer: Person, other: Person) =>
  (await thread(viewer, other)).results.map(({ content }: { content: string }) => content)
async function allIsTrue() {
  for (const { name, differences } of KEPT_VALUES) expect(await stored(differences), name).toEqual([])
}
const log = (message: number) =>
  stored(
    "select action, actor_id, user_id, text, is_notice from moderation_actions where kind = 'message' and subject_id = ? and action <> 'read'",
    message,
  )

it('is for those who may judge the case, and of reported messages alone', async () => {
  const { alice, bob, mean, path } = await world()
  for (const action of ['hide', 'delete', 'restore']) {
    expect((await act(path, action, anyone as Person)).body).toEqual(NOT_SIGNED_IN)
    for (const who of [alice, bob]) expect((await act(path, action, who)).body).toEqual(FORBIDDEN)
  }
  await stored("update users set role = 'moderator' where id = ?", alice.id)
  for (const who of [mona, alice]) expect((await act(path, 'hide', who)).body).toEqual(FORBIDDEN)
  await stored('update users set role = null where id = ?', alice.id)
  await bob.post('/reports/', { conversation: alice.id, category: 'harassment' })
  const [conversation] = await stored("select id from cases where kind = 'conversation'")
  expect((await act(`/moderation/cases/${conversation?.id}/`, 'hide')).body).toEqual({
    action: ['That is not done to a conversation.'],
  })
  expect(await said(bob, alice)).toContain('Something mean')
  expect(await log(mean.id)).toEqual([])
  expect((await act(path, 'restore')).body).toEqual(GONE)
  expect(await log(mean.id)).toEqual([])
})

it('hidden it is gone for both, sockets are told, and brought back it is as it was', async () => {
  const { alice, bob, first, mean, last, path } = await world()
  const [hers, his] = [await listen(alice, bob), await listen(bob, alice)]
  for (const socket of [hers, his]) await socket.until('ready')
  const list = async (viewer: Person, other: Person) => {
    const { last_message, unread_count } = await conversationWith(viewer, other)
    return { last_message, unread_count }
  }
  const unread = async () => (await bob.get('/notifications/unread/')).body.messages
  expect(await list(bob, alice)).toEqual({ last_message: 'And you know it', unread_count: 2 })
  const before = await thread(bob, alice)

  const hidden = await act(path, 'hide')
  expect([hidden.status, hidden.body]).toMatchObject([201, { action: 'hide', actor: 'mona', ...WORDS }])
  for (const socket of [hers, his]) expect(await socket.until('deleted')).toMatchObject({ id: mean.id })
  for (const [viewer, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    expect(await said(viewer, other)).toEqual(['Hello', 'And you know it'])
    expect((await download(mean.image, viewer.headers)).status).toBe(404)
  }
  expect(await list(bob, alice)).toEqual({ last_message: 'And you know it', unread_count: 1 })
  expect(await unread()).toBe(1)
  expect((await alice.patch(`/messages/${mean.id}/update/`, { content: 'x' })).status).toBe(404)
  expect((await alice.delete(`/messages/${mean.id}/delete/`)).status).toBe(404)
  const { body: judged } = await mona.get(path)
  expect(judged.thing).toMatchObject({ content: 'Something mean', is_hidden: true, erased_at: null })
  expect(judged.messages.map(({ id, is_hidden }: Record<string, unknown>) => [id, is_hidden])).toEqual([
    [first.id, false],
    [mean.id, true],
    [last.id, false],
  ])
  expect((await download(judged.thing.image, mona.headers)).status).toBe(200)
  expect((await alice.get('/moderation/notices/')).body.results[0]).toMatchObject({
    action: 'hide',
    ...WORDS,
  })
  await allIsTrue()

  expect((await act(path, 'restore')).status).toBe(201)
  for (const socket of [hers, his])
    expect((await socket.until('edited')).message).toMatchObject({ id: mean.id, content: 'Something mean' })
  const after = await thread(bob, alice)
  expect(after.results.map((message: object) => ({ ...message, image: null }))).toEqual(
    before.results.map((message: object) => ({ ...message, image: null })),
  )
  expect((await download(after.results[1].image, bob.headers)).status).toBe(200)
  expect(await list(bob, alice)).toEqual({ last_message: 'And you know it', unread_count: 2 })
  expect(await unread()).toBe(2)
  await allIsTrue()
  // Whoever was away has it once, as it is.
  const late = await listen(alice, bob, { since: first.seq })
  await late.until('message', 2)
  expect(
    late
      .all('message')
      .map(({ message }) => message.content)
      .sort(),
  ).toEqual(['And you know it', 'Something mean'])
  expect(await log(mean.id)).toMatchObject([
    { action: 'hide', actor_id: mona.id, user_id: alice.id, is_notice: 1 },
    { action: 'restore', actor_id: mona.id, user_id: alice.id, is_notice: 1 },
  ])
})

it('channels are told to look, but not of whom one of the two blocks', async () => {
  const { alice, bob, mean, last, path } = await world()
  const [hers, his] = [await openChannel(alice), await openChannel(bob)]
  await act(path, 'hide')
  for (const [socket, other] of [
    [hers, bob],
    [his, alice],
  ] as const) {
    await expect
      .poll(() => socket.all('ready').at(-1)?.conversations, { timeout: 10_000 })
      .toEqual([[other.id, last.seq + 1, expect.any(Number)]])
    socket.send({ type: 'replay', to: other.id, since: last.seq })
    await socket.until('replayed')
    expect(changesWith(socket, other)).toMatchObject([{ type: 'deleted', id: mean.id }])
  }
  await bob.post('/blocks/', { blocked: alice.id })
  for (const socket of [hers, his])
    await expect.poll(() => socket.all('ready').at(-1)?.conversations, { timeout: 10_000 }).toEqual([])
  await act(path, 'restore')
  // What comes after it says that nothing came before.
  const dave = await signUp('dave')
  await say(dave, bob, 'Hello')
  await say(dave, alice, 'Hello')
  for (const socket of [hers, his]) {
    await socket.until('conversation', 2)
    expect(JSON.stringify(socket.frames)).not.toContain('Something mean')
  }
  expect([changesWith(hers, bob).length, changesWith(his, alice).length]).toEqual([1, 1])
})

it('the newest one too, also where one of the two blocks the other, or both act at once', async () => {
  const { alice, bob, last } = await world()
  const path = await caseOf(bob, last.id)
  await bob.post('/blocks/', { blocked: alice.id })
  const both = await Promise.all([act(path, 'hide'), act(path, 'hide', anna)])
  expect(both.map(({ status }) => status)).toEqual([201, 201])
  expect(await log(last.id)).toHaveLength(2)
  await bob.delete(`/blocks/${(await bob.get('/blocks/')).body.results[0].id}/`)
  expect((await conversationWith(bob, alice)).last_message).toBe('Something mean')
  await allIsTrue()
  const back = await Promise.all([act(path, 'restore'), act(path, 'restore', anna)])
  expect(back.map(({ status }) => status).sort()).toEqual([201, 400])
  expect((await conversationWith(bob, alice)).last_message).toBe('And you know it')
  await allIsTrue()
  const next = await say(alice, bob, 'Again')
  expect(next.id).toBeGreaterThan(last.id)
})

it('deleted it is erased after thirty days, and can be brought back until then', async () => {
  const { alice, bob, mean, path } = await world()
  const hash = await imageHash(mean.id)
  const evidence = () => stored('update reports set evidence_image = null where evidence_image = ?', hash)
  await act(path, 'hide')
  expect((await act(path, 'delete')).status).toBe(201)
  expect((await mona.get(path)).body.thing.erased_at).not.toBeNull()
  await act(path, 'hide')
  expect((await mona.get(path)).body.thing.erased_at).toBeNull()
  await act(path, 'delete')
  await worker.scheduled(createScheduledController(), env)
  expect((await act(path, 'restore')).status).toBe(201)
  expect(await said(bob, alice)).toContain('Something mean')
  await act(path, 'delete')
  await stored('update hidden_messages set erase_at = 1 where message_id = ?', mean.id)
  expect((await act(path, 'restore')).body).toEqual(GONE)
  await evidence()
  await worker.scheduled(createScheduledController(), env)
  expect(await stored('select * from hidden_messages where message_id = ?', mean.id)).toEqual([])
  expect((await act(path, 'hide')).body).toEqual(GONE)
  expect((await mona.get(path)).body).toMatchObject({
    thing: null,
    reports: [{ evidence: 'Something mean' }],
  })
  await allIsTrue()
})

it('what the two clear stays cleared, and what is of an account goes with it', async () => {
  const one = await world()
  await act(one.path, 'hide')
  await one.bob.delete(`/chats/${one.alice.id}/delete/`)
  expect((await act(one.path, 'restore')).body).toEqual(GONE)
  expect(await said(one.bob, one.alice)).toEqual([])
  await allIsTrue()

  const two = await world()
  await act(two.path, 'hide')
  await stored('insert into deleted_accounts (user_id, deleted_at, erase_at) values (?, 1, 1)', two.alice.id)
  await eraseAccounts(openDb(env.DB, { primary: true }), env, Date.now(), {
    closeSockets: async () => {},
    eraseSentPiece: (piece, onMarked) => eraseSentPiece(env, piece, onMarked),
  })
  expect(await stored('select * from hidden_messages where sender_id = ?', two.alice.id)).toEqual([])
  expect(await said(two.bob, two.alice)).toEqual(['Hello'])
  expect((await act(two.path, 'restore')).body).toEqual(GONE)
  await allIsTrue()
})
