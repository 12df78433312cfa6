/** `@name` in posts and comments: whom it means, where it stands, and who is told. */
import { beforeEach, describe, expect, it } from 'vitest'
import { MAX_MENTIONS } from '../../src/db/mentions'
import { anyone, type Person, signUp, stored } from '../client'
import { createComment, createPost, signUpCast } from '../fixtures/factories'

const { alice, bob, carol } = await signUpCast()

const kinds = async (person: Person) =>
  (await person.get('/notifications/')).body.results.map(({ kind }: { kind: string }) => kind)
const told = async (kind: string) =>
  (await stored('select recipient_id from notifications where kind = ? order by 1', kind)).map(
    ({ recipient_id }) => recipient_id,
  )
const named = (user: Person, start: number, end: number, field = 'content') => ({
  field,
  user: user.id,
  start,
  end,
})

beforeEach(async () => {
  await stored('delete from notifications')
})

describe('what is a mention', () => {
  it.each<[string, string, [Person, number, number][]]>([
    [
      'a name, wherever it stands',
      '@bob and @carol',
      [
        [bob, 0, 4],
        [carol, 9, 15],
      ],
    ],
    ['in any case', 'hi @BOB', [[bob, 3, 7]]],
    ['behind characters that take two units', '🌅🌅 @bob', [[bob, 3, 7]]],
    [
      'before what ends a sentence',
      'with @bob. And @carol...',
      [
        [bob, 5, 9],
        [carol, 15, 21],
      ],
    ],
    ['in brackets, before an apostrophe', "(@bob's)", [[bob, 1, 5]]],
    [
      'twice',
      '@bob @bob',
      [
        [bob, 0, 4],
        [bob, 5, 9],
      ],
    ],
    ['no name that nobody has', '@nobody @bobby @', []],
    ['no address', 'bob@carol, bob@bob.example', []],
    ['none in a row', '@@bob @bob@carol', []],
  ])('%s', async (_, content, mentions) => {
    const { id: post } = await createPost(alice)
    const expected = mentions.map(([user, start, end]) => named(user, start, end))
    const comment = await createComment(alice, post, { content })
    expect(comment.mentions).toEqual(expected)
    expect((await anyone.get(`/comments/${comment.id}/`)).body.mentions).toEqual(expected)
    const titled = await createPost(alice, { title: content, content })
    expect(titled.mentions).toEqual([
      ...mentions.map(([user, start, end]) => named(user, start, end, 'title')),
      ...expected,
    ])
    expect((await anyone.get(`/posts/${titled.id}/`)).body.mentions).toEqual(titled.mentions)
    const { body } = await anyone.get('/posts/?page_size=1')
    expect(body.results[0].mentions).toEqual(titled.mentions)
  })

  it('the longer name where nobody has the shorter', async () => {
    const dot = await signUp('dot.')
    const { mentions } = await createComment(alice, (await createPost(alice)).id, { content: 'See @dot.' })
    expect(mentions).toEqual([named(dot, 4, 9)])
  })

  it('the first ten', async () => {
    const names = Array.from({ length: MAX_MENTIONS + 1 }, (_, i) => `crowd${i}`)
    for (const name of names) await signUp(name)
    const { id: post } = await createPost(alice)
    const content = names.map((name) => `@${name}`).join(' ')
    const answer = await bob.post('/comments/', { post, content })
    expect(answer.body.mentions).toHaveLength(MAX_MENTIONS)
    expect(await told('comment_mention')).toHaveLength(MAX_MENTIONS)
    const plain = await bob.post('/comments/', { post, content: 'Nobody' })
    expect(answer.cost.written - plain.cost.written).toBe(2 * MAX_MENTIONS)
    expect(answer.cost.calls).toBe(1)
  })

  it('nobody whose account is deleted', async () => {
    const dave = await signUp('dave')
    await stored('insert into deleted_accounts (user_id, deleted_at) values (?, 0)', dave.id)
    const { mentions } = await createComment(alice, (await createPost(alice)).id, { content: '@dave' })
    expect([mentions, await told('comment_mention')]).toEqual([[], []])
  })

  it('nobody who blocks the author, or is blocked by them', async () => {
    const { id: post } = await createPost(alice)
    for (const [owner, blocked] of [
      [bob, carol],
      [carol, bob],
    ] as const) {
      const { body } = await owner.post('/blocks/', { blocked: blocked.id })
      const { mentions } = await createComment(bob, post, { content: '@carol' })
      expect([mentions, await told('comment_mention')]).toEqual([[], []])
      expect((await owner.delete(`/blocks/${body.id}/`)).status).toBe(204)
    }
  })

  it('the same answer under the same key', async () => {
    const { id: post } = await createPost(alice)
    const send = () => bob.post('/comments/', { post, content: 'hi @carol' }, { 'idempotency-key': 'named' })
    expect((await send()).body).toEqual((await send()).body)
    expect(await told('comment_mention')).toEqual([carol.id])
  })
})

describe('who is told', () => {
  it('whom a post names, once, and not its owner', async () => {
    const { id: post } = await createPost(alice, { title: 'With @bob', content: '@bob, @alice and @carol' })
    expect(await told('post_mention')).toEqual([bob.id, carol.id])
    expect((await bob.get('/notifications/')).body.results).toMatchObject([
      { kind: 'post_mention', post, comment: null, actors: [{ id: alice.id }], count: 1 },
    ])
    await alice.delete(`/posts/${post}/`)
    expect(await told('post_mention')).toEqual([])
  })

  it('one comment is told to somebody once', async () => {
    const { id: post } = await createPost(alice)
    await createComment(carol, post)
    await stored('delete from notifications')
    const { id } = await createComment(bob, post, { content: '@alice @carol @bob' })
    expect([await kinds(alice), await kinds(carol), await kinds(bob)]).toEqual([
      ['comment'],
      ['comment_mention'],
      [],
    ])
    await bob.delete(`/comments/${id}/`)
    expect(await stored('select * from notifications')).toEqual([])
  })

  it('a change tells whom it adds, takes it back from whom it drops, and no others again', async () => {
    const { id: post } = await createPost(alice, { content: '@bob' })
    const [before] = await stored('select seq from notifications where recipient_id = ?', bob.id)
    const patched = await alice.patch(`/posts/${post}/`, { title: 'Hello @carol' })
    expect(patched.body.mentions).toEqual([named(carol, 6, 12, 'title'), named(bob, 0, 4)])
    expect(await told('post_mention')).toEqual([bob.id, carol.id])
    expect(await stored('select seq from notifications where recipient_id = ?', bob.id)).toEqual([before])
    await alice.patch(`/posts/${post}/`, { content: 'nobody' })
    expect(await told('post_mention')).toEqual([carol.id])

    const comment = await createComment(alice, post, { content: '@bob' })
    const edited = await alice.patch(`/comments/${comment.id}/`, { content: 'or @carol' })
    expect(edited.body.mentions).toEqual([named(carol, 3, 9)])
    expect(await told('comment_mention')).toEqual([carol.id])
  })

  it('nobody who does not want it', async () => {
    await carol.patch('/notification-settings/', { post_mention: 'off' })
    await createPost(alice, { content: '@bob @carol' })
    expect(await told('post_mention')).toEqual([bob.id])
    await carol.patch('/notification-settings/', { post_mention: 'list' })
  })
})
