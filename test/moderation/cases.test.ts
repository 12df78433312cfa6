import { beforeAll, describe, expect, it } from 'vitest'
import { KEPT_VALUES } from '../../src/db/kept'
import { type Answer, anyone, type Person, stored } from '../client'
import { FORBIDDEN, ISO, idsOf, NOT_FOUND, NOT_SIGNED_IN, UNKNOWN } from '../fixtures/answers'
import { createComment, createPost, like, sendMessage, signUpCast } from '../fixtures/factories'
import { file, freshPng } from '../fixtures/uploads'
import { act, signUpStaff } from './staff'

const { alice, bob, carol } = await signUpCast()
const mona = await signUpStaff('mona', 'moderator')
const mike = await signUpStaff('mike', 'moderator')
const anna = await signUpStaff('anna', 'admin')

const log = () => stored('select * from moderation_actions order by id')
const WORDS = { reason: 'spam', text: 'We are no marketplace.' }

/** A case of a post of Alice's, reported by Bob. */
async function reported() {
  const post = await createPost(alice, { title: 'Cheap pills', image: file(freshPng()) })
  await bob.post('/reports/', { post: post.id, category: 'spam', text: 'An advertisement.' })
  const [found] = await stored<{ id: number }>(
    "select id from cases where kind = 'post' and subject_id = ?",
    post.id,
  )
  const id = found?.id ?? 0
  return { post, id, path: `/moderation/cases/${id}/` }
}

describe('who may', () => {
  let path: string
  beforeAll(async () => {
    path = (await reported()).path
  })
  const calls = (who: {
    get: Person['get']
    post: Person['post']
    patch: Person['patch']
  }): Promise<Answer>[] => [
    who.get('/moderation/cases/'),
    who.get('/moderation/cases/?state=nonsense'),
    who.post('/moderation/cases/', { profile: bob.id }),
    who.post('/moderation/cases/', {}),
    who.get(path),
    who.get(`/moderation/cases/${UNKNOWN}/`),
    who.patch(path, { state: 'claimed' }),
    who.patch(path, { state: 'nonsense' }),
    who.post(`${path}actions/`, { action: 'hide', ...WORDS }),
    who.post(`${path}actions/`, {}),
    who.get('/moderation/log/'),
  ]

  it('nobody who is not signed in', async () => {
    for (const { status, body } of await Promise.all(calls(anyone)))
      expect([status, body]).toEqual([401, NOT_SIGNED_IN])
  })

  it('nobody without a role, whatever they ask for and however wrongly', async () => {
    for (const { status, body } of await Promise.all(calls(alice)))
      expect([status, body]).toEqual([403, FORBIDDEN])
    expect(await log()).toEqual([])
  })

  it('moderators; from when they have the role to when they have not', async () => {
    for (const { status } of await Promise.all(calls(mona))) expect(status).not.toBe(403)
    await stored('update users set role = null where id = ?', mike.id)
    expect((await mike.get('/moderation/cases/')).status).toBe(403)
    await stored("update users set role = 'moderator' where id = ?", mike.id)
    expect((await mike.get('/moderation/cases/')).status).toBe(200)
  })

  it('nobody about themselves, and only admins about staff', async () => {
    const { id } = await createPost(mike)
    const opened = await anna.post('/moderation/cases/', { post: id })
    const about = `/moderation/cases/${opened.body.id}/`
    const before = await log()
    for (const who of [mona, mike]) {
      expect((await who.get(about)).body).toEqual(FORBIDDEN)
      expect((await who.patch(about, { state: 'closed' })).body).toEqual(FORBIDDEN)
      expect((await who.post(`${about}actions/`, { action: 'hide', ...WORDS })).body).toEqual(FORBIDDEN)
      expect(idsOf(await who.get('/moderation/cases/'))).not.toContain(opened.body.id)
      expect((await who.post('/moderation/cases/', { post: id })).body).toEqual(FORBIDDEN)
      expect((await who.post('/moderation/cases/', { profile: mike.id })).body).toEqual(FORBIDDEN)
    }
    expect(await log()).toEqual(before)
    expect(idsOf(await anna.get('/moderation/cases/'))).toContain(opened.body.id)
    expect((await anna.post(`${about}actions/`, { action: 'hide', ...WORDS })).status).toBe(201)
  })
})

describe('a case', () => {
  it('shows the thing, who reported it, and what was done before', async () => {
    const { post, id, path } = await reported()
    await act(mona, { profile: alice.id }, 'warn', WORDS)
    const { status, body, cost } = await mona.get(path)
    expect(status).toBe(200)
    expect(cost.calls).toBe(1)
    expect(body).toMatchObject({
      id,
      kind: 'post',
      subject: post.id,
      author: { id: alice.id, username: 'alice' },
      author_role: null,
      state: 'open',
      claimed_by: null,
      reports_count: 1,
      is_appealed: false,
      opened: expect.stringMatching(ISO),
      closed: null,
      thing: { title: 'Cheap pills', image: post.image, is_hidden: false },
      messages: [],
      reports: [
        {
          reporter: { id: bob.id, username: 'bob' },
          category: 'spam',
          text: 'An advertisement.',
          evidence: null,
        },
      ],
      entries: [],
      appeals: [],
    })
    expect(body.history[0]).toMatchObject({ action: 'warn', actor: 'mona', ...WORDS })
    expect(body.other_cases[0]).toMatchObject({ kind: 'profile', subject: alice.id })
    expect((await mona.get(`/moderation/cases/${UNKNOWN}/`)).body).toEqual(NOT_FOUND)
  })

  it('cases are listed oldest first, by state and by kind', async () => {
    const [one, two] = [await reported(), await reported()]
    const { id: comment } = await createComment(alice, one.post.id)
    await carol.post('/reports/', { comment, category: 'hate' })
    const open = idsOf(await mona.get('/moderation/cases/?page_size=100'))
    expect(open).toEqual(open.toSorted((a, b) => a - b))
    expect(open).toEqual(expect.arrayContaining([one.id, two.id]))
    const comments = await mona.get('/moderation/cases/?kind=comment')
    expect(comments.body.results).toMatchObject([{ kind: 'comment', subject: comment }])
    await mona.patch(one.path, { state: 'claimed' })
    expect(idsOf(await mona.get('/moderation/cases/?state=claimed'))).toContain(one.id)
    expect(idsOf(await mona.get('/moderation/cases/?page_size=100'))).not.toContain(one.id)
    expect((await mona.get('/moderation/cases/?state=lost')).body).toEqual({
      state: ['Select a valid choice. That choice is not one of the available choices.'],
    })
  })

  it('is claimed, let go and closed, each noted once', async () => {
    const { id, path } = await reported()
    for (const [state, claimed_by, action] of [
      ['claimed', 'mona', 'claim'],
      ['open', null, 'release'],
      ['closed', 'mona', 'close'],
    ]) {
      for (let i = 0; i < 2; i++) {
        const { status, body } = await mona.patch(path, { state })
        expect([status, body.state, body.claimed_by]).toEqual([200, state, claimed_by])
      }
      const entries = await stored(
        'select action from moderation_actions where case_id = ? and action = ?',
        id,
        action,
      )
      expect(entries).toHaveLength(1)
    }
    expect((await mona.patch(path, { state: 'lost' })).status).toBe(400)
    expect((await mona.patch(`/moderation/cases/${UNKNOWN}/`, { state: 'open' })).status).toBe(404)
  })

  it('of a message has its surroundings, and each reading of them is noted', async () => {
    const before = await sendMessage(bob, alice, { content: 'Before' })
    const mean = await sendMessage(alice, bob, { content: 'Mean' })
    await sendMessage(bob, alice, { content: 'After' })
    await sendMessage(carol, alice, { content: 'Nobody reads this' })
    await bob.post('/reports/', { message: mean.id, category: 'harassment' })
    const [found] = await stored("select id from cases where kind = 'message'")
    const path = `/moderation/cases/${found?.id}/`
    const count = await log()
    const { body } = await mona.get(path)
    expect(body.messages.map(({ content }: { content: string }) => content)).toEqual([
      'Before',
      'Mean',
      'After',
    ])
    expect(body.messages[0]).toMatchObject({ id: before.id, sender: bob.id })
    expect(body.reports).toMatchObject([{ evidence: 'Mean' }])
    const entries = (await log()).slice(count.length)
    expect(entries).toMatchObject([
      { action: 'read', actor_id: mona.id, user_id: alice.id, case_id: found?.id, is_notice: 0 },
    ])
    await bob.post('/reports/', { conversation: alice.id, category: 'harassment' })
    const [conversation] = await stored("select id from cases where kind = 'conversation'")
    const whole = await mona.get(`/moderation/cases/${conversation?.id}/`)
    expect(whole.body.messages).toHaveLength(3)
    expect(whole.body.author.id).toBe(alice.id)
    expect(await log()).toHaveLength(count.length + 2)
    expect((await mona.post('/moderation/cases/', { message: before.id })).status).toBe(400)
  })
})

describe('what is hidden', () => {
  it('a post is nowhere, to nobody, from that moment, and counts nowhere; then it is back as it was', async () => {
    const { post, id, path } = await reported()
    const { id: comment } = await createComment(bob, post.id)
    const { id: liked } = await like(bob, post.id)
    await bob.post('/followers/', { followed: alice.id })
    const everywhere = [
      '/posts/?page_size=100',
      '/posts/?search=cheap',
      `/posts/?owner=${alice.id}`,
      `/posts/?liked=${bob.id}`,
      `/posts/?followed=${bob.id}`,
      `/posts/?followed=${bob.id}&ordering=-likes_count`,
      '/posts/?ordering=-likes_count',
      '/posts/?ordering=title',
    ]
    const others = [
      ['/comments/', comment],
      ['/likes/', liked],
      [`/likes/?owner=${bob.id}`, liked],
    ] as const
    const see = async (who: Pick<Person, 'get'>) => ({
      lists: await Promise.all(everywhere.map(async (list) => idsOf(await who.get(list)).includes(post.id))),
      about: await Promise.all(others.map(async ([list, id]) => idsOf(await who.get(list)).includes(id))),
      details: await Promise.all(
        [`/posts/${post.id}/`, `/comments/${comment}/`, `/likes/${liked}/`].map(
          async (one) => (await who.get(one)).status,
        ),
      ),
      of: (await who.get(`/comments/?post=${post.id}`)).status,
    })
    const shown = {
      lists: everywhere.map(() => true),
      about: others.map(() => true),
      details: [200, 200, 200],
      of: 200,
    }
    const gone = {
      lists: everywhere.map(() => false),
      about: others.map(() => false),
      details: [404, 404, 404],
      of: 400,
    }
    const profile = async () => (await anyone.get(`/profiles/${alice.id}/`)).body
    const counts = async () => [
      (await profile()).posts_count,
      (await anyone.get('/posts/')).body.count,
      (await profile()).posts.includes(post.image),
    ]
    const [mine, all] = await counts()
    for (const who of [anyone, alice, bob, mona]) expect(await see(who)).toEqual(shown)

    expect((await mona.post(`${path}actions/`, { action: 'hide', ...WORDS })).status).toBe(201)
    for (const who of [anyone, alice, bob, mona]) expect(await see(who)).toEqual(gone)
    expect(await counts()).toEqual([mine - 1, all - 1, false])
    expect((await mona.get(path)).body.thing).toMatchObject({ title: 'Cheap pills', is_hidden: true })
    for (const who of [alice, bob]) {
      expect((await who.patch(`/posts/${post.id}/`, { title: 'x' })).status).toBe(404)
      expect((await who.patch(`/posts/${post.id}/`, { title: '' })).status).toBe(404)
      expect((await who.delete(`/posts/${post.id}/`)).status).toBe(404)
      expect((await who.post('/likes/', { post: post.id })).status).toBe(400)
      expect((await who.post('/comments/', { post: post.id, content: 'x' })).status).toBe(400)
      expect((await who.post('/comments/', { post: post.id, content: '' })).body.post).toBeDefined()
      expect((await who.post('/reports/', { post: post.id, category: 'spam' })).status).toBe(400)
    }
    expect(await stored('select title from posts where id = ?', post.id)).toEqual([{ title: 'Cheap pills' }])

    expect(
      (await mona.post(`${path}actions/`, { action: 'restore', reason: 'mistake', text: 'Sorry.' })).status,
    ).toBe(201)
    for (const who of [anyone, alice, bob, mona]) expect(await see(who)).toEqual(shown)
    expect(await counts()).toEqual([mine, all, true])
    expect((await stored('select action from moderation_actions where case_id = ?', id)).length).toBe(2)
  })

  it('a comment is nowhere either, and its post counts without it', async () => {
    const { id: post } = await createPost(bob)
    const { id } = await createComment(alice, post)
    const count = async () => (await anyone.get(`/posts/${post}/`)).body.comments_count
    await act(mona, { comment: id }, 'hide')
    for (const who of [anyone, alice, bob, mona]) {
      expect((await who.get(`/comments/${id}/`)).status).toBe(404)
      expect((await who.get(`/comments/?post=${post}`)).body).toMatchObject({ count: 0, results: [] })
    }
    expect((await alice.patch(`/comments/${id}/`, { content: 'x' })).status).toBe(404)
    expect((await alice.delete(`/comments/${id}/`)).status).toBe(404)
    expect(await count()).toBe(0)
    await act(mona, { profile: alice.id }, 'warn')
    const [found] = await stored("select id from cases where kind = 'comment' and subject_id = ?", id)
    await mona.post(`/moderation/cases/${found?.id}/actions/`, { action: 'restore', ...WORDS })
    expect((await anyone.get(`/comments/${id}/`)).status).toBe(200)
    expect(await count()).toBe(1)
  })

  it('an action has a reason and words, and is one for this kind of thing', async () => {
    const { path } = await reported()
    const { body: profile } = await mona.post('/moderation/cases/', { profile: carol.id })
    const before = await log()
    for (const [body, wrong] of [
      [{}, ['action', 'reason', 'text']],
      [{ action: 'praise', ...WORDS }, ['action']],
      [{ action: 'hide', reason: 'dull', text: 'x' }, ['reason']],
      [{ action: 'hide', reason: 'spam', text: ' ' }, ['text']],
    ] as const)
      expect(Object.keys((await mona.post(`${path}actions/`, body)).body)).toEqual(wrong)
    const refused = await mona.post(`/moderation/cases/${profile.id}/actions/`, { action: 'hide', ...WORDS })
    expect([refused.status, refused.body]).toEqual([400, { action: ['That is not done to a profile.'] }])
    expect(
      (await mona.post(`/moderation/cases/${UNKNOWN}/actions/`, { action: 'hide', ...WORDS })).status,
    ).toBe(404)
    expect(await log()).toEqual(before)
  })
})

it('the log is read by staff, newest first, and nobody changes or deletes what is in it', async () => {
  const { entry } = await act(mona, { profile: bob.id }, 'warn', WORDS)
  const { body } = await mike.get('/moderation/log/')
  expect(body.count).toBe((await log()).length)
  expect(body.results[0]).toEqual({
    id: entry.id,
    actor: 'mona',
    action: 'warn',
    case: expect.any(Number),
    person: { id: bob.id, username: 'bob' },
    kind: 'profile',
    subject: bob.id,
    ...WORDS,
    until: null,
    created: expect.stringMatching(ISO),
  })
  for (const statement of ["update moderation_actions set text = ''", 'delete from moderation_actions'])
    await expect(stored(statement)).rejects.toThrow('only added to')
})

it.each(KEPT_VALUES)('after all this $name is true', async ({ differences }) => {
  expect(await stored(differences)).toEqual([])
})
