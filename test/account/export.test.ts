/** `GET /export/`, and taking it in again. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { readExport } from '../../scripts/import-account/read'
import { type Exported, importStatements } from '../../scripts/import-account/statements'
import { readZip } from '../../scripts/import-account/zip'
import { exportEntries, START } from '../../src/account/export'
import { openDb } from '../../src/db/client'
import { KEPT_VALUES } from '../../src/db/kept'
import { zip } from '../../src/http/zip'
import { jwt } from '../auth-helpers'
import { anyone, client, deleteByHand, download, type Person, signUp, stored } from '../client'
import { createComment, createPost, follow, like } from '../fixtures/factories'
import { say, show } from '../fixtures/messages'
import { file, freshPng } from '../fixtures/uploads'

let casts = 0
let alice: Person
let bob: Person
/** Alice, with a row of every kind, and odd texts in them. */
beforeEach(async () => {
  casts += 1
  alice = await signUp(`alice${casts}`, { email: `alice${casts}@example.com` })
  bob = await signUp(`bob${casts}`)
  const hers = await createPost(alice, {
    title: "It's “hers”;\n--",
    image: file(freshPng()),
    image_filter: 'lofi',
  })
  await createPost(alice, { title: 'long', content: `${'é'.repeat(70_000)}'end` })
  const his = await createPost(bob, { title: 'his' })
  await createComment(alice, his.id, { content: 'on his' })
  await createComment(alice, hers.id, { content: "on 'hers'" })
  await like(alice, his.id)
  await like(alice, hers.id)
  await follow(alice, bob)
  await follow(bob, alice)
  await say(alice, bob, "it's hers")
  await say(bob, alice, 'his')
  await show(alice, bob, 'shown')
  await alice.patch(`/profiles/${alice.id}/`, { name: "A'", content: 'me' })
})

const get = (who: Person | ReturnType<typeof client>, query = '') => download(`/export/${query}`, who.headers)

/** Everything that somebody has, by parts of a few pages. */
async function exportOf(userId: number, part = { calls: 300, bytes: 50_000_000 }) {
  const files: Uint8Array[] = []
  for (let place: Parameters<typeof exportEntries>[3] | undefined = START; place; ) {
    const chunks: Uint8Array[] = []
    for await (const chunk of zip(exportEntries(openDb(env.DB, { primary: true }), env, userId, place, part)))
      chunks.push(chunk)
    const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
    let offset = 0
    for (const chunk of chunks) {
      bytes.set(chunk, offset)
      offset += chunk.length
    }
    files.push(bytes)
    const [, manifest] = [...readZip(bytes)].find(([name]) => name.startsWith('part-')) ?? []
    const { next } = JSON.parse(new TextDecoder().decode(manifest))
    const [kind, ...after] = (next ?? '').split('-')
    place = next ? [kind, ...after.map(Number)] : undefined
  }
  return files
}

/** What is said of the same person, wherever they are. */
const comparable = ({ account, ...rest }: Exported) => ({
  ...rest,
  account: account.map((row) => ({ ...row, sessions: undefined })),
})

describe('GET /export/', () => {
  it('401 for nobody, 400 for a part that is none', async () => {
    expect((await anyone.get('/export/')).status).toBe(401)
    for (const part of ['nothing', 'posts-x', 'posts--1', 'toString'])
      expect((await alice.get(`/export/?part=${part}`)).body).toEqual({ part: ['Invalid part.'] })
  })

  it('is a zip file of all that is theirs, and of nobody else', async () => {
    await createPost(bob, { title: 'not hers' })
    const { status, headers, bytes } = await get(alice)
    expect([status, headers.get('content-type')]).toEqual([200, 'application/zip'])
    expect(headers.get('content-disposition')).toContain('attachment')
    const { exported, images } = readExport([bytes])
    expect(exported.account).toMatchObject([
      {
        username: alice.username,
        email: `${alice.username}@example.com`,
        profile: { name: "A'", content: 'me' },
      },
    ])
    expect(exported.posts.map(({ title }) => title)).toEqual(["It's “hers”;\n--", 'long'])
    expect(exported.comments.map(({ content, post }) => [content, post.owner])).toEqual([
      ['on his', bob.username],
      ["on 'hers'", alice.username],
    ])
    expect(exported.likes.map(({ post }) => post.owner)).toEqual([bob.username, alice.username])
    expect([exported.following, exported.followers]).toMatchObject([
      [{ username: bob.username }],
      [{ username: bob.username }],
    ])
    expect(
      exported.messages.map(({ with: other, is_sender, content }) => [other, is_sender, content]),
    ).toEqual([
      [bob.username, true, "it's hers"],
      [bob.username, false, 'his'],
      [bob.username, true, 'shown'],
    ])
    expect([...images.keys()].map((hash) => `images/${hash}`)).toEqual(
      [exported.posts[0]?.image, exported.messages[2]?.image].filter(Boolean),
    )
    expect(new TextDecoder().decode(bytes)).not.toMatch(/argon2|not hers/)
  })

  it('has what they have reported, and what moderators did to them; not what others said', async () => {
    const mean = await say(bob, alice, 'mean words')
    await alice.post('/reports/', { message: mean.id, category: 'harassment', text: 'It hurts.' })
    await bob.post('/reports/', { profile: alice.id, category: 'spam', text: 'Not hers.' })
    await stored(
      `insert into moderation_actions (id, action, user_id, kind, subject_id, reason, text, is_notice, created_at)
       values ((select coalesce(max(id), 0) + 1 from moderation_actions), 'warn', ?, 'profile', ?, 'spam', 'Stop it.', 1, 1)`,
      ...[alice.id, alice.id],
    )
    const [whole = new Uint8Array()] = await exportOf(alice.id)
    const entries = readZip(whole)
    const rows = (name: string) => JSON.parse(new TextDecoder().decode(entries.get(`${name}.json`)))[name]
    expect(rows('reports')).toEqual([
      { kind: 'message', category: 'harassment', text: 'It hurts.', created: expect.any(String) },
    ])
    expect(rows('notices')).toEqual([
      {
        action: 'warn',
        reason: 'spam',
        text: 'Stop it.',
        kind: 'profile',
        until: null,
        created: '1970-01-01T00:00:00.001Z',
        appeal: null,
      },
    ])
    expect(new TextDecoder().decode(whole)).not.toContain('Not hers')
  })

  it('begins once an hour; its parts can be had again for a day', async () => {
    expect((await alice.get('/export/?part=account')).status).toBe(429)
    expect((await get(alice)).status).toBe(200)
    const again = await alice.get('/export/')
    expect([again.status, again.headers.get('retry-after')]).toEqual([429, '3600'])
    expect(readExport([(await get(alice, '?part=account')).bytes]).exported.posts).toHaveLength(2)
    await stored('update account_exports set started_at = started_at - 3600000 where user_id = ?', alice.id)
    expect((await get(alice)).status).toBe(200)
    await stored('update account_exports set started_at = 1 where user_id = ?', alice.id)
    expect((await alice.get('/export/?part=account')).status).toBe(429)
  })

  it('a large account comes in parts, which are the same together', async () => {
    for (let i = 0; i < 45; i++) await createPost(alice, { title: `post ${i}` })
    const whole = await exportOf(alice.id)
    const parts = await exportOf(alice.id, { calls: 1, bytes: 50_000_000 })
    const light = await exportOf(alice.id, { calls: 300, bytes: 1 })
    expect([whole.length, parts.length > 8, light.length > 4]).toEqual([1, true, true])
    expect(readExport(parts)).toEqual(readExport(whole))
    expect(readExport(light)).toEqual(readExport(whole))
    expect(() => readExport(parts.slice(1))).toThrow('"account" of the export is missing')
    expect(() => readExport([whole[0]?.slice(0, -1) ?? new Uint8Array()])).toThrow('no whole zip file')
  })

  it('an image that the bucket has lost is left out', async () => {
    const before = readExport(await exportOf(alice.id))
    const [hash = ''] = before.images.keys()
    await env.MEDIA.delete(hash)
    const { exported, images } = readExport(await exportOf(alice.id))
    expect([exported, images.has(hash), images.size]).toEqual([
      before.exported,
      false,
      before.images.size - 1,
    ])
  })
})

describe('import-account', () => {
  it('makes of an export what it was made of: import(export(x)) is x', async () => {
    const { exported, images } = readExport(await exportOf(alice.id))
    await deleteByHand(alice.id)
    for (const hash of images.keys()) expect(await env.MEDIA.get(hash)).not.toBeNull()
    for (const statement of importStatements(exported, alice.username)) {
      expect(new TextEncoder().encode(statement).length).toBeLessThan(100_000)
      await stored(statement)
    }
    const [row] = await stored<{ id: number }>('select id from users where username = ?', alice.username)
    const again = readExport(await exportOf(row?.id ?? 0))
    expect(comparable(again.exported)).toEqual(comparable(exported))
    expect(again.images).toEqual(images)
    for (const { name, differences } of KEPT_VALUES) expect(await stored(differences), name).toEqual([])
    // A conversation goes on as any other.
    const back = client({ authorization: `Bearer ${await jwt({ user_id: row?.id })}` })
    const sent = await back.post(`/messages/${bob.id}/send/`, { content: 'I am here' })
    expect([sent.status, sent.body.seq]).toEqual([201, 4])
    const login = await anyone.post('/dj-rest-auth/login/', { username: alice.username, password: '' })
    expect(login.status).toBe(400)
  })

  it('where nobody else is, what belongs to others stays away; under another name, all of their own comes', async () => {
    const { exported } = readExport(await exportOf(alice.id))
    const alone = {
      ...exported,
      comments: exported.comments.filter(({ post }) => post.owner === alice.username),
      likes: exported.likes.filter(({ post }) => post.owner === alice.username),
      messages: [],
      following: [],
      followers: [],
    }
    await deleteByHand(bob.id)
    const name = `new-${alice.username}`
    for (const statement of importStatements(exported, name)) await stored(statement)
    const [row] = await stored<{ id: number; email: string }>(
      'select id, email from users where username = ?',
      name,
    )
    // The address is somebody's here.
    expect(row?.email).toBe('')
    const again = readExport(await exportOf(row?.id ?? 0)).exported
    expect(again.posts).toEqual(alone.posts)
    expect(again.comments.map(({ content }) => content)).toEqual(alone.comments.map(({ content }) => content))
    expect([again.likes.length, again.following, again.messages]).toEqual([1, [], []])
  })
})
