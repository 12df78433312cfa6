/** Invents people, and what they did over the last year. Ids follow time, as they do in life. */
import { createHash } from 'node:crypto'
import { Argon2Type } from '@phi-ag/argon2'
import argon2 from '@phi-ag/argon2/node'
import { avatar, landscape } from './pictures.ts'
import { Random } from './random.ts'
import { person, reply, story, title } from './words.ts'

/** Everybody's. */
export const PASSWORD = 'Quiet-harbour-27'

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

export interface World {
  users: User[]
  posts: Post[]
  likes: Like[]
  comments: Comment[]
  followers: Follow[]
  /** PNGs by the SHA-256 of their bytes. */
  pictures: Map<string, Buffer>
}

/** 25 posts a person; a post has 8 likes and 2 comments, and people follow up to 40, or however many there are. */
export async function invent(people: number): Promise<World> {
  const random = new Random(people)
  const end = Math.floor(Date.now() / DAY) * DAY
  const pictures = new Map<string, Buffer>()
  const keep = (picture: Buffer): string => {
    const hash = createHash('sha256').update(picture).digest('hex')
    pictures.set(hash, picture)
    return hash
  }
  const landscapes = Array.from({ length: Math.min(80, 12 + Math.ceil(people / 4)) }, () =>
    keep(landscape(random)),
  )

  const passwordHash = await hashPassword()
  const users = inOrder(
    Array.from({ length: people }, (_, i) => ({
      ...person(random, i),
      passwordHash,
      image: random.chance(0.85) ? keep(avatar(random)) : null,
      // The first of the list have been there from the beginning, and so have had time to become known.
      createdAt: end - YEAR + Math.floor((i / people) * 0.6 * YEAR),
    })),
  )

  /** A moment after both, rather soon than late. */
  const after = (...moments: number[]) => {
    const from = Math.max(...moments)
    return from + Math.floor(random.number() ** 3 * (end - from))
  }

  const posts = inOrder(
    users.flatMap((user) =>
      Array.from({ length: random.between(5, 45) }, () => ({
        ownerId: user.id,
        title: title(random),
        content: story(random),
        image: random.chance(0.9) ? random.pick(landscapes) : null,
        filter: random.pick(FILTERS),
        createdAt: user.createdAt + Math.floor(random.number() * (end - user.createdAt)),
      })),
    ),
  )

  const likes = inOrder(
    posts.flatMap((post) =>
      some(random, users, random.between(0, Math.min(16, people))).map((user) => ({
        ownerId: user.id,
        postId: post.id,
        createdAt: after(user.createdAt, post.createdAt),
      })),
    ),
  )
  const comments = inOrder(
    posts.flatMap((post) =>
      some(random, users, random.between(0, Math.min(4, people))).map((user) => ({
        ownerId: user.id,
        postId: post.id,
        content: reply(random),
        createdAt: after(user.createdAt, post.createdAt),
      })),
    ),
  )
  const followers = inOrder(
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
  return { users, posts, likes, comments, followers, pictures }
}

/** The parameters of src/auth/password.ts; should they fall behind those, people's hashes are renewed as they log in. */
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

/** Oldest first, with ids to match. */
function inOrder<T extends { createdAt: number }>(rows: T[]): (T & { id: number })[] {
  return rows.sort((a, b) => a.createdAt - b.createdAt).map((row, i) => ({ id: i + 1, ...row }))
}

/** Up to so many of them, nobody twice. */
function some<T>(random: Random, from: readonly T[], size: number): T[] {
  return [...new Set(Array.from({ length: size }, () => random.pickPopular(from)))]
}
