/** Invents people and their activity of the last year. Ids are in order of time, as in real data. */
import { createHash } from 'node:crypto'
import { Argon2Type } from '@phi-ag/argon2'
import argon2 from '@phi-ag/argon2/node'
import { PASSWORD } from './account.ts'
import { avatar, landscape } from './images.ts'
import { Random } from './random.ts'
import { person, Writer } from './words.ts'

/** The most messages between the first and the last of a conversation. */
const MAX_LINES = 14

const DAY = 86_400_000
const YEAR = 365 * DAY
const FILTERS = [
  'normal',
  'normal',
  'normal',
  'normal',
  'lofi',
  'rise',
  'valencia',
  'walden',
  'inkwell',
  '_1977',
]

interface User {
  id: number
  username: string
  firstName: string
  lastName: string
  bio: string
  passwordHash: string
  image: string | null
  createdAt: number
}

interface Post {
  id: number
  ownerId: number
  title: string
  content: string
  image: string | null
  filter: string
  createdAt: number
}

interface Like {
  id: number
  ownerId: number
  postId: number
  createdAt: number
}

interface Comment extends Like {
  content: string
}

interface Follow {
  id: number
  ownerId: number
  followedId: number
  createdAt: number
}

interface Conversation {
  id: number
  /** The smaller id of the two, and the larger. */
  userA: number
  userB: number
  /** The `seq` of the last message that each has read. */
  readA: number
  readB: number
}

interface Message {
  id: number
  conversationId: number
  senderId: number
  content: string
  /** Its position in the conversation, from 1: nobody has edited or deleted anything. */
  seq: number
  createdAt: number
}

/** Tables with ids, which may already contain rows of others. */
export const TABLES = [
  'users',
  'posts',
  'likes',
  'comments',
  'followers',
  'conversations',
  'messages',
] as const

/** The largest id assigned in each table. */
export type LastIds = Record<(typeof TABLES)[number], number>

export interface World {
  users: User[]
  posts: Post[]
  likes: Like[]
  comments: Comment[]
  followers: Follow[]
  conversations: Conversation[]
  messages: Message[]
  /** PNGs by the SHA-256 of their bytes. */
  images: Map<string, Buffer>
}

/**
 * 25 posts a person. A post has 8 likes and 2 comments. People follow up to 40 others, or as many as there are, and write to up to 4. New ids follow
 * the existing ones.
 */
export async function invent(people: number, last: LastIds): Promise<World> {
  const random = new Random(people)
  const writer = new Writer(random)
  const end = Math.floor(Date.now() / DAY) * DAY
  const images = new Map<string, Buffer>()
  const keep = (image: Buffer): string => {
    const hash = createHash('sha256').update(image).digest('hex')
    images.set(hash, image)
    return hash
  }
  const landscapes = Array.from({ length: Math.min(80, 12 + Math.ceil(people / 4)) }, () =>
    keep(landscape(random)),
  )

  const passwordHash = await hashPassword()
  const users = inOrder(
    last.users,
    Array.from({ length: people }, (_, i) => ({
      ...person(random, i),
      bio: writer.bio(),
      passwordHash,
      image: random.chance(0.85) ? keep(avatar(random)) : null,
      // The first people of the list joined at the beginning, so they have had time to become popular.
      createdAt: end - YEAR + Math.floor((i / people) * 0.6 * YEAR),
    })),
  )

  /** A time after both, more likely soon than late. */
  const after = (...moments: number[]) => {
    const from = Math.max(...moments)
    return from + Math.floor(random.number() ** 3 * (end - from))
  }

  const posts = inOrder(
    last.posts,
    users.flatMap((user) =>
      Array.from({ length: random.between(5, 45) }, () => ({
        ownerId: user.id,
        title: writer.title(),
        content: random.chance(0.2) ? '' : writer.story(),
        image: random.chance(0.9) ? random.pick(landscapes) : null,
        filter: random.pick(FILTERS),
        createdAt: user.createdAt + Math.floor(random.number() * (end - user.createdAt)),
      })),
    ),
  )

  const likes = inOrder(
    last.likes,
    posts.flatMap((post) =>
      some(random, users, random.between(0, Math.min(16, people))).map((user) => ({
        ownerId: user.id,
        postId: post.id,
        createdAt: after(user.createdAt, post.createdAt),
      })),
    ),
  )
  const comments = inOrder(
    last.comments,
    posts.flatMap((post) =>
      some(random, users, random.between(0, Math.min(4, people))).map((user) => ({
        ownerId: user.id,
        postId: post.id,
        content: writer.reply(),
        createdAt: after(user.createdAt, post.createdAt),
      })),
    ),
  )
  const followers = inOrder(
    last.followers,
    users.flatMap((user) =>
      some(random, users, random.between(1, Math.min(40, people)))
        .filter(({ id }) => id !== user.id)
        .map((followed) => ({
          ownerId: user.id,
          followedId: followed.id,
          createdAt: after(user.createdAt, followed.createdAt),
        })),
    ),
  )
  const { conversations, messages } = talk(users)
  return { users, posts, likes, comments, followers, conversations, messages, images }

  /** Alice and Bob always talk. The author of the last message has read everything; the other may have read less. */
  function talk(users: User[]) {
    const conversations: Conversation[] = []
    const lines: Omit<Message, 'id'>[] = []
    const pairs = new Map<string, [User, User]>()
    const wanted = users.flatMap((user, i): [User, User][] =>
      [
        ...(i === 0 ? users.slice(1, 2) : []),
        ...some(random, users, random.between(0, Math.min(4, people))),
      ].map((other) => [user, other]),
    )
    for (const [one, other] of wanted) {
      const [a, b] = one.id < other.id ? [one, other] : [other, one]
      if (a !== b) pairs.set(`${a.id}-${b.id}`, [a, b])
    }
    for (const [a, b] of pairs.values()) {
      const id = last.conversations + conversations.length + 1
      const count = random.between(1, MAX_LINES)
      const moments = Array.from({ length: count }, () => after(a.createdAt, b.createdAt)).sort(
        (x, y) => x - y,
      )
      const senders = moments.map(() => (random.chance(0.5) ? a : b))
      moments.forEach((createdAt, i) => {
        const senderId = (senders[i] ?? a).id
        lines.push({ conversationId: id, senderId, content: writer.message(), seq: i + 1, createdAt })
      })
      const isRead = random.chance(0.6)
      const read = (reader: User) =>
        isRead || senders[count - 1] === reader ? count : random.between(0, count - 1)
      conversations.push({ id, userA: a.id, userB: b.id, readA: read(a), readB: read(b) })
    }
    return { conversations, messages: inOrder(last.messages, lines) }
  }
}

/** The parameters of src/auth/password.ts. If those change, hashes are renewed when people log in. */
async function hashPassword(): Promise<string> {
  const salt = new TextEncoder().encode('everybody alike!')
  const { encoded } = (await argon2()).hash(PASSWORD, {
    type: Argon2Type.Argon2id,
    memoryCost: 19_456,
    timeCost: 2,
    parallelism: 1,
    hashLength: 32,
    salt,
  })
  return encoded
}

/** Sorts the rows by time, oldest first, and numbers them from `last` + 1. */
function inOrder<T extends { createdAt: number }>(last: number, rows: T[]): (T & { id: number })[] {
  return rows.sort((a, b) => a.createdAt - b.createdAt).map((row, i) => ({ id: last + i + 1, ...row }))
}

/** Up to this many of them, without repetition. */
function some<T>(random: Random, from: readonly T[], size: number): T[] {
  return [...new Set(Array.from({ length: size }, () => random.pickPopular(from)))]
}
