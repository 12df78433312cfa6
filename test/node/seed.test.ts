/** What the seed invents; that it goes into the database beside what is there, test:readme sees. */
import { beforeAll, describe, expect, it } from 'vitest'
import { invent, type LastIds, type World } from '../../scripts/seed/invent.ts'

const EMPTY: LastIds = {
  users: 0,
  posts: 0,
  likes: 0,
  comments: 0,
  followers: 0,
  conversations: 0,
  messages: 0,
}

describe('the seed', () => {
  let world: World
  beforeAll(async () => {
    world = await invent(50, EMPTY)
  })

  it('never says a thing twice', () => {
    const texts = [
      world.posts.map(({ title }) => title),
      world.posts.flatMap(({ content }) => content || []),
      world.comments.map(({ content }) => content),
      world.messages.map(({ content }) => content),
    ]
    for (const ofKind of texts) {
      expect(ofKind.length).toBeGreaterThan(300)
      expect(new Set(ofKind).size).toBe(ofKind.length)
      // By its words, not by a number at its end.
      expect(ofKind.filter((text) => /\(\d+\)$/.test(text)).length).toBeLessThan(ofKind.length / 50)
    }
    expect(new Set(world.users.map(({ bio }) => bio)).size).toBe(world.users.length)
  })

  it('does not repeat itself, nor number what it says, among 1,000 people either', async () => {
    const { users, posts, comments, messages } = await invent(1000, EMPTY)
    const texts = [
      users.map(({ bio }) => bio),
      posts.map(({ title }) => title),
      posts.flatMap(({ content }) => content || []),
      comments.map(({ content }) => content),
      messages.map(({ content }) => content),
    ]
    for (const ofKind of texts) {
      expect(new Set(ofKind).size).toBe(ofKind.length)
      expect(ofKind.filter((text) => /\(\d+\)$/.test(text))).toEqual([])
    }
    for (const { bio } of users) expect(bio).not.toMatch(/Fond of (.*) and \1\.$/)
  }, 120_000)

  it('has conversations, of alice and bob too, read and unread', () => {
    const [alice, bob] = world.users
    expect([alice?.username, bob?.username]).toEqual(['alice', 'bob'])
    expect(world.conversations).toContainEqual(expect.objectContaining({ userA: alice?.id, userB: bob?.id }))
    const pairs = world.conversations.map(({ userA, userB }) => `${userA} ${userB}`)
    expect(new Set(pairs).size).toBe(pairs.length)
    let unread = 0
    for (const { id, userA, userB, readA, readB } of world.conversations) {
      expect(userA).toBeLessThan(userB)
      const thread = world.messages.filter(({ conversationId }) => conversationId === id)
      expect(thread.map(({ seq }) => seq)).toEqual(thread.map((_, i) => i + 1))
      for (const { senderId } of thread) expect([userA, userB]).toContain(senderId)
      // Whoever wrote last has read all of it.
      expect(thread.at(-1)?.senderId === userA ? readA : readB).toBe(thread.length)
      unread += 2 * thread.length - readA - readB
    }
    expect(unread).toBeGreaterThan(0)
  })

  it('is the same each time, and comes after the ids that there are', async () => {
    const last = { users: 7, posts: 1, likes: 2, comments: 3, followers: 4, conversations: 5, messages: 6 }
    const later = await invent(50, last)
    for (const table of [
      'users',
      'posts',
      'likes',
      'comments',
      'followers',
      'conversations',
      'messages',
    ] as const)
      expect(later[table].map(({ id }) => id)).toEqual(world[table].map(({ id }) => id + last[table]))
    expect(later.posts.map(({ title }) => title)).toEqual(world.posts.map(({ title }) => title))
    expect(later.comments[0]).toMatchObject({
      ownerId: (world.comments[0]?.ownerId ?? 0) + last.users,
      postId: (world.comments[0]?.postId ?? 0) + last.posts,
    })
  })
})
