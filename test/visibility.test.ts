/**
 * Who sees what: every route of the document, and everybody who may stand in some relation to somebody. A route without a verdict fails, and so does
 * one that does not keep it.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { describedRoutes } from '../scripts/openapi/routes'
import { app } from '../src/app'
import { type Answer, anyone, type Client, signUp } from './client'
import { UNKNOWN } from './fixtures/answers'
import { createComment, createPost, follow, like } from './fixtures/factories'
import { say } from './fixtures/messages'

/** In every text of the person whom all this is about. */
const MARK = 'zubenel'

/** In which relation somebody is to that person. */
const ROLES = ['blocker', 'blocked', 'muter', 'muted', 'third', 'signed out'] as const
type Role = (typeof ROLES)[number]

/** What is there to ask for, as somebody knows it; or ids that nobody has. */
interface Things {
  user: number
  name: string
  post: number
  /** A post that nobody has liked. */
  other: number
  comment: number
  like: number
  /** Of the viewer by that person, and the other way round. */
  follow: number
  followed: number
  message: number
  /** What the viewer has put on the post, and their messages: to edit, and to delete. */
  ownComment: number
  ownLike: number
  ownMessage: number
  /** The rows of the one who blocks and of the one who mutes. */
  block: number
  mute: number
}

/**
 *   there     answers otherwise than for what nobody has; a list has it
 *   absent    answers to the letter as for what nobody has; a list has no trace of it
 *   refused   401
 */
type Verdict = 'there' | 'absent' | 'refused'
type Verdicts = Record<Role, Verdict>

const BLOCKS = { blocker: 'absent', blocked: 'absent' } as const
const THERE = { muter: 'there', muted: 'there', third: 'there' } as const
const PUBLIC: Verdicts = { ...BLOCKS, ...THERE, 'signed out': 'there' }
const SIGNED_IN: Verdicts = { ...BLOCKS, ...THERE, 'signed out': 'refused' }
/** Lists that leave out whom one mutes. */
const MUTABLE: Verdicts = { ...PUBLIC, muter: 'absent' }
const BLOCKER_ONLY: Verdicts = {
  blocker: 'there',
  blocked: 'absent',
  muter: 'absent',
  muted: 'absent',
  third: 'absent',
  'signed out': 'refused',
}
const MUTER_ONLY: Verdicts = { ...BLOCKER_ONLY, blocker: 'absent', muter: 'there' }

type Ask = [method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, body?: object]
interface Route {
  verdicts: Verdicts
  /** What is asked for by name: compared with the same for what nobody has. */
  named?: (things: Things) => Ask[]
  /** Lists that have it, or have not. */
  lists?: (zoe: { id: number; post: number }) => string[]
}

const get = (path: string): Ask => ['get', path]

/** By the name of the operation. */
const ROUTES: Record<string, Route[]> = {
  // Before those below block: then there is nothing to report.
  createReport: [
    {
      verdicts: SIGNED_IN,
      named: ({ user, post, comment }) =>
        [{ profile: user }, { post }, { comment }].map(
          (thing): Ask => ['post', '/reports/', { ...thing, category: 'spam' }],
        ),
    },
    {
      // Whoever blocks somebody may still report what they said.
      verdicts: { ...SIGNED_IN, blocker: 'there' },
      named: ({ user, message }) =>
        [{ conversation: user }, { message }].map(
          (thing): Ask => ['post', '/reports/', { ...thing, category: 'spam' }],
        ),
    },
  ],
  listUsers: [
    { verdicts: SIGNED_IN, lists: () => ['/users/', '/users/?ordering=-username', '/users/?page=last'] },
    { verdicts: SIGNED_IN, lists: () => [`/users/?username=${MARK}`] },
  ],
  getUserById: [{ verdicts: SIGNED_IN, named: ({ user }) => [get(`/users/${user}/`)] }],
  listProfiles: [
    {
      verdicts: PUBLIC,
      lists: (zoe) => [
        '/profiles/',
        '/profiles/?ordering=-posts_count',
        '/profiles/?ordering=followers_count',
        '/profiles/?ordering=title,-following_count',
        `/profiles/?owner__following__followed__profile=${zoe.id}`,
        `/profiles/?owner__followed__owner__profile=${zoe.id}`,
        `/profiles/?owner__followed__owner__profile=${zoe.id}&owner__following__followed__profile=${zoe.id}`,
        '/profiles/?page=last',
      ],
    },
    {
      verdicts: PUBLIC,
      named: ({ user }) => [
        get(`/profiles/?owner__following__followed__profile=${user}`),
        get(`/profiles/?owner__followed__owner__profile=${user}`),
      ],
    },
  ],
  listMostFollowedProfiles: [{ verdicts: PUBLIC, lists: () => ['/profiles/most_followed/'] }],
  getProfile: [{ verdicts: PUBLIC, named: ({ user }) => [get(`/profiles/${user}/`)] }],
  replaceProfile: [
    { verdicts: SIGNED_IN, named: ({ user }) => [['put', `/profiles/${user}/`, { name: 'x' }]] },
  ],
  updateProfile: [
    { verdicts: SIGNED_IN, named: ({ user }) => [['patch', `/profiles/${user}/`, { name: 'x' }]] },
  ],

  listPosts: [
    {
      verdicts: MUTABLE,
      lists: (zoe) => [
        '/posts/',
        '/posts/?ordering=created_at',
        '/posts/?ordering=likes_count',
        '/posts/?ordering=-comments_count',
        '/posts/?ordering=-likes__created_at',
        '/posts/?ordering=title',
        `/posts/?search=${MARK}`,
        `/posts/?search=${MARK}&ordering=-likes_count`,
        '/posts/?search=zu',
        `/posts/?followed=${zoe.id}`,
        `/posts/?followed=${zoe.id}&ordering=-likes_count`,
        `/posts/?followed=${zoe.id}&search=${MARK}`,
        `/posts/?liked=${zoe.id}`,
        `/posts/?liked=${zoe.id}&ordering=likes__created_at`,
        `/posts/?liked=${zoe.id}&followed=${zoe.id}`,
        '/posts/?page=last',
      ],
    },
    {
      verdicts: PUBLIC,
      named: ({ user }) => [
        get(`/posts/?owner=${user}`),
        get(`/posts/?owner=${user}&ordering=-likes_count`),
        get(`/posts/?owner=${user}&search=${MARK}`),
        get(`/posts/?followed=${user}`),
        get(`/posts/?liked=${user}`),
      ],
    },
  ],
  getPost: [{ verdicts: PUBLIC, named: ({ post }) => [get(`/posts/${post}/`)] }],
  replacePost: [
    {
      verdicts: SIGNED_IN,
      named: ({ post }) => [
        ['put', `/posts/${post}/`, { title: 'x' }],
        ['put', `/posts/${post}/`, {}],
      ],
    },
  ],
  updatePost: [{ verdicts: SIGNED_IN, named: ({ post }) => [['patch', `/posts/${post}/`, { title: 'x' }]] }],
  deletePost: [{ verdicts: SIGNED_IN, named: ({ post }) => [['delete', `/posts/${post}/`]] }],

  listComments: [
    {
      verdicts: MUTABLE,
      lists: (zoe) => ['/comments/', `/comments/?post=${zoe.post}`, '/comments/?page=last'],
    },
    { verdicts: PUBLIC, named: ({ post }) => [get(`/comments/?post=${post}`)] },
  ],
  createComment: [
    {
      verdicts: SIGNED_IN,
      named: ({ post }) => [
        ['post', '/comments/', { post, content: 'hello' }],
        ['post', '/comments/', { post }],
      ],
    },
  ],
  getComment: [
    {
      verdicts: PUBLIC,
      named: ({ comment, ownComment }) => [get(`/comments/${comment}/`), get(`/comments/${ownComment}/`)],
    },
  ],
  replaceComment: [
    {
      verdicts: SIGNED_IN,
      named: ({ comment, ownComment }) =>
        [comment, ownComment].map((id) => ['put', `/comments/${id}/`, { content: 'changed' }]),
    },
  ],
  updateComment: [
    {
      verdicts: SIGNED_IN,
      named: ({ comment, ownComment }) =>
        [comment, ownComment].flatMap((id): Ask[] => [
          ['patch', `/comments/${id}/`, { content: '' }],
          ['patch', `/comments/${id}/`, {}],
        ]),
    },
  ],
  deleteComment: [
    {
      verdicts: SIGNED_IN,
      named: ({ comment, ownComment }) => [comment, ownComment].map((id) => ['delete', `/comments/${id}/`]),
    },
  ],

  listLikes: [
    { verdicts: PUBLIC, lists: (zoe) => ['/likes/', `/likes/?post=${zoe.post}`, '/likes/?page=last'] },
    {
      verdicts: PUBLIC,
      named: ({ user, post }) => [
        get(`/likes/?post=${post}`),
        get(`/likes/?owner=${user}`),
        get(`/likes/?owner=${user}&post=${post}`),
      ],
    },
  ],
  createLike: [
    {
      verdicts: SIGNED_IN,
      named: ({ post, other }) => [post, other].map((id) => ['post', '/likes/', { post: id }]),
    },
  ],
  getLike: [
    { verdicts: PUBLIC, named: ({ like, ownLike }) => [get(`/likes/${like}/`), get(`/likes/${ownLike}/`)] },
  ],
  deleteLike: [
    {
      verdicts: SIGNED_IN,
      named: ({ like, ownLike }) => [like, ownLike].map((id) => ['delete', `/likes/${id}/`]),
    },
  ],

  listFollowers: [
    {
      verdicts: PUBLIC,
      lists: (zoe) => [
        '/followers/',
        `/followers/?owner=${zoe.id}`,
        `/followers/?followed=${zoe.id}`,
        '/followers/?page=last',
      ],
    },
    {
      verdicts: PUBLIC,
      named: ({ user }) => [get(`/followers/?owner=${user}`), get(`/followers/?followed=${user}`)],
    },
  ],
  createFollower: [
    { verdicts: SIGNED_IN, named: ({ user }) => [['post', '/followers/', { followed: user }]] },
  ],
  getFollower: [
    {
      verdicts: PUBLIC,
      named: ({ followed, follow }) => [get(`/followers/${followed}/`), get(`/followers/${follow}/`)],
    },
  ],
  deleteFollower: [
    {
      verdicts: SIGNED_IN,
      named: ({ followed, follow }) => [followed, follow].map((id) => ['delete', `/followers/${id}/`]),
    },
  ],

  listBlocks: [{ verdicts: BLOCKER_ONLY, lists: () => ['/blocks/'] }],
  listMutes: [{ verdicts: MUTER_ONLY, lists: () => ['/mutes/'] }],

  listConversations: [{ verdicts: SIGNED_IN, lists: () => ['/messages/', `/messages/?search=${MARK}`] }],
  listMessages: [
    {
      verdicts: SIGNED_IN,
      named: ({ user }) => [
        get(`/messages/${user}/`),
        get(`/messages/${user}/?before=`),
        get(`/messages/${user}/?page=last`),
      ],
    },
  ],
  sendMessage: [
    { verdicts: SIGNED_IN, named: ({ user }) => [['post', `/messages/${user}/send/`, { content: 'hello' }]] },
  ],
  startConversation: [
    {
      verdicts: SIGNED_IN,
      named: ({ user }) => [['post', `/messages/${user}/start/`, { content: 'hello' }]],
    },
  ],
  markRead: [
    { verdicts: SIGNED_IN, named: ({ user }) => [['post', `/messages/${user}/read/`, { up_to: 2 }]] },
  ],
  listen: [{ verdicts: SIGNED_IN, named: ({ user }) => [get(`/messages/${user}/live/`)] }],
  editMessage: [
    {
      verdicts: SIGNED_IN,
      named: ({ message, ownMessage }) =>
        [message, ownMessage].flatMap((id): Ask[] => [
          ['patch', `/messages/${id}/update/`, { content: 'changed' }],
          ['put', `/messages/${id}/update/`, {}],
        ]),
    },
  ],
  deleteMessage: [
    {
      verdicts: SIGNED_IN,
      named: ({ message, ownMessage }) =>
        [message, ownMessage].map((id) => ['delete', `/messages/${id}/delete/`]),
    },
  ],
  deleteConversation: [{ verdicts: SIGNED_IN, named: ({ user }) => [['delete', `/chats/${user}/delete/`]] }],

  listNotifications: [{ verdicts: { ...SIGNED_IN, muter: 'absent' }, lists: () => ['/notifications/'] }],
  // In this order, as each changes who is what.
  createMute: [{ verdicts: SIGNED_IN, named: ({ user }) => [['post', '/mutes/', { muted: user }]] }],
  deleteMute: [{ verdicts: MUTER_ONLY, named: ({ mute }) => [['delete', `/mutes/${mute}/`]] }],
  createBlock: [
    {
      // Who blocks already is told so.
      verdicts: { ...SIGNED_IN, blocker: 'there' },
      named: ({ user }) => [['post', '/blocks/', { blocked: user }]],
    },
  ],
  deleteBlock: [{ verdicts: BLOCKER_ONLY, named: ({ block }) => [['delete', `/blocks/${block}/`]] }],
}

/** What is about nobody but who asks, or about nobody at all. An export is all that somebody has, whoever blocks them. */
const OF_NOBODY_ELSE = [
  ...[
    'getDefaultImage',
    'getImage',
    'about',
    'health',
    'getOpenApi',
    'getAsyncApi',
    'getDocs',
    'getDocsFile',
  ],
  ...['login', 'logout', 'register', 'refreshToken', 'verifyToken', 'verifyEmail', 'resendEmail', 'getUser'],
  ...[
    'replaceUser',
    'updateUser',
    'deleteUser',
    'changePassword',
    'requestPasswordReset',
    'confirmPasswordReset',
  ],
  // How much is unread: notifications.test.ts and boundaries.test.ts.
  ...['markNotificationsSeen', 'countUnread', 'getNotificationSettings', 'updateNotificationSettings'],
  ...['listSessions', 'endOtherSessions', 'endSession', 'exportAccount', 'createPost'],
  // Of one's own, and for staff, who see all: test/moderation/.
  ...['listNotices', 'createAppeal'],
  ...['listCases', 'openCase', 'getCase', 'moveCase', 'actOnCase', 'listModerationLog', 'getStatistics'],
  ...['listPeople', 'getPerson', 'setRole', 'signOutPerson', 'getSettings', 'updateSettings'],
]

const viewers = new Map<Role, { viewer: Client; things: Things }>()
let zoe: { id: number; post: number }
/** What zubenel has. */
let posts: number[]

const NOTHING: Things = {
  user: UNKNOWN,
  name: 'nobody',
  post: UNKNOWN,
  other: UNKNOWN,
  comment: UNKNOWN,
  like: UNKNOWN,
  follow: UNKNOWN,
  followed: UNKNOWN,
  message: UNKNOWN,
  ownComment: UNKNOWN,
  ownLike: UNKNOWN,
  ownMessage: UNKNOWN,
  block: UNKNOWN,
  mute: UNKNOWN,
}

beforeAll(async () => {
  const subject = await signUp(MARK)
  const bystander = await signUp('zoe')
  zoe = { id: bystander.id, post: (await createPost(bystander, { title: 'Of another' })).id }
  const post = (await createPost(subject, { title: `The first of ${MARK}` })).id
  const other = (await createPost(subject, { title: `The second of ${MARK}` })).id
  posts = [post, other]
  const comment = (await createComment(subject, zoe.post, { content: `By ${MARK}` })).id
  const liked = (await like(subject, zoe.post)).id
  await like(bystander, post)
  await like(bystander, zoe.post)
  await createComment(bystander, post, { content: 'Under theirs' })
  await follow(subject, bystander)
  await follow(bystander, subject)
  for (const role of ROLES.slice(0, -1)) {
    const viewer = await signUp(role)
    const ownMessage = (await say(viewer, subject, 'hello')).id
    await createComment(subject, (await createPost(viewer)).id, { content: `On yours by ${MARK}` })
    await say(subject, viewer, `Once from ${MARK}`)
    const message = (await say(subject, viewer, `Twice from ${MARK}`)).id
    const things = {
      ...NOTHING,
      user: subject.id,
      name: MARK,
      post,
      other,
      comment,
      like: liked,
      follow: (await follow(viewer, subject)).id,
      followed: (await follow(subject, viewer)).id,
      message,
      ownMessage,
      ownComment: (await createComment(viewer, post, { content: 'Mine' })).id,
      ownLike: (await like(viewer, post)).id,
    }
    viewers.set(role, { viewer, things })
    if (role === 'blocked') await subject.post('/blocks/', { blocked: viewer.id })
    if (role === 'muted') await subject.post('/mutes/', { muted: viewer.id })
    if (role === 'blocker') things.block = (await viewer.post('/blocks/', { blocked: subject.id })).body.id
    if (role === 'muter') things.mute = (await viewer.post('/mutes/', { muted: subject.id })).body.id
  }
  const [blocker, muter, third] = [viewers.get('blocker'), viewers.get('muter'), viewers.get('third')]
  if (!blocker || !muter || !third) throw new Error('somebody is missing')
  for (const { things } of viewers.values())
    Object.assign(things, { block: blocker.things.block, mute: muter.things.mute })
  viewers.set('signed out', { viewer: anyone, things: third.things })
})

test('every route has its verdict', () => {
  const operations = describedRoutes(app).map(({ about }) => about.id)
  expect([...new Set(operations)].sort()).toEqual([...Object.keys(ROUTES), ...OF_NOBODY_ELSE].sort())
})

const send = (viewer: Client, [method, path, body]: Ask): Promise<Answer> =>
  method === 'get' ? viewer.get(path) : viewer[method](path, body)

/** Status and body; ids that the answer only repeats are left out. */
const told = ({ status, body }: Answer) => [status, JSON.stringify(body).replaceAll(/pk \\"\d+/g, 'pk')]

/** Whether anything in the list is theirs; for people of whom one blocks the other, or on what is theirs. */
function hasTrace({ body }: Answer, role: Role): boolean {
  if (JSON.stringify(body).includes(MARK)) return true
  const rows: { post?: number }[] = body.results ?? body
  return role.startsWith('block') && rows.some((row) => row.post !== undefined && posts.includes(row.post))
}

describe.each(Object.entries(ROUTES))('%s', (_operation, routes) => {
  test.each(ROLES)('for the one who is %s', async (role) => {
    const { viewer = anyone, things = NOTHING } = viewers.get(role) ?? {}
    for (const { verdicts, named, lists } of routes) {
      const verdict = verdicts[role]
      const asked = named?.(things) ?? []
      const unknown = named?.(NOTHING) ?? []
      for (const [i, ask] of asked.entries()) {
        const what = `${ask[0]} ${ask[1]} ${JSON.stringify(ask[2] ?? '')}`
        const ofNobody = unknown[i] && told(await send(viewer, unknown[i]))
        const answer = await send(viewer, ask)
        if (verdict === 'refused') expect(answer.status, what).toBe(401)
        else if (verdict === 'absent') expect(told(answer), what).toEqual(ofNobody)
        else expect(told(answer), what).not.toEqual(ofNobody)
      }
      for (const path of lists?.(zoe) ?? []) {
        const answer = await viewer.get(path)
        if (verdict === 'refused') {
          expect(answer.status, path).toBe(401)
          continue
        }
        expect(answer.status, path).toBe(200)
        expect(hasTrace(answer, role), path).toBe(verdict === 'there')
        // Counts that are kept are the same for all and name nobody; what is counted for who asks must not tell.
        if (verdict === 'absent' && path.endsWith(`=${MARK}`))
          expect(answer.body.count ?? answer.body.length, path).toBe(0)
      }
    }
  })
})
