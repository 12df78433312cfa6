/** The client of edge-social-api, for pages, Node, workers and React Native: `createClient({ baseUrl })`. */
import { account } from './account'
import type { Live, LiveOptions } from './channel/types'
import type { Conversation, ConversationOptions } from './conversation'
import { type Draft, type OutboxStorage, outboxStorage, drafts as storedDrafts } from './drafts'
import { LiveConversation } from './live'
import type { CallOptions, CreateOptions, LiveModule, Options, UploadOptions } from './options'
import { IMAGE_BYTES, mayPass, post } from './outbox'
import { list } from './pages'
import { throwIfAborted } from './platform'
import type {
  Comment,
  CommentChanges,
  CommentQuery,
  ConversationSummary,
  Follower,
  FollowerQuery,
  Like,
  LikeQuery,
  Message,
  MessageInput,
  NewComment,
  NewPost,
  Post,
  PostChanges,
  PostQuery,
  Profile,
  ProfileChanges,
  ProfileQuery,
  Unread,
  UserQuery,
  UserSummary,
} from './schema'
import type { TokenStorage } from './tokens'
import { transport } from './transport'

export type { AuthChange } from './auth'
export type { Store } from './channel/store'
export type { Live, LiveOptions, LiveStatus } from './channel/types'
export type { Conversation, ConversationEvent, ConversationOptions, MessageOptions } from './conversation'
export type { Draft, OutboxStorage } from './drafts'
export { ApiError, type ApiFailure, type FieldErrors } from './errors'
export type { ImageFile, NativeFile } from './files'
export type { Socket, SocketConstructor } from './link'
export type { CallOptions, CreateOptions, ImagePreparer, LiveModule, Options, UploadOptions } from './options'
export type { List, Page } from './pages'
export type * from './schema'
export type { TokenStorage } from './tokens'
export type { Progress, Send, SendInit } from './upload'

export interface ClientOptions extends Options {
  /**
   * Where unsent messages are stored: React Native's `AsyncStorage`, or your own store. Default: IndexedDB in pages. `false`: nowhere; unsent
   * messages last as long as their conversation.
   */
  outbox?: OutboxStorage | TokenStorage | false | undefined
}

export type Client = ReturnType<typeof createClient>

export function createClient(options: ClientOptions) {
  const api = transport(options)
  const { call } = api
  const drafts = storedDrafts(outboxStorage(options.outbox), api.baseUrl)

  const get =
    <T>(folder: string) =>
    (id: number, more?: CallOptions) =>
      call<T>('GET', `/${folder}/${id}/`, more)
  const remove = (folder: string) => (id: number, more?: CallOptions) =>
    call<null>('DELETE', `/${folder}/${id}/`, more)
  const lists =
    <T, Query extends object>(folder: string) =>
    (query?: Query, more?: CallOptions) =>
      list<T>(call, `/${folder}/`, query, more)
  const update =
    <T, Changes extends object, More extends CallOptions = CallOptions>(folder: string) =>
    (id: number, body: Changes, more?: More) =>
      call<T>('PATCH', `/${folder}/${id}/`, { ...more, body })
  const create =
    <T, New extends object, More extends CreateOptions = CreateOptions>(folder: string) =>
    (body: New, more?: More) =>
      call<T>('POST', `/${folder}/`, { ...more, body })

  const messages = {
    conversations: (search?: string, more?: CallOptions) =>
      call<ConversationSummary[]>('GET', '/messages/', { ...more, query: { search } }),
    /** Starts with the first message. */
    thread: (userId: number, more?: CallOptions) => list<Message>(call, `/messages/${userId}/`, {}, more),
    /** One page, oldest message first: the newest page, or the one before or after the message with this id. */
    around: async (
      userId: number,
      { before, after, size }: { before?: number; after?: number; size?: number } = {},
      more?: CallOptions,
    ): Promise<Message[]> => {
      const query = { after, before: after === undefined ? (before ?? '') : undefined, page_size: size }
      return (await call<{ results: Message[] }>('GET', `/messages/${userId}/`, { ...more, query })).results
    },
    send: (userId: number, body: MessageInput, more?: CreateOptions & UploadOptions) =>
      call<Message>('POST', `/messages/${userId}/send/`, { ...more, body, maxImageBytes: IMAGE_BYTES }),
    update: (id: number, body: MessageInput, more?: UploadOptions) =>
      call<Message>('PATCH', `/messages/${id}/update/`, { ...more, body, maxImageBytes: IMAGE_BYTES }),
    delete: (id: number, more?: CallOptions) => call<null>('DELETE', `/messages/${id}/delete/`, more),
    read: (userId: number, upTo: number, more?: CallOptions) =>
      call<Unread>('POST', `/messages/${userId}/read/`, { ...more, body: { up_to: upTo } }),
    /** Deletes the conversation for both people. */
    clear: (userId: number, more?: CallOptions) =>
      call('DELETE', `/chats/${userId}/delete/`, more).then(() => null),
    /**
     * Sends everything in the outbox, for all conversations; an open conversation does so by itself. Returns the messages that were refused. Rejects
     * if a retry may help, or if the signal aborts.
     */
    async sendUnsent(more?: CallOptions): Promise<{ draft: Draft; error: unknown }[]> {
      const refused: { draft: Draft; error: unknown }[] = []
      for (const draft of await drafts.of((await api.me(more)).pk)) {
        throwIfAborted(more?.signal)
        try {
          await post(api, drafts, draft, more)
        } catch (error) {
          throwIfAborted(more?.signal)
          if (mayPass(error)) throw error
          refused.push({ draft, error })
        }
        await drafts.delete(draft.key)
      }
      return refused
    },
  }

  return {
    ...account(api, async (owner) => {
      for (const { key } of await drafts.of(owner)) await drafts.delete(key)
    }),
    users: { list: lists<UserSummary, UserQuery>('users'), get: get<UserSummary>('users') },
    profiles: {
      list: lists<Profile, ProfileQuery>('profiles'),
      mostFollowed: (more?: CallOptions) => list<Profile>(call, '/profiles/most_followed/', {}, more),
      get: get<Profile>('profiles'),
      update: update<Profile, ProfileChanges, UploadOptions>('profiles'),
    },
    posts: {
      list: lists<Post, PostQuery>('posts'),
      get: get<Post>('posts'),
      create: create<Post, NewPost, CreateOptions & UploadOptions>('posts'),
      update: update<Post, PostChanges, UploadOptions>('posts'),
      delete: remove('posts'),
    },
    comments: {
      list: lists<Comment, CommentQuery>('comments'),
      get: get<Comment>('comments'),
      create: create<Comment, NewComment>('comments'),
      update: update<Comment, CommentChanges>('comments'),
      delete: remove('comments'),
    },
    likes: {
      list: lists<Like, LikeQuery>('likes'),
      get: get<Like>('likes'),
      create: (post: number, more?: CreateOptions) =>
        call<Like>('POST', '/likes/', { ...more, body: { post } }),
      delete: remove('likes'),
    },
    followers: {
      list: lists<Follower, FollowerQuery>('followers'),
      get: get<Follower>('followers'),
      create: (followed: number, more?: CreateOptions) =>
        call<Follower>('POST', '/followers/', { ...more, body: { followed } }),
      delete: remove('followers'),
    },
    messages,
    /** A live conversation; `close` it when it is no longer shown. */
    conversation: (userId: number, more: ConversationOptions = {}): Conversation =>
      new LiveConversation(userId, api, drafts, more),
    /** The channel: unread counts, notifications and all conversations over one connection. Requires the option `live`. */
    live: async (more?: LiveOptions): Promise<Live> =>
      (await (options.live as () => Promise<LiveModule>)()).openLive(api, more),
  }
}
