/**
 * The client of edge-social-api, for browsers and Node: `createClient({ baseUrl })`. Every path, input and answer is typed by
 * the API's own code.
 */
import { Conversation, type ConversationOptions } from './conversation'
import { list } from './pages'
import type { Body, Parameters, User } from './schema'
import { type CallOptions, type Options, type Transport, transport } from './transport'

export { Conversation, type ConversationEvent, type ConversationOptions } from './conversation'
export { ApiError, type FieldErrors } from './errors'
export type { List } from './pages'
export type {
  Comment,
  Conversation as ConversationSummary,
  Follower,
  Like,
  Message,
  Post,
  Profile,
  User,
} from './schema'
export type { TokenStorage } from './tokens'
export type { CallOptions, Options } from './transport'

const at = (id: number) => ({ param: { id: String(id) } })

export type Client = ReturnType<typeof createClient>

export function createClient(options: Options) {
  const api = transport(options)
  const { call } = api
  return {
    ...account(api),
    users: {
      list: (query?: Parameters<'/users'>) => list(api, '/users', query),
      get: (id: number) => call('$get', '/users/:id{[0-9]+}', at(id)),
    },
    profiles: {
      list: (query?: Parameters<'/profiles'>) => list(api, '/profiles', query),
      mostFollowed: () => list(api, '/profiles/most_followed'),
      get: (id: number) => call('$get', '/profiles/:id{[0-9]+}', at(id)),
      update: (id: number, json: Body<'/profiles/:id{[0-9]+}', '$patch'>) =>
        call('$patch', '/profiles/:id{[0-9]+}', { ...at(id), json }),
    },
    posts: {
      list: (query?: Parameters<'/posts'>) => list(api, '/posts', query),
      get: (id: number) => call('$get', '/posts/:id{[0-9]+}', at(id)),
      create: (json: Body<'/posts', '$post'>, more?: CallOptions) => call('$post', '/posts', { json }, more),
      update: (id: number, json: Body<'/posts/:id{[0-9]+}', '$patch'>) =>
        call('$patch', '/posts/:id{[0-9]+}', { ...at(id), json }),
      delete: (id: number) => call('$delete', '/posts/:id{[0-9]+}', at(id)),
    },
    comments: {
      list: (query?: Parameters<'/comments'>) => list(api, '/comments', query),
      get: (id: number) => call('$get', '/comments/:id{[0-9]+}', at(id)),
      create: (json: Body<'/comments', '$post'>, more?: CallOptions) =>
        call('$post', '/comments', { json }, more),
      update: (id: number, json: Body<'/comments/:id{[0-9]+}', '$patch'>) =>
        call('$patch', '/comments/:id{[0-9]+}', { ...at(id), json }),
      delete: (id: number) => call('$delete', '/comments/:id{[0-9]+}', at(id)),
    },
    likes: {
      list: () => list(api, '/likes'),
      get: (id: number) => call('$get', '/likes/:id{[0-9]+}', at(id)),
      create: (post: number, more?: CallOptions) => call('$post', '/likes', { json: { post } }, more),
      delete: (id: number) => call('$delete', '/likes/:id{[0-9]+}', at(id)),
    },
    followers: {
      list: (query?: Parameters<'/followers'>) => list(api, '/followers', query),
      get: (id: number) => call('$get', '/followers/:id{[0-9]+}', at(id)),
      create: (followed: number, more?: CallOptions) =>
        call('$post', '/followers', { json: { followed } }, more),
      delete: (id: number) => call('$delete', '/followers/:id{[0-9]+}', at(id)),
    },
    messages: {
      conversations: (search?: string) =>
        call('$get', '/messages', { query: search === undefined ? {} : { search } }),
      /** From the first message on. */
      thread: (userId: number) => list(api, '/messages/:id{[0-9]+}', {}, { id: String(userId) }),
      /** One page, oldest first: the newest, or what is next before or after the message of this id. */
      around: (
        userId: number,
        { before, after, size }: { before?: number; after?: number; size?: number } = {},
      ) =>
        call('$get', '/messages/:id{[0-9]+}', {
          ...at(userId),
          query: {
            ...(after === undefined ? { before: String(before ?? '') } : { after: String(after) }),
            ...(size !== undefined && { page_size: String(size) }),
          },
        }),
      send: (userId: number, json: Body<'/messages/:id{[0-9]+}/send', '$post'>, more?: CallOptions) =>
        call('$post', '/messages/:id{[0-9]+}/send', { ...at(userId), json }, more),
      update: (id: number, json: Body<'/messages/:id{[0-9]+}/update', '$patch'>) =>
        call('$patch', '/messages/:id{[0-9]+}/update', { ...at(id), json }),
      delete: (id: number) => call('$delete', '/messages/:id{[0-9]+}/delete', at(id)),
      read: (userId: number, upTo: number) =>
        call('$post', '/messages/:id{[0-9]+}/read', { ...at(userId), json: { up_to: upTo } }),
      clear: (userId: number) => call('$delete', '/chats/:id{[0-9]+}/delete', at(userId)).then(() => null),
    },
    /** A live conversation; `close` it when it is no longer shown. */
    conversation: (userId: number, more: ConversationOptions = {}) => new Conversation(userId, api, more),
  }
}

/** Signing in and out, and one's own account. */
function account({ call, tokens, usesCookies }: Transport) {
  const signedIn = ({ access_token, refresh_token, user }: Session): User => {
    if (!usesCookies) tokens.set({ access: access_token, refresh: refresh_token })
    return user
  }
  return {
    login: async (username: string, password: string) =>
      signedIn(await call('$post', '/dj-rest-auth/login', { json: { username, password } })),
    /** Signs up, and in. */
    register: async (json: Body<'/dj-rest-auth/registration', '$post'>) => {
      const session = await call('$post', '/dj-rest-auth/registration', { json })
      // Signing up sets no cookies, as in the original.
      if (usesCookies) {
        const { username, password1: password } = json
        return signedIn(await call('$post', '/dj-rest-auth/login', { json: { username, password } }))
      }
      return signedIn(session)
    },
    logout: async () => {
      await call('$post', '/dj-rest-auth/logout', {})
      tokens.set(undefined)
    },
    me: () => call('$get', '/dj-rest-auth/user', {}),
    updateMe: (json: Body<'/dj-rest-auth/user', '$patch'>) => call('$patch', '/dj-rest-auth/user', { json }),
    changePassword: (json: Body<'/dj-rest-auth/password/change', '$post'>) =>
      call('$post', '/dj-rest-auth/password/change', { json }),
    requestPasswordReset: (email: string) =>
      call('$post', '/dj-rest-auth/password/reset', { json: { email } }),
    resetPassword: (json: Body<'/dj-rest-auth/password/reset/confirm', '$post'>) =>
      call('$post', '/dj-rest-auth/password/reset/confirm', { json }),
  }
}

interface Session {
  access_token: string
  refresh_token: string
  user: User
}
