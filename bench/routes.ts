/** The measured requests, as clients send them. */
import { randomBytes } from 'node:crypto'
import { imageEtag, imageHash } from './fill.ts'
import { noise } from './png.ts'
import { ORIGIN } from './server.ts'
import {
  accessOf,
  COMMENTED_POST,
  DISCUSSED_POST,
  FRIENDS,
  LIKABLE,
  PASSWORD,
  refreshOfViewer,
  STRANGERS,
  VIEWER,
  WORDS,
} from './world.ts'

export interface Call {
  method: string
  path: string
  headers: Record<string, string>
  body?: Buffer | undefined
}

/** The state of one connection in a route that takes several requests. */
export interface Place {
  connection: number
  /** Requests sent so far. */
  made: number
  /** The answer to the previous request. */
  body: Buffer
}

export interface Route {
  name: string
  /** How the limit finds the statements of a request: for reads by the whole address, for writes by name. */
  kind: 'read' | 'write'
  next: (place: Place) => Call
  /** The number of requests before the route starts over. */
  steps?: number
}

const bearer = { authorization: `Bearer ${accessOf(VIEWER)}` }
const host = { host: new URL(ORIGIN).host }
const json = { 'content-type': 'application/json' }
const encode = (value: object) => Buffer.from(JSON.stringify(value))

/** `deep` is a cursor far into the posts. */
export function routes(deep: string): Route[] {
  const read = (name: string, ...paths: string[]): Route => ({
    name,
    kind: 'read',
    next: ({ made }) => ({
      method: 'GET',
      path: paths[made % paths.length] ?? '',
      headers: { ...host, ...bearer },
    }),
  })
  return [
    read('posts', '/posts/'),
    read('posts at a deep cursor', `/posts/?cursor=${deep}`),
    read('posts by likes', '/posts/?ordering=-likes_count'),
    read('posts searched', `/posts/?search=${WORDS.rare}`),
    read('feed', `/posts/?owner__followed__owner__profile=${VIEWER}`),
    read('post', ...some((i) => `/posts/${1 + i * 37}/`)),
    read('profiles', '/profiles/?page_size=20'),
    read('profile', ...some((i) => `/profiles/${1 + i * 7}/`)),
    read('comments of a post', `/comments/?post=${COMMENTED_POST}`),
    read('conversations', '/messages/'),
    read('thread', ...some((i) => `/messages/${FRIENDS[i]}/?cursor=&page_size=50`)),
    { name: 'send message', kind: 'write', next: ({ made }) => message(FRIENDS[made % FRIENDS.length] ?? 0) },
    {
      name: 'like + unlike',
      kind: 'write',
      steps: 2,
      next: ({ made, connection, body }) =>
        made % 2 === 0
          ? post('/likes/', { post: LIKABLE[connection] })
          : { method: 'DELETE', path: `/likes/${idOf(body)}/`, headers: { ...host, ...bearer } },
    },
    {
      name: 'follow + unfollow',
      kind: 'write',
      steps: 2,
      next: ({ made, connection, body }) =>
        made % 2 === 0
          ? post('/followers/', { followed: STRANGERS[connection] })
          : { method: 'DELETE', path: `/followers/${idOf(body)}/`, headers: { ...host, ...bearer } },
    },
    {
      name: 'comment',
      kind: 'write',
      next: () => post('/comments/', { post: DISCUSSED_POST, content: CONTENT }),
    },
    {
      name: 'login',
      kind: 'write',
      next: () => ({
        method: 'POST',
        path: '/dj-rest-auth/login/',
        headers: { ...host, ...json },
        body: encode({ username: `person${VIEWER}`, password: PASSWORD }),
      }),
    },
    {
      name: 'refresh',
      kind: 'write',
      next: () => ({
        method: 'POST',
        path: '/dj-rest-auth/token/refresh/',
        headers: { ...host, ...json },
        body: REFRESH,
      }),
    },
    {
      name: 'image',
      kind: 'read',
      next: () => ({ method: 'GET', path: `/media/${imageHash}`, headers: host }),
    },
    {
      name: 'image, not modified',
      kind: 'read',
      next: () => ({
        method: 'GET',
        path: `/media/${imageHash}`,
        headers: { ...host, 'if-none-match': imageEtag },
      }),
    },
    { name: 'post with an image', kind: 'write', next: () => upload() },
  ]
}

const REFRESH = encode({ refresh: refreshOfViewer() })
const some = (path: (i: number) => string) => Array.from({ length: 16 }, (_, i) => path(i))
const idOf = (body: Buffer): number => JSON.parse(body.toString()).id

const post = (path: string, body: object): Call => ({
  method: 'POST',
  path,
  headers: { ...host, ...bearer, ...json },
  body: encode(body),
})

export const CONTENT = 'On the ten o’clock train, second carriage.'
export const message = (to: number): Call => post(`/messages/${to}/send/`, { content: CONTENT })

export const TITLE = 'a new image of the pier'

function upload(): Call {
  const boundary = `----${randomBytes(12).toString('hex')}`
  const part = (disposition: string) => `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`
  const body = Buffer.concat([
    Buffer.from(`${part('name="title"')}\r\n${TITLE}\r\n`),
    Buffer.from(`${part('name="image"; filename="pier.png"')}Content-Type: image/png\r\n\r\n`),
    noise(200_000),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
  const type = `multipart/form-data; boundary=${boundary}`
  return { method: 'POST', path: '/posts/', headers: { ...host, ...bearer, 'content-type': type }, body }
}
