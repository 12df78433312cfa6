/**
 * Who sees what: every route of the document, and everybody who may stand in some relation to somebody. A route without a verdict fails, and so does
 * one that does not keep it.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { describedRoutes } from '../scripts/openapi/routes'
import { app } from '../src/app'
import { type Answer, anyone, type Client, type Person, signUp, stored } from './client'
import { UNKNOWN } from './fixtures/answers'
import { createComment, createPost, follow, like } from './fixtures/factories'
import { say } from './fixtures/messages'

/** Whom all this is about: somebody, and somebody whose account is private. Every text of theirs has their name. */
const PUBLIC_NAME = 'zubenel'
const PRIVATE_NAME = 'algieba'

/** In which relation somebody is to that person; the last three to a private account, which differs in nothing else. */
const ROLES = [
  'blocker',
  'blocked',
  'muter',
  'muted',
  'third',
  'signed out',
  'a stranger',
  'a follower',
  'a moderator',
] as const
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
  /** The stranger's, to follow. */
  request: number
  /** Of the post. */
  case: number
}

/**
 *   there     answers otherwise than for what nobody has; a list has it
 *   absent    answers to the letter as for what nobody has; a list has no trace of it
 *   empty     a list of what is theirs has nothing, and counts nothing
 *   refused   401
 *   forbidden 403, whatever there is
 */
type Verdict = 'there' | 'absent' | 'empty' | 'refused' | 'forbidden'
type Verdicts = Record<Role, Verdict>

const BLOCKS = { blocker: 'absent', blocked: 'absent' } as const
const THERE = { muter: 'there', muted: 'there', third: 'there', 'a follower': 'there' } as const
/** What everybody sees of a private account: that it is there, its profile, and what it says to others. */
const PUBLIC: Verdicts = {
  ...BLOCKS,
  ...THERE,
  'signed out': 'there',
  'a stranger': 'there',
  'a moderator': 'there',
}
const SIGNED_IN: Verdicts = { ...PUBLIC, 'signed out': 'refused' }
/** To whom it is closed: a role opens nothing outside of cases. */
const CLOSED = { 'a stranger': 'absent', 'a moderator': 'absent' } as const
/** What it keeps for followers. */
const FOLLOWERS: Verdicts = { ...PUBLIC, ...CLOSED }
const FOLLOWERS_SIGNED_IN: Verdicts = { ...SIGNED_IN, ...CLOSED }
/** Lists that leave out whom one mutes. */
const MUTABLE: Verdicts = { ...PUBLIC, muter: 'absent' }
/** Lists by the name of a person, whose they are. */
const LIST_OF: Verdicts = { ...PUBLIC, 'a stranger': 'empty', 'a moderator': 'empty' }
/** What is between that person and those who ask them. */
const NOBODY: Verdicts = {
  blocker: 'absent',
  blocked: 'absent',
  muter: 'absent',
  muted: 'absent',
  third: 'absent',
  'signed out': 'refused',
  'a stranger': 'absent',
  'a follower': 'absent',
  'a moderator': 'absent',
}
/** What staff do and see. */
const STAFF: Verdicts = {
  blocker: 'forbidden',
  blocked: 'forbidden',
  muter: 'forbidden',
  muted: 'forbidden',
  third: 'forbidden',
  'signed out': 'refused',
  'a stranger': 'forbidden',
  'a follower': 'forbidden',
  'a moderator': 'there',
}
/** What moderators find only by opening its case. */
const CASES_ONLY: Verdicts = { ...STAFF, 'a moderator': 'absent' }
/** What only admins do. */
const ADMINS: Verdicts = { ...STAFF, 'a moderator': 'forbidden' }
const BLOCKER_ONLY: Verdicts = { ...NOBODY, blocker: 'there' }
const MUTER_ONLY: Verdicts = { ...NOBODY, muter: 'there' }

type Ask = [method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, body?: object]
interface Route {
  verdicts: Verdicts
  /** What is asked for by name: compared with the same for what nobody has. */
  named?: (things: Things) => Ask[]
  /** Lists that have it, or have not. */
  lists?: (zoe: { id: number; post: number }, name: string) => string[]
}

const get = (path: string): Ask => ['get', path]

/** By the name of the operation. */
const ROUTES: Record<string, Route[]> = {
  // Before those below block: then there is nothing to report.
  createReport: [
    {
      verdicts: SIGNED_IN,
      named: ({ user, comment }) =>
        [{ profile: user }, { comment }].map(
          (thing): Ask => ['post', '/reports/', { ...thing, category: 'spam' }],
        ),
    },
    {
      verdicts: FOLLOWERS_SIGNED_IN,
      named: ({ post }) => [['post', '/reports/', { post, category: 'spam' }]],
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
    { verdicts: SIGNED_IN, lists: (_zoe, name) => [`/users/?username=${name}`] },
  ],
  getUserById: [{ verdicts: SIGNED_IN, named: ({ user }) => [get(`/users/${user}/`)] }],
  listProfiles: [
    {
      verdicts: PUBLIC,
      lists: () => [
        '/profiles/',
        '/profiles/?ordering=-posts_count',
        '/profiles/?ordering=followers_count',
        '/profiles/?ordering=title,-following_count',
        '/profiles/?page=last',
      ],
    },
    {
      verdicts: FOLLOWERS,
      lists: (zoe) => [
        `/profiles/?owner__following__followed__profile=${zoe.id}`,
        `/profiles/?owner__followed__owner__profile=${zoe.id}`,
        `/profiles/?owner__followed__owner__profile=${zoe.id}&ordering=-posts_count`,
        `/profiles/?owner__followed__owner__profile=${zoe.id}&owner__following__followed__profile=${zoe.id}`,
      ],
    },
    {
      verdicts: LIST_OF,
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
      verdicts: { ...MUTABLE, ...CLOSED },
      lists: (zoe, name) => [
        '/posts/',
        '/posts/?ordering=created_at',
        '/posts/?ordering=likes_count',
        '/posts/?ordering=-comments_count',
        '/posts/?ordering=-likes__created_at',
        '/posts/?ordering=title',
        `/posts/?search=${name}`,
        `/posts/?search=${name}&ordering=-likes_count`,
        `/posts/?search=${name.slice(0, 2)}`,
        `/posts/?followed=${zoe.id}`,
        `/posts/?followed=${zoe.id}&ordering=-likes_count`,
        `/posts/?followed=${zoe.id}&search=${name}`,
        `/posts/?liked=${zoe.id}`,
        `/posts/?liked=${zoe.id}&ordering=likes__created_at`,
        `/posts/?liked=${zoe.id}&followed=${zoe.id}`,
        '/posts/?page=last',
      ],
    },
    {
      verdicts: LIST_OF,
      named: ({ user, name }) => [
        get(`/posts/?owner=${user}`),
        get(`/posts/?owner=${user}&ordering=-likes_count`),
        get(`/posts/?owner=${user}&search=${name}`),
        get(`/posts/?followed=${user}`),
        get(`/posts/?liked=${user}`),
      ],
    },
  ],
  getPost: [{ verdicts: FOLLOWERS, named: ({ post }) => [get(`/posts/${post}/`)] }],
  replacePost: [
    {
      verdicts: FOLLOWERS_SIGNED_IN,
      named: ({ post }) => [
        ['put', `/posts/${post}/`, { title: 'x' }],
        ['put', `/posts/${post}/`, {}],
      ],
    },
  ],
  updatePost: [
    { verdicts: FOLLOWERS_SIGNED_IN, named: ({ post }) => [['patch', `/posts/${post}/`, { title: 'x' }]] },
  ],
  deletePost: [{ verdicts: FOLLOWERS_SIGNED_IN, named: ({ post }) => [['delete', `/posts/${post}/`]] }],

  listComments: [
    {
      verdicts: MUTABLE,
      lists: (zoe) => ['/comments/', `/comments/?post=${zoe.post}`, '/comments/?page=last'],
    },
    { verdicts: FOLLOWERS, named: ({ post }) => [get(`/comments/?post=${post}`)] },
  ],
  createComment: [
    {
      verdicts: FOLLOWERS_SIGNED_IN,
      named: ({ post }) => [
        ['post', '/comments/', { post, content: 'hello' }],
        ['post', '/comments/', { post }],
      ],
    },
  ],
  getComment: [
    { verdicts: PUBLIC, named: ({ comment }) => [get(`/comments/${comment}/`)] },
    { verdicts: FOLLOWERS, named: ({ ownComment }) => [get(`/comments/${ownComment}/`)] },
  ],
  replaceComment: [
    { verdicts: SIGNED_IN, named: ({ comment }) => [['put', `/comments/${comment}/`, { content: 'x' }]] },
    {
      verdicts: FOLLOWERS_SIGNED_IN,
      named: ({ ownComment }) => [['put', `/comments/${ownComment}/`, { content: 'x' }]],
    },
  ],
  updateComment: [
    { verdicts: SIGNED_IN, named: ({ comment }) => [['patch', `/comments/${comment}/`, {}]] },
    {
      verdicts: FOLLOWERS_SIGNED_IN,
      named: ({ ownComment }) => [
        ['patch', `/comments/${ownComment}/`, { content: '' }],
        ['patch', `/comments/${ownComment}/`, {}],
      ],
    },
  ],
  deleteComment: [
    { verdicts: SIGNED_IN, named: ({ comment }) => [['delete', `/comments/${comment}/`]] },
    { verdicts: FOLLOWERS_SIGNED_IN, named: ({ ownComment }) => [['delete', `/comments/${ownComment}/`]] },
  ],

  listLikes: [
    { verdicts: FOLLOWERS, lists: (zoe) => ['/likes/', `/likes/?post=${zoe.post}`, '/likes/?page=last'] },
    { verdicts: LIST_OF, named: ({ user }) => [get(`/likes/?owner=${user}`)] },
    { verdicts: FOLLOWERS, named: ({ post }) => [get(`/likes/?post=${post}`)] },
    { verdicts: PUBLIC, named: ({ user, post }) => [get(`/likes/?owner=${user}&post=${post}`)] },
  ],
  createLike: [
    {
      verdicts: FOLLOWERS_SIGNED_IN,
      named: ({ post, other }) => [post, other].map((id) => ['post', '/likes/', { post: id }]),
    },
  ],
  getLike: [
    {
      verdicts: FOLLOWERS,
      named: ({ like, ownLike }) => [get(`/likes/${like}/`), get(`/likes/${ownLike}/`)],
    },
  ],
  deleteLike: [
    {
      verdicts: FOLLOWERS_SIGNED_IN,
      named: ({ like, ownLike }) => [like, ownLike].map((id) => ['delete', `/likes/${id}/`]),
    },
  ],

  listFollowers: [
    {
      verdicts: FOLLOWERS,
      lists: (zoe) => [
        '/followers/',
        `/followers/?owner=${zoe.id}`,
        `/followers/?followed=${zoe.id}`,
        '/followers/?page=last',
      ],
    },
    {
      verdicts: LIST_OF,
      named: ({ user }) => [get(`/followers/?owner=${user}`), get(`/followers/?followed=${user}`)],
    },
  ],
  createFollower: [
    { verdicts: SIGNED_IN, named: ({ user }) => [['post', '/followers/', { followed: user }]] },
  ],
  getFollower: [
    {
      verdicts: FOLLOWERS,
      named: ({ followed, follow }) => [get(`/followers/${followed}/`), get(`/followers/${follow}/`)],
    },
  ],
  deleteFollower: [
    {
      verdicts: FOLLOWERS_SIGNED_IN,
      named: ({ followed, follow }) => [followed, follow].map((id) => ['delete', `/followers/${id}/`]),
    },
  ],
  listFollowRequests: [{ verdicts: NOBODY, lists: () => ['/follow-requests/'] }],
  acceptFollowRequest: [
    { verdicts: NOBODY, named: ({ request }) => [['post', `/follow-requests/${request}/accept/`]] },
  ],
  deleteFollowRequest: [
    {
      verdicts: { ...NOBODY, 'a stranger': 'there' },
      named: ({ request }) => [['delete', `/follow-requests/${request}/`]],
    },
  ],

  listBlocks: [{ verdicts: BLOCKER_ONLY, lists: () => ['/blocks/'] }],
  listMutes: [{ verdicts: MUTER_ONLY, lists: () => ['/mutes/'] }],

  listConversations: [
    { verdicts: SIGNED_IN, lists: (_zoe, name) => ['/messages/', `/messages/?search=${name}`] },
  ],
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

  listCases: [{ verdicts: STAFF, lists: () => ['/moderation/cases/?page_size=100'] }],
  getCase: [{ verdicts: STAFF, named: ({ case: id }) => [get(`/moderation/cases/${id}/`)] }],
  openCase: [
    {
      verdicts: STAFF,
      named: ({ user, other, comment }) =>
        [{ profile: user }, { post: other }, { comment }].map(
          (thing): Ask => ['post', '/moderation/cases/', thing],
        ),
    },
    {
      verdicts: CASES_ONLY,
      named: ({ user, message }) =>
        [{ conversation: user }, { message }].map((thing): Ask => ['post', '/moderation/cases/', thing]),
    },
  ],
  actOnCase: [
    {
      verdicts: STAFF,
      named: ({ case: id }) => [
        ['post', `/moderation/cases/${id}/actions/`, { action: 'warn', reason: 'spam', text: 'Stop it.' }],
      ],
    },
  ],
  moveCase: [
    {
      verdicts: STAFF,
      named: ({ case: id }) => [['patch', `/moderation/cases/${id}/`, { state: 'claimed' }]],
    },
  ],
  listStaffPosts: [
    {
      verdicts: CASES_ONLY,
      lists: (_zoe, name) => ['/moderation/posts/?page_size=100', `/moderation/posts/?search=${name}`],
    },
  ],
  listModerationLog: [{ verdicts: STAFF, lists: () => ['/moderation/log/'] }],
  listPeople: [{ verdicts: STAFF, lists: (_zoe, name) => [`/moderation/people/?search=${name}`] }],
  getPerson: [{ verdicts: STAFF, named: ({ user }) => [get(`/moderation/people/${user}/`)] }],
  setRole: [
    {
      verdicts: ADMINS,
      named: ({ user }) => [['patch', `/moderation/people/${user}/`, { role: 'moderator' }]],
    },
  ],
  getSettings: [{ verdicts: ADMINS, named: () => [get('/moderation/settings/')] }],
  updateSettings: [
    {
      verdicts: ADMINS,
      named: () => [['patch', '/moderation/settings/', { registration: 'closed' }]],
    },
  ],
  signOutPerson: [
    {
      verdicts: STAFF,
      named: ({ user }) => [['delete', `/moderation/people/${user}/sessions/`]],
    },
  ],
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
  // To whom images of messages are shown: images/private.test.ts.
  ...['getMessageImage', 'getSignedMessageImage'],
  // What channels tell: live/.
  'openChannel',
  // How much is unread: notifications.test.ts and boundaries.test.ts.
  ...['markNotificationsSeen', 'countUnread', 'getNotificationSettings', 'updateNotificationSettings'],
  ...['listSessions', 'endOtherSessions', 'endSession', 'exportAccount', 'createPost'],
  // Of one's own, and what is for staff but names nobody by itself: test/moderation/.
  ...['listNotices', 'createAppeal', 'getCaseImage', 'getStatistics', 'signOutPersonOnce'],
]

const viewers = new Map<Role, { viewer: Client; things: Things; posts: number[] }>()
let zoe: { id: number; post: number }

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
  request: UNKNOWN,
  case: UNKNOWN,
}

/** Somebody, what they have, and those who have to do with them. */
async function makeWorld(name: string, bystander: Person, roles: readonly Role[]): Promise<Person> {
  const subject = await signUp(name)
  const post = (await createPost(subject, { title: `The first of ${name}` })).id
  const other = (await createPost(subject, { title: `The second of ${name}` })).id
  const comment = (await createComment(subject, zoe.post, { content: `By ${name}` })).id
  const liked = (await like(subject, zoe.post)).id
  await like(bystander, post)
  await createComment(bystander, post, { content: 'Under theirs' })
  const followed = (await follow(subject, bystander)).id
  const follows = (await follow(bystander, subject)).id
  await bystander.post('/reports/', { post, category: 'spam' })
  const [opened] = await stored<{ id: number }>(
    "select id from cases where kind = 'post' and subject_id = ?",
    post,
  )
  for (const role of roles) {
    const viewer = await signUp(role.replace(' ', '-'))
    const isClosed = role in CLOSED
    if (role === 'a moderator') await stored("update users set role = 'moderator' where id = ?", viewer.id)
    await createComment(subject, (await createPost(viewer)).id, { content: `On yours by ${name}` })
    const ownMessage = (await say(viewer, subject, 'hello')).id
    await say(subject, viewer, `Once from ${name}`)
    const message = (await say(subject, viewer, `Twice from ${name}`)).id
    const things = {
      ...NOTHING,
      user: subject.id,
      name,
      post,
      other,
      comment,
      like: liked,
      follow: isClosed ? follows : (await follow(viewer, subject)).id,
      followed: isClosed ? followed : (await follow(subject, viewer)).id,
      message,
      case: opened?.id ?? 0,
      ownMessage,
      ownComment: (await createComment(viewer, post, { content: 'Mine' })).id,
      ownLike: (await like(viewer, post)).id,
    }
    viewers.set(role, { viewer, things, posts: [post, other] })
    if (role === 'blocked') await subject.post('/blocks/', { blocked: viewer.id })
    if (role === 'muted') await subject.post('/mutes/', { muted: viewer.id })
    if (role === 'blocker') things.block = (await viewer.post('/blocks/', { blocked: subject.id })).body.id
    if (role === 'muter') things.mute = (await viewer.post('/mutes/', { muted: subject.id })).body.id
  }
  return subject
}

beforeAll(async () => {
  const bystander = await signUp('zoe')
  zoe = { id: bystander.id, post: (await createPost(bystander, { title: 'Of another' })).id }
  await like(bystander, zoe.post)
  await makeWorld(PUBLIC_NAME, bystander, ['blocker', 'blocked', 'muter', 'muted', 'third'])
  const hidden = await makeWorld(PRIVATE_NAME, bystander, ['a stranger', 'a follower', 'a moderator'])
  await hidden.patch(`/profiles/${hidden.id}/`, { is_private: true })
  const [blocker, muter, third, stranger] = (['blocker', 'muter', 'third', 'a stranger'] as const).map(
    (role) => viewers.get(role),
  )
  if (!blocker || !muter || !third || !stranger) throw new Error('somebody is missing')
  const request = (await stranger.viewer.post('/followers/', { followed: hidden.id })).body.request_id
  for (const { things } of viewers.values())
    Object.assign(things, { block: blocker.things.block, mute: muter.things.mute, request })
  viewers.set('signed out', { ...third, viewer: anyone })
})

test('every route has its verdict', () => {
  const operations = describedRoutes(app).map(({ about }) => about.id)
  expect([...new Set(operations)].sort()).toEqual([...Object.keys(ROUTES), ...OF_NOBODY_ELSE].sort())
})

const send = (viewer: Client, [method, path, body]: Ask): Promise<Answer> =>
  method === 'get' ? viewer.get(path) : viewer[method](path, body)

/** Status and body; ids that the answer only repeats are left out. */
const told = ({ status, body }: Answer) => [status, JSON.stringify(body).replaceAll(/pk \\"\d+/g, 'pk')]

interface Row {
  post?: number
}
const rowsOf = ({ body }: Answer): Row[] => body.results ?? body

describe.each(Object.entries(ROUTES))('%s', (_operation, routes) => {
  test.each(ROLES)('for the one who is %s', async (role) => {
    const { viewer = anyone, things = NOTHING, posts = [] } = viewers.get(role) ?? {}
    for (const { verdicts, named, lists } of routes) {
      const verdict = verdicts[role]
      const asked = named?.(things) ?? []
      const unknown = named?.(NOTHING) ?? []
      for (const [i, ask] of asked.entries()) {
        const what = `${ask[0]} ${ask[1]} ${JSON.stringify(ask[2] ?? '')}`
        const ofNobody = unknown[i] && told(await send(viewer, unknown[i]))
        const answer = await send(viewer, ask)
        if (verdict === 'refused') expect(answer.status, what).toBe(401)
        else if (verdict === 'forbidden') expect([answer.status, ofNobody?.[0]], what).toEqual([403, 403])
        else if (verdict === 'absent') expect(told(answer), what).toEqual(ofNobody)
        else if (verdict === 'empty')
          expect(answer.body, what).toEqual({ count: 0, next: null, previous: null, results: [] })
        else expect(told(answer), what).not.toEqual(ofNobody)
      }
      for (const path of lists?.(zoe, things.name) ?? []) {
        const answer = await viewer.get(path)
        if (verdict === 'refused' || verdict === 'forbidden') {
          expect(answer.status, path).toBe(verdict === 'refused' ? 401 : 403)
          continue
        }
        expect(answer.status, path).toBe(200)
        expect(JSON.stringify(answer.body).includes(things.name), path).toBe(verdict === 'there')
        const onTheirs = rowsOf(answer).filter(({ post }) => post !== undefined && posts.includes(post))
        if (['blocker', 'blocked'].includes(role) || role in CLOSED) expect(onTheirs, path).toEqual([])
        // Counts that are kept are the same for all and name nobody; what is counted for who asks must not tell.
        if (verdict === 'absent' && path.endsWith(`=${things.name}`))
          expect(answer.body.count ?? answer.body.length, path).toBe(0)
      }
    }
  })
})
