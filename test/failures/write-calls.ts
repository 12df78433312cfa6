/** Every call that writes, by the name of its operation in the OpenAPI document: how it is made, and how to see what it has done. */
import { env } from 'cloudflare:workers'
import { logIn, sha256 } from '../auth-helpers'
import { form, PASSWORD, type Person, signUp, stored } from '../client'
import { createComment, createPost, follow, like, sendMessage } from '../fixtures/factories'
import { say, show } from '../fixtures/messages'
import { file, freshPng } from '../fixtures/uploads'
import { type Listening, listen } from '../sockets'
import type { Asked, Call } from './ask'
import { askOverSocket } from './ask-over-socket'

export interface WriteCall extends Call {
  /** The status where it is done. */
  ok: number
  /** Further statuses of the same call once it is done. */
  again?: number[]
  /** How often it is done. */
  count: () => Promise<number>
  /** Creates another each time, and takes no key: only what was asked for once must not come twice. */
  isRepeated?: true
  /** Takes an Idempotency-Key. */
  isKeyed?: true
  /** Asks in another way than by a request: over a socket. */
  over?: (key: string | undefined) => Promise<Asked>
  /** Whose conversation it changes. */
  conversation?: { one: Person; other: Person; theirs: Listening }
}

/**
 * Operations whose answer promises nothing to be stored: one only reads, the other does its work behind the answer, as how long that takes would tell
 * whose address it is.
 */
export const PROMISE_NOTHING = ['verifyToken', 'resendEmail']

/** Operations of which one row is for all: cases that run at once would undo each other's. */
export const ONE_BY_ONE: ReadonlySet<string> = new Set(['updateSettings'])

let unique = 0
const next = () => `unique-${++unique}`
const people: Person[] = []
const pairs: [Person, Person][] = []

/** Signs up those who write. */
export async function signUpWriters(count: number): Promise<void> {
  people.push(...(await Promise.all(Array.from({ length: count }, (_, i) => signUp(`writer${i}`)))))
  for (const one of people) for (const other of people) if (one.id < other.id) pairs.push([one, other])
}

/** Two people who have had nothing to do with each other. */
function pair(): [Person, Person] {
  const [one, other] = pairs.pop() ?? []
  if (!one || !other) throw new Error('Sign up more writers.')
  return [one, other]
}
/** Somebody who, for the next dozens of calls, is nobody else. */
function writer(): Person {
  const person = people[unique++ % people.length]
  if (!person) throw new Error('Sign up writers.')
  return person
}
/** Somebody whose sessions and password are nobody else's. */
const account = () => signUp(`account${++unique}`, { email: `account${unique}@example.com` })

const rows = async (query: string, ...values: unknown[]) =>
  Number((await stored<{ n: number }>(`select count(*) as n from ${query}`, ...values))[0]?.n)
const has = (table: string, column: string, value: unknown) => () =>
  rows(`${table} where ${column} = ?`, value)
const lacks = (table: string, id: number) => async (): Promise<number> =>
  1 - (await rows(`${table} where id = ?`, id))
const twice = (password: string) => ({ new_password1: password, new_password2: password })
const image = () => file(freshPng())

async function passwordOf({ id }: Person) {
  return (await stored('select password_hash from users where id = ?', id))[0]?.password_hash
}
async function passwordChanges(person: Person) {
  const before = await passwordOf(person)
  return async () => Number((await passwordOf(person)) !== before)
}
/** Another session of somebody. */
async function otherSession(person: Person) {
  const name = (await sha256(next())).slice(0, 16)
  await env.DB.prepare(
    'insert into sessions (jti_hash, user_id, user_agent, created_at, last_used_at, expires_at) values (?1, ?2, ?3, ?4, ?4, ?5)',
  )
    .bind(name.repeat(4), person.id, 'a device', Date.now() - 100_000, Date.now() + 1e9)
    .run()
  return { name, count: () => rows('sessions where jti_hash = ? and revoked_at is not null', name.repeat(4)) }
}

/** Two messages between two people, of whom one listens. */
async function conversation() {
  const [one, other] = pair()
  await say(other, one, 'theirs')
  const mine = await show(one, other, 'mine')
  const theirs = await listen(other, one)
  await theirs.until('ready')
  const changes = () =>
    rows(
      'changes where seq > 2 and conversation_id = (select id from conversations where user_a = ? and user_b = ?)',
      Math.min(one.id, other.id),
      Math.max(one.id, other.id),
    )
  return { mine, count: changes, headers: one.headers, other, conversation: { one, other, theirs } }
}

const sendTo = (call: string, body: () => object) => async (): Promise<WriteCall> => {
  const { other, ...rest } = await conversation()
  return {
    method: 'POST',
    path: `/messages/${other.id}/${call}/`,
    body: body(),
    ok: 201,
    isKeyed: true,
    ...rest,
  }
}
const editBy = (method: 'PUT' | 'PATCH', body: () => object) => async (): Promise<WriteCall> => {
  const { mine, count, ...rest } = await conversation()
  // Whoever edits twice has edited twice.
  return {
    method,
    path: `/messages/${mine.id}/update/`,
    body: body(),
    ok: 200,
    isRepeated: true,
    count,
    ...rest,
  }
}
const postBy = (method: 'PUT' | 'PATCH', withImage: boolean) => async (): Promise<WriteCall> => {
  const [owner, title] = [writer(), next()]
  const { id } = await createPost(owner, { image: image() })
  const body = withImage ? form({ title, image: image() }) : { title }
  return {
    method,
    path: `/posts/${id}/`,
    headers: owner.headers,
    body,
    ok: 200,
    count: has('posts', 'title', title),
  }
}
const commentBy = (method: 'PUT' | 'PATCH') => async (): Promise<WriteCall> => {
  const [owner, content] = [writer(), next()]
  const { id } = await createComment(owner, (await createPost(owner)).id)
  const count = has('comments', 'content', content)
  return { method, path: `/comments/${id}/`, headers: owner.headers, body: { content }, ok: 200, count }
}
const profileBy = (method: 'PUT' | 'PATCH') => async (): Promise<WriteCall> => {
  const [owner, name] = [writer(), next()]
  // One that it replaces, and that is deleted.
  await owner.patch(`/profiles/${owner.id}/`, form({ image: image() }))
  const body = form({ name, image: image() })
  const count = has('users', 'profile_name', name)
  return { method, path: `/profiles/${owner.id}/`, headers: owner.headers, body, ok: 200, count }
}
/** Somebody who moderates, and the case of a post, which is open. */
async function openCase() {
  const moderator = writer()
  await stored("update users set role = 'moderator' where id = ?", moderator.id)
  const { id: post } = await createPost(await account())
  const { body } = await moderator.post('/moderation/cases/', { post })
  return { moderator, post, path: `/moderation/cases/${body.id}/`, id: Number(body.id) }
}
const userBy = (method: 'PUT' | 'PATCH') => async (): Promise<WriteCall> => {
  const [owner, first_name] = [writer(), next()]
  const body = { username: owner.username, first_name }
  const count = has('users', 'first_name', first_name)
  return { method, path: '/dj-rest-auth/user/', headers: owner.headers, body, ok: 200, count }
}

/** Asks to follow somebody, whose account becomes private. */
async function requested(one: Person, other: Person): Promise<number> {
  await other.patch(`/profiles/${other.id}/`, { is_private: true })
  return (await one.post('/followers/', { followed: other.id })).body.request_id
}
/** Adds somebody to a list of people, and takes them out. */
const listing = (table: string, name: string) => async (): Promise<WriteCall> => {
  const [{ id, headers }, other] = pair()
  const count = () => rows(`${table} where owner_id = ? and ${name}_id = ?`, id, other.id)
  return {
    method: 'POST',
    path: `/${table}/`,
    headers,
    body: { [name]: other.id },
    ok: 201,
    isKeyed: true,
    count,
  }
}
const unlisting = (table: string, name: string) => async (): Promise<WriteCall> => {
  const [{ headers, post }, other] = pair()
  const { id } = (await post(`/${table}/`, { [name]: other.id })).body
  const count = lacks(table, id)
  return { method: 'DELETE', path: `/${table}/${id}/`, headers, ok: 204, again: [404], count }
}

/** More than one where a call goes different ways. */
/** Frames that write, by their type. */
export const FRAMES: Record<string, () => Promise<WriteCall>> = {
  send: async () => {
    const { other, ...rest } = await conversation()
    const over = askOverSocket(rest.conversation, (key) => ({ type: 'send', content: 'x', key }))
    return { method: 'frame', path: 'send', ok: 201, isKeyed: true, over, ...rest }
  },
  read: async () => {
    const { other, ...rest } = await conversation()
    const over = askOverSocket(rest.conversation, () => ({ type: 'read', up_to: 2 }))
    return { method: 'frame', path: 'read', ok: 200, over, ...rest }
  },
}

export const WRITE_CALLS: Record<string, (() => Promise<WriteCall>)[]> = {
  register: [
    async () => {
      const username = next()
      const body = { username, password1: PASSWORD, password2: PASSWORD }
      const path = '/dj-rest-auth/registration/'
      const count = () => rows('users join sessions on user_id = id where username = ?', username)
      return { method: 'POST', path, body, ok: 201, again: [400], count }
    },
  ],
  login: [
    async () => {
      const { id, username } = await account()
      const count = async () => (await rows('sessions where user_id = ?', id)) - 1
      const body = { username, password: PASSWORD }
      return { method: 'POST', path: '/dj-rest-auth/login/', body, ok: 200, isRepeated: true, count }
    },
  ],
  logout: [
    async () => {
      const person = await account()
      const headers = { authorization: `Bearer ${(await logIn(person)).access}` }
      const count = () => rows('sessions where user_id = ? and revoked_at is not null', person.id)
      return { method: 'POST', path: '/dj-rest-auth/logout/', headers, ok: 200, count }
    },
  ],
  refreshToken: [
    async () => {
      const { id, refresh } = await account()
      await stored('update sessions set last_used_at = 0 where user_id = ?', id)
      const count = () => rows('sessions where user_id = ? and last_used_at > 0', id)
      return { method: 'POST', path: '/dj-rest-auth/token/refresh/', body: { refresh }, ok: 200, count }
    },
  ],
  replaceUser: [userBy('PUT')],
  updateUser: [userBy('PATCH')],
  changePassword: [
    async () => {
      const person = await account()
      await stored('update users set email_verified_at = 1 where id = ?', person.id)
      const count = await passwordChanges(person)
      const path = '/dj-rest-auth/password/change/'
      return { method: 'POST', path, headers: person.headers, body: twice('Qw8#mmztRust'), ok: 200, count }
    },
  ],
  requestPasswordReset: [
    async () => {
      const { id, username } = await account()
      const body = { email: `${username}@example.com` }
      const count = () => rows('password_resets where user_id = ?', id)
      return { method: 'POST', path: '/dj-rest-auth/password/reset/', body, ok: 200, isRepeated: true, count }
    },
  ],
  verifyEmail: [
    async () => {
      const { id, username } = await account()
      const key = next()
      await stored(
        "insert into email_keys (key_hash, user_id, email, purpose, expires_at) values (?, ?, ?, 'prove', ?)",
        await sha256(key),
        id,
        `${username}@example.com`,
        Date.now() + 1e6,
      )
      return {
        method: 'POST',
        path: '/dj-rest-auth/registration/verify-email/',
        body: { key },
        ok: 200,
        again: [404],
        count: () => rows('users where id = ? and email_verified_at is not null', id),
      }
    },
  ],
  deleteUser: [
    async () => {
      const { id, headers } = await account()
      const body = { password: PASSWORD }
      const count = () => rows('deleted_accounts where user_id = ?', id)
      return { method: 'DELETE', path: '/dj-rest-auth/user/', headers, body, ok: 204, again: [401], count }
    },
  ],
  confirmPasswordReset: [
    async () => {
      const person = await account()
      const token = next()
      await env.DB.prepare('insert into password_resets (token_hash, user_id, expires_at) values (?, ?, ?)')
        .bind(await sha256(token), person.id, Date.now() + 1e6)
        .run()
      const body = { uid: person.id.toString(36), token, ...twice('Qw8#mmztRust') }
      const count = await passwordChanges(person)
      const path = '/dj-rest-auth/password/reset/confirm/'
      return { method: 'POST', path, body, ok: 200, again: [400], count }
    },
  ],
  endOtherSessions: [
    async () => {
      const person = writer()
      const { count } = await otherSession(person)
      return { method: 'DELETE', path: '/sessions/', headers: person.headers, ok: 204, count }
    },
  ],
  endSession: [
    async () => {
      const person = writer()
      const { name, count } = await otherSession(person)
      const path = `/sessions/${name}/`
      return { method: 'DELETE', path, headers: person.headers, ok: 204, again: [404], count }
    },
  ],
  replaceProfile: [profileBy('PUT')],
  updateProfile: [profileBy('PATCH')],
  createPost: [
    async () => {
      const [owner, title] = [writer(), next()]
      const count = has('posts', 'title', title)
      return {
        method: 'POST',
        path: '/posts/',
        headers: owner.headers,
        body: { title },
        ok: 201,
        isKeyed: true,
        count,
      }
    },
    async () => {
      const [owner, title] = [writer(), next()]
      const [count, body] = [has('posts', 'title', title), form({ title, image: image() })]
      return { method: 'POST', path: '/posts/', headers: owner.headers, body, ok: 201, isKeyed: true, count }
    },
  ],
  replacePost: [postBy('PUT', false)],
  updatePost: [postBy('PATCH', true)],
  deletePost: [
    async () => {
      const owner = writer()
      const { id } = await createPost(owner, { image: image() })
      const path = `/posts/${id}/`
      return {
        method: 'DELETE',
        path,
        headers: owner.headers,
        ok: 204,
        again: [404],
        count: lacks('posts', id),
      }
    },
  ],
  createComment: [
    async () => {
      const [owner, content] = [writer(), next()]
      const body = { post: (await createPost(owner)).id, content }
      const count = has('comments', 'content', content)
      return {
        method: 'POST',
        path: '/comments/',
        headers: owner.headers,
        body,
        ok: 201,
        isKeyed: true,
        count,
      }
    },
  ],
  replaceComment: [commentBy('PUT')],
  updateComment: [commentBy('PATCH')],
  deleteComment: [
    async () => {
      const owner = writer()
      const { id } = await createComment(owner, (await createPost(owner)).id)
      const [path, count] = [`/comments/${id}/`, lacks('comments', id)]
      return { method: 'DELETE', path, headers: owner.headers, ok: 204, again: [404], count }
    },
  ],
  createLike: [
    async () => {
      const [one, other] = pair()
      const { id: post } = await createPost(other)
      const count = has('likes', 'post_id', post)
      return {
        method: 'POST',
        path: '/likes/',
        headers: one.headers,
        body: { post },
        ok: 201,
        isKeyed: true,
        count,
      }
    },
  ],
  deleteLike: [
    async () => {
      const [one, other] = pair()
      const { id } = await like(one, (await createPost(other)).id)
      const [path, count] = [`/likes/${id}/`, lacks('likes', id)]
      return { method: 'DELETE', path, headers: one.headers, ok: 204, again: [404], count }
    },
  ],
  createFollower: [
    async () => {
      const [{ id, headers }, { id: followed }] = pair()
      const count = () => rows('followers where owner_id = ? and followed_id = ?', id, followed)
      return {
        method: 'POST',
        path: '/followers/',
        headers,
        body: { followed },
        ok: 201,
        isKeyed: true,
        count,
      }
    },
  ],
  deleteFollower: [
    async () => {
      const [one, other] = pair()
      const { id } = await follow(one, other)
      const [path, count] = [`/followers/${id}/`, lacks('followers', id)]
      return { method: 'DELETE', path, headers: one.headers, ok: 204, again: [404], count }
    },
  ],
  acceptFollowRequest: [
    async () => {
      const [one, other] = pair()
      const id = await requested(one, other)
      const path = `/follow-requests/${id}/accept/`
      const count = () => rows('followers where owner_id = ? and followed_id = ?', one.id, other.id)
      return { method: 'POST', path, headers: other.headers, ok: 200, again: [404], count }
    },
  ],
  deleteFollowRequest: [
    async () => {
      const [one, other] = pair()
      const id = await requested(one, other)
      const path = `/follow-requests/${id}/`
      return {
        method: 'DELETE',
        path,
        headers: one.headers,
        ok: 204,
        again: [404],
        count: lacks('follow_requests', id),
      }
    },
  ],
  createBlock: [listing('blocks', 'blocked')],
  deleteBlock: [unlisting('blocks', 'blocked')],
  createMute: [listing('mutes', 'muted')],
  deleteMute: [unlisting('mutes', 'muted')],
  markNotificationsSeen: [
    async () => {
      const [one, other] = pair()
      await follow(one, other)
      const count = () => rows('users where id = ? and notifications_seen_to > 0', other.id)
      await stored('update users set notifications_seen_to = 0 where id = ?', other.id)
      const path = '/notifications/seen/'
      return { method: 'POST', path, headers: other.headers, body: { up_to: 9e15 }, ok: 200, count }
    },
  ],
  updateNotificationSettings: [
    async () => {
      const { id, headers } = await account()
      const count = has('notification_settings', 'user_id', id)
      const path = '/notification-settings/'
      return { method: 'PATCH', path, headers, body: { follow: 'off' }, ok: 200, count }
    },
  ],
  sendMessage: [sendTo('send', () => ({ content: 'x' })), sendTo('send', () => form({ image: image() }))],
  startConversation: [sendTo('start', () => ({ content: 'x' }))],
  markRead: [
    async () => {
      const { other, ...rest } = await conversation()
      return { method: 'POST', path: `/messages/${other.id}/read/`, body: { up_to: 9 }, ok: 200, ...rest }
    },
  ],
  editMessage: [editBy('PATCH', () => ({ content: 'y' })), editBy('PUT', () => form({ image: image() }))],
  deleteMessage: [
    async () => {
      const { mine, ...rest } = await conversation()
      return { method: 'DELETE', path: `/messages/${mine.id}/delete/`, ok: 204, again: [404], ...rest }
    },
  ],
  deleteConversation: [
    async () => {
      const { other, ...rest } = await conversation()
      return { method: 'DELETE', path: `/chats/${other.id}/delete/`, ok: 200, again: [404], ...rest }
    },
  ],
  createReport: [
    async () => {
      const [reporter, text] = [writer(), next()]
      const body = { post: (await createPost(await account())).id, category: 'spam', text }
      const count = has('reports', 'text', text)
      return {
        method: 'POST',
        path: '/reports/',
        headers: reporter.headers,
        body,
        ok: 201,
        isKeyed: true,
        count,
      }
    },
  ],
  createAppeal: [
    async () => {
      const [person, text] = [writer(), next()]
      const [notice] = await stored<{ id: number }>(
        `insert into moderation_actions (id, action, user_id, is_notice, created_at)
         select (select coalesce(max(id), 0) + 1 from moderation_actions), 'warn', ?, 1, 1 returning id`,
        person.id,
      )
      const path = `/moderation/notices/${notice?.id}/appeal/`
      const count = has('appeals', 'text', text)
      return { method: 'POST', path, headers: person.headers, body: { text }, ok: 201, isKeyed: true, count }
    },
  ],
  openCase: [
    async () => {
      const { moderator } = await openCase()
      const { id: post } = await createPost(await account())
      const count = has('cases', 'subject_id', post)
      return {
        method: 'POST',
        path: '/moderation/cases/',
        headers: moderator.headers,
        body: { post },
        ok: 200,
        count,
      }
    },
  ],
  moveCase: [
    async () => {
      const { moderator, path, id } = await openCase()
      const count = () => rows("moderation_actions where case_id = ? and action = 'claim'", id)
      return { method: 'PATCH', path, headers: moderator.headers, body: { state: 'claimed' }, ok: 200, count }
    },
  ],
  actOnCase: [
    async () => {
      const { moderator, path, post } = await openCase()
      const count = has('hidden_posts', 'post_id', post)
      const body = { action: 'hide', reason: 'spam', text: 'An advertisement.' }
      return { method: 'POST', path: `${path}actions/`, headers: moderator.headers, body, ok: 201, count }
    },
    async () => {
      const { moderator } = await openCase()
      const [one, other] = [await account(), await account()]
      const { id } = await sendMessage(one, other)
      await other.post('/reports/', { message: id, category: 'spam' })
      const [found] = await stored<{ id: number }>(
        "select id from cases where kind = 'message' and subject_id = ?",
        id,
      )
      const count = has('hidden_messages', 'message_id', id)
      const body = { action: 'hide', reason: 'spam', text: 'An advertisement.' }
      return {
        method: 'POST',
        path: `/moderation/cases/${found?.id}/actions/`,
        headers: moderator.headers,
        body,
        ok: 201,
        count,
      }
    },
  ],
  setRole: [
    async () => {
      const { moderator } = await openCase()
      await stored("update users set role = 'admin' where id = ?", moderator.id)
      const { id } = await account()
      const count = () => rows("users where id = ? and role = 'moderator'", id)
      const body = { role: 'moderator' }
      return {
        method: 'PATCH',
        path: `/moderation/people/${id}/`,
        headers: moderator.headers,
        body,
        ok: 200,
        count,
      }
    },
  ],
  signOutPerson: [
    async () => {
      const { moderator } = await openCase()
      const { id } = await account()
      const count = () => rows('sessions where user_id = ? and revoked_at is not null', id)
      return {
        method: 'DELETE',
        path: `/moderation/people/${id}/sessions/`,
        headers: moderator.headers,
        ok: 204,
        count,
      }
    },
  ],
  signOutPersonOnce: [
    async () => {
      const { moderator } = await openCase()
      const { id } = await account()
      const count = () => rows('sessions where user_id = ? and revoked_at is not null', id)
      const [session] = await stored<{ name: string }>(
        'select substr(jti_hash, 1, 16) as name from sessions where user_id = ?',
        id,
      )
      return {
        method: 'DELETE',
        path: `/moderation/people/${id}/sessions/${session?.name}/`,
        headers: moderator.headers,
        ok: 204,
        again: [404],
        count,
      }
    },
  ],
  updateSettings: [
    async () => {
      const { moderator } = await openCase()
      await stored("update users set role = 'admin' where id = ?", moderator.id)
      const name = next()
      const count = () => rows("settings where name = 'reserved_names' and instr(value, ?)", name)
      const body = { reserved_names: name }
      return {
        method: 'PATCH',
        path: '/moderation/settings/',
        headers: moderator.headers,
        body,
        ok: 200,
        count,
      }
    },
  ],
}
