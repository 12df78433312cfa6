import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { KEPT_VALUES } from '../../src/db/kept'
import worker from '../../src/index'
import { AUTH, logIn } from '../auth-helpers'
import { anyone, PASSWORD, type Person, signUp, stored } from '../client'
import { FORBIDDEN, ISO, idsOf, NOT_FOUND, NOT_SIGNED_IN, UNKNOWN } from '../fixtures/answers'
import { createComment, createPost, follow, like, sendMessage, signUpCast } from '../fixtures/factories'
import { listen } from '../sockets'
import { act, signUpStaff } from './staff'

const { alice, bob, carol } = await signUpCast()
const mona = await signUpStaff('mona', 'moderator')
const anna = await signUpStaff('anna', 'admin')
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
const WORDS = { reason: 'harassment', text: 'Leave people alone.' }

/** Whom nobody sees: no list, search, count or detail has them. */
async function isGone(person: Person, post: number): Promise<boolean> {
  const found = [
    (await bob.get(`/profiles/${person.id}/`)).status === 404,
    (await bob.get(`/users/${person.id}/`)).status === 404,
    (await bob.get(`/posts/${post}/`)).status === 404,
    !idsOf(await bob.get('/posts/?page_size=100')).includes(post),
    !idsOf(await bob.get(`/posts/?followed=${bob.id}`)).includes(post),
    !idsOf(await bob.get('/profiles/')).includes(person.id),
    (await bob.post('/likes/', { post })).status === 400,
    (await bob.post(`/messages/${person.id}/send/`, { content: 'x' })).status === 400,
  ]
  expect(new Set(found).size, JSON.stringify(found)).toBe(1)
  return found[0] ?? false
}

describe('suspended', () => {
  it('signed out, hidden and silent at once, everywhere; then back as before', async () => {
    const dave = await signUp('dave')
    const { id: post } = await createPost(dave)
    await follow(bob, dave)
    const users = async () => (await bob.get('/users/')).body.count
    const before = await users()
    await sendMessage(dave, bob)
    const socket = await listen(dave, bob)
    await socket.until('ready')

    for (const until of [undefined, 'tomorrow', inDays(-1), inDays(4_000)]) {
      const { body } = await mona.post('/moderation/cases/', { profile: dave.id })
      const refused = await mona.post(`/moderation/cases/${body.id}/actions/`, {
        action: 'suspend',
        until,
        ...WORDS,
      })
      expect([refused.status, Object.keys(refused.body)]).toEqual([400, ['until']])
    }
    expect((await dave.get('/dj-rest-auth/user/')).status).toBe(200)

    const until = inDays(7)
    const { entry, id } = await act(mona, { profile: dave.id }, 'suspend', { ...WORDS, until })
    expect(entry.until).toBe(until)
    expect(await socket.closed).toMatchObject({ code: 4401 })
    expect(await dave.get('/dj-rest-auth/user/')).toMatchObject({
      status: 401,
      body: { code: 'user_inactive' },
    })
    const login = await anyone.post(`${AUTH}/login/`, { username: 'dave', password: PASSWORD })
    expect([login.status, login.body]).toEqual([
      400,
      {
        non_field_errors: [`This account is suspended until ${until}.`],
        notices_token: [expect.any(String)],
      },
    ])
    expect((await anyone.post(`${AUTH}/token/refresh/`, { refresh: dave.refresh })).status).toBe(401)
    expect((await anyone.post(`${AUTH}/token/verify/`, { token: dave.access })).status).toBe(401)
    expect(await isGone(dave, post)).toBe(true)
    expect(await users()).toBe(before - 1)
    expect((await mona.get(`/moderation/cases/${id}/`)).body.author_suspended_until).toBe(until)

    await act(mona, { profile: carol.id }, 'warn')
    await mona.post(`/moderation/cases/${id}/actions/`, { action: 'unsuspend', ...WORDS })
    await logIn(dave)
    expect(await isGone(dave, post)).toBe(false)
    expect(await users()).toBe(before)
  })

  it('ends by itself; a ban does not, until it is taken back', async () => {
    const erin = await signUp('erin')
    const { id: post } = await createPost(erin)
    const { id } = await act(mona, { profile: erin.id }, 'suspend', { ...WORDS, until: inDays(1) })
    await stored('update suspended_accounts set until = 1 where user_id = ?', erin.id)
    await logIn(erin)
    expect((await bob.get(`/posts/${post}/`)).status).toBe(200)
    await worker.scheduled(createScheduledController(), env)
    expect(await stored('select * from suspended_accounts where user_id = ?', erin.id)).toEqual([])

    const path = `/moderation/cases/${id}/actions/`
    await mona.post(path, { action: 'ban', ...WORDS })
    expect((await mona.get(`/moderation/people/${erin.id}/`)).body.suspended_until).toMatch(/^9999/)
    await worker.scheduled(createScheduledController(), env)
    expect((await anyone.post(`${AUTH}/login/`, { username: 'erin', password: PASSWORD })).status).toBe(400)
    expect((await bob.get(`/posts/${post}/`)).status).toBe(404)
    await mona.post(path, { action: 'unban', ...WORDS })
    await logIn(erin)
    expect((await bob.get(`/posts/${post}/`)).status).toBe(200)
  })
})

it('silenced: out of lists of all, and there for whoever asks', async () => {
  const fred = await signUp('fred')
  const { id: post } = await createPost(fred, { title: 'Fred speaks' })
  const { id: comment } = await createComment(fred, post)
  await follow(bob, fred)
  await like(bob, post)
  const unasked = async () => [
    ...(await Promise.all(
      ['', '?search=speaks', '?ordering=-likes_count', '?ordering=title'].map(async (query) =>
        idsOf(await bob.get(`/posts/${query}`)).includes(post),
      ),
    )),
    ...(await Promise.all(
      ['', '?ordering=-posts_count', '?ordering=title'].map(async (query) =>
        idsOf(await bob.get(`/profiles/${query}`)).includes(fred.id),
      ),
    )),
    idsOf(await bob.get('/profiles/most_followed/')).includes(fred.id),
    idsOf(await bob.get('/comments/')).includes(comment),
  ]
  const asked = async () => [
    (await bob.get(`/posts/${post}/`)).status === 200,
    (await bob.get(`/profiles/${fred.id}/`)).status === 200,
    ...(await Promise.all(
      [`?owner=${fred.id}`, `?followed=${bob.id}`, `?liked=${bob.id}`].map(async (query) =>
        idsOf(await bob.get(`/posts/${query}`)).includes(post),
      ),
    )),
    idsOf(await bob.get(`/comments/?post=${post}`)).includes(comment),
    idsOf(await bob.get(`/profiles/?owner__followed__owner__profile=${bob.id}`)).includes(fred.id),
  ]
  const all = (list: boolean[], value: boolean) =>
    expect(new Set(list), JSON.stringify(list)).toEqual(new Set([value]))
  all(await unasked(), true)
  const { id } = await act(mona, { post }, 'silence', WORDS)
  all(await unasked(), false)
  all(await asked(), true)
  expect((await mona.get(`/moderation/cases/${id}/`)).body.author_is_silenced).toBe(true)
  await mona.post(`/moderation/cases/${id}/actions/`, { action: 'unsilence', ...WORDS })
  all(await unasked(), true)
})

it('a post is marked as sensitive, and unmarked, by moderators alone', async () => {
  const { id: post, is_sensitive } = await createPost(alice)
  expect(is_sensitive).toBe(false)
  const shown = async () => (await anyone.get(`/posts/${post}/`)).body.is_sensitive
  const { id } = await act(mona, { post }, 'mark_sensitive', { reason: 'sexual', text: 'Not for everybody.' })
  expect(await shown()).toBe(true)
  await alice.patch(`/posts/${post}/`, { is_sensitive: false })
  expect(await shown()).toBe(true)
  await mona.post(`/moderation/cases/${id}/actions/`, { action: 'unmark_sensitive', ...WORDS })
  expect(await shown()).toBe(false)
})

it('what is deleted is hidden at once, can be had back, and is erased after thirty days', async () => {
  const { id: post } = await createPost(alice)
  const { id: comment } = await createComment(bob, post)
  const { id } = await act(mona, { post }, 'delete', WORDS)
  expect((await anyone.get(`/posts/${post}/`)).status).toBe(404)
  expect((await mona.get(`/moderation/cases/${id}/`)).body.thing.erased_at).toMatch(ISO)
  await mona.post(`/moderation/cases/${id}/actions/`, { action: 'restore', ...WORDS })
  expect((await anyone.get(`/posts/${post}/`)).status).toBe(200)

  await mona.post(`/moderation/cases/${id}/actions/`, { action: 'delete', ...WORDS })
  await worker.scheduled(createScheduledController(), env)
  expect(await stored('select id from posts where id = ?', post)).toHaveLength(1)
  await stored('update hidden_posts set erase_at = 1 where post_id = ?', post)
  await worker.scheduled(createScheduledController(), env)
  for (const [table, row] of [
    ['posts', post],
    ['comments', comment],
  ] as const)
    expect(await stored(`select id from ${table} where id = ?`, row)).toEqual([])
  expect(await stored('select * from hidden_posts where post_id = ?', post)).toEqual([])
  expect((await mona.get(`/moderation/cases/${id}/`)).body.thing).toBeNull()
})

describe('/moderation/people/', () => {
  it('is for staff', async () => {
    for (const path of ['/moderation/people/', `/moderation/people/${bob.id}/`]) {
      expect((await anyone.get(path)).body).toEqual(NOT_SIGNED_IN)
      expect((await alice.get(path)).body).toEqual(FORBIDDEN)
    }
    expect((await alice.delete(`/moderation/people/${bob.id}/sessions/`)).body).toEqual(FORBIDDEN)
    for (const who of [alice, mona]) {
      for (const body of [{ role: 'moderator' }, {}])
        expect((await who.patch(`/moderation/people/${bob.id}/`, body)).body).toEqual(FORBIDDEN)
    }
    expect(await stored('select role from users where id = ?', bob.id)).toEqual([{ role: null }])
  })

  it('finds people by how their names begin', async () => {
    const names = async (search: string) =>
      (await mona.get(`/moderation/people/?search=${search}`)).body.results.map(
        ({ username }: Person) => username,
      )
    expect(await names('AL')).toEqual(['alice'])
    expect(await names('nobody')).toEqual([])
    expect((await names('')).slice(0, 3)).toEqual(['alice', 'anna', 'bob'])
  })

  it('shows where somebody is signed in, and signs them out', async () => {
    const gina = await signUp('gina')
    const { body } = await mona.get(`/moderation/people/${gina.id}/`)
    expect(body).toMatchObject({
      id: gina.id,
      role: null,
      is_silenced: false,
      suspended_until: null,
      is_deleted: false,
    })
    expect(body.sessions).toHaveLength(1)
    expect((await mona.delete(`/moderation/people/${gina.id}/sessions/`)).status).toBe(204)
    expect((await gina.get('/dj-rest-auth/user/')).status).toBe(401)
    expect((await mona.get(`/moderation/people/${gina.id}/`)).body).toMatchObject({
      sessions: [],
      entries: [{ action: 'sign_out', actor: 'mona' }],
    })
    await logIn(gina)
    expect((await mona.get(`/moderation/people/${UNKNOWN}/`)).body).toEqual(NOT_FOUND)
    expect((await mona.delete(`/moderation/people/${UNKNOWN}/sessions/`)).status).toBe(404)
  })

  it('ends one session of somebody, and no other', async () => {
    const hugo = await signUp('hugo')
    const phone = await logIn(hugo)
    const sessions = async () => (await mona.get(`/moderation/people/${hugo.id}/`)).body.sessions
    const [newest, oldest] = await sessions()
    const path = `/moderation/people/${hugo.id}/sessions/${newest.id}/`
    expect((await anyone.delete(path)).status).toBe(401)
    expect((await alice.delete(path)).body).toEqual(FORBIDDEN)
    expect((await mona.delete(`/moderation/people/${alice.id}/sessions/${newest.id}/`)).status).toBe(404)
    expect((await mona.delete(path)).status).toBe(204)
    expect((await mona.delete(path)).body).toEqual(NOT_FOUND)
    expect((await sessions()).map(({ id }: { id: string }) => id)).toEqual([oldest.id])
    expect((await hugo.get('/dj-rest-auth/user/')).status).toBe(200)
    expect(phone).toBeDefined()
    expect(
      await stored(
        "select action from moderation_actions where user_id = ? and action = 'sign_out'",
        hugo.id,
      ),
    ).toHaveLength(1)
    const own = (await anna.get(`/moderation/people/${anna.id}/`)).body.sessions[0]
    expect((await mona.delete(`/moderation/people/${anna.id}/sessions/${own.id}/`)).body).toEqual(FORBIDDEN)
  })

  it('an account says which role it has, to itself', async () => {
    expect((await mona.get('/dj-rest-auth/user/')).body.role).toBe('moderator')
    expect((await anna.get('/dj-rest-auth/user/')).body.role).toBe('admin')
    expect((await alice.get('/dj-rest-auth/user/')).body).not.toHaveProperty('role')
  })

  it('admins give roles to others, and moderators have no power over staff', async () => {
    expect((await anna.patch(`/moderation/people/${anna.id}/`, { role: 'none' })).body).toEqual(FORBIDDEN)
    expect((await anna.patch(`/moderation/people/${UNKNOWN}/`, { role: 'none' })).body).toEqual(NOT_FOUND)
    expect((await anna.patch(`/moderation/people/${carol.id}/`, { role: 'king' })).status).toBe(400)
    for (const role of ['moderator', 'none'] as const) {
      const { status, body } = await anna.patch(`/moderation/people/${carol.id}/`, { role })
      expect([status, body.role]).toEqual([200, role === 'none' ? null : role])
      expect((await carol.get('/moderation/cases/')).status).toBe(role === 'none' ? 403 : 200)
    }
    expect((await mona.get(`/moderation/people/${anna.id}/`)).body).toEqual(FORBIDDEN)
    expect((await mona.delete(`/moderation/people/${anna.id}/sessions/`)).body).toEqual(FORBIDDEN)
    expect((await anna.get('/dj-rest-auth/user/')).status).toBe(200)
    const granted = await stored(
      "select text from moderation_actions where action = 'grant_role' and user_id = ?",
      carol.id,
    )
    expect(granted).toEqual([{ text: 'moderator' }, { text: 'none' }])
  })
})

it.each(KEPT_VALUES)('after all this $name is true', async ({ differences }) => {
  expect(await stored(differences)).toEqual([])
})
