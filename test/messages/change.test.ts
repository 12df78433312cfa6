import { describe, expect, it } from 'vitest'
import { type Answer, form, stored } from '../client'
import { NOT_FOUND } from '../fixtures/answers'
import { signUpCast, signUpPair } from '../fixtures/factories'
import { png } from '../fixtures/images'
import { conversationWith, fresh, imageHash, messageRow, say, show, thread } from '../fixtures/messages'
import { gone, isStored } from '../fixtures/uploads'

const { alice, bob, carol } = await signUpCast()
const EMPTY = { non_field_errors: ['A message needs content or an image.'] }
const ids = (page: Answer['body']): number[] => page.results.map(({ id }: { id: number }) => id)

describe('PUT and PATCH /messages/:id/update/ (MessageUpdateTests)', () => {
  it.each(['patch', 'put'] as const)('%s by the sender changes the text and says when', async (method) => {
    const before = await say(alice, bob, 'before')
    const { status, body } = await alice[method](`/messages/${before.id}/update/`, { content: ' after ' })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      id: before.id,
      content: 'after',
      timestamp: before.timestamp,
      seq: before.seq,
      last_message: 'after',
    })
    expect(Date.parse(body.edited_at)).toBeGreaterThanOrEqual(Date.parse(before.timestamp))
    expect(await messageRow(before.id)).toMatchObject({ content: 'after' })
    expect((await thread(bob, alice)).results.at(-1)).toMatchObject({
      content: 'after',
      edited_at: body.edited_at,
    })
  })

  it('by others: 403, unknown: 404; before anything is said of the body', async () => {
    const { id } = await say(alice, bob, 'mine')
    for (const other of [bob, carol]) {
      const answer = await other.patch(`/messages/${id}/update/`, { content: ['x'] })
      expect([answer.status, answer.body]).toEqual([
        403,
        { detail: ['You do not have permission to edit this message.'] },
      ])
    }
    expect(await messageRow(id)).toMatchObject({ content: 'mine', edited_at: null })
    for (const unknown of ['999999', '0', '99999999999999999999'])
      expect((await alice.patch(`/messages/${unknown}/update/`, { content: ['x'] })).body).toEqual({
        detail: ['Not found.'],
      })
  })

  it('keeps the image unless a new one comes', async () => {
    const { id, image, hash } = await show(alice, bob, 'look')
    const path = `/messages/${id}/update/`
    expect((await alice.patch(path, { content: 'look!' })).body).toMatchObject({ content: 'look!', image })
    expect((await alice.put(path, form({ content: '' }))).body).toMatchObject({ content: '', image })
    const replaced = (await alice.patch(path, form({ image: fresh() }))).body
    expect(replaced.image).not.toBe(image)
    expect(replaced.content).toBe('')
    await gone(hash)
    expect(await isStored(await imageHash(id))).toBe(true)
  })

  it.each<[string, unknown]>([
    ['null', { image: null }],
    ['a blank part', form({ image: '' })],
    ['an empty file input', form({ image: new File([], '') })],
  ])('removes the image for %s, while text is left', async (_, body) => {
    const { id, hash } = await show(alice, bob, 'look')
    const answer = await alice.patch(`/messages/${id}/update/`, body)
    expect([answer.status, answer.body.image, answer.body.content]).toEqual([200, null, 'look'])
    expect(await messageRow(id)).toMatchObject({ image: null })
    await gone(hash)
  })

  it('a message keeps text or an image', async () => {
    const text = await say(alice, bob, 'text')
    const image = await show(alice, bob)
    for (const [{ id }, body] of [
      [text, { content: ' ' }],
      [image, { image: null }],
      [image, { content: '', image: null }],
    ] as const) {
      const answer = await alice.patch(`/messages/${id}/update/`, body)
      expect([answer.status, answer.body]).toEqual([400, EMPTY])
    }
    expect(await messageRow(text.id)).toMatchObject({ content: 'text', edited_at: null })
    expect(await messageRow(image.id)).toMatchObject({ image: image.hash, edited_at: null })
    expect(
      (await alice.patch(`/messages/${text.id}/update/`, form({ content: '', image: fresh() }))).status,
    ).toBe(200)
    // Two edits that together would leave nothing: one of them is refused.
    const both = await show(alice, bob, 'both')
    const answers = await Promise.all([
      alice.patch(`/messages/${both.id}/update/`, { content: '' }),
      alice.patch(`/messages/${both.id}/update/`, { image: null }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
  })

  it('says of nothing that it is unchanged, and makes no change', async () => {
    const { id } = await say(alice, bob, 'same')
    const [before] = await stored('select max(seq) from changes')
    for (const method of ['patch', 'put'] as const) {
      const answer = await alice[method](`/messages/${id}/update/`, {})
      expect([answer.status, answer.body.content, answer.body.edited_at]).toEqual([200, 'same', null])
    }
    expect((await stored('select max(seq) from changes'))[0]).toEqual(before)
  })

  it.each<[string, unknown, unknown]>([
    ['null', { content: null }, { content: ['This field may not be null.'] }],
    ['a list', { content: [] }, { content: ['Not a valid string.'] }],
    [
      '10,001 characters',
      { content: 'x'.repeat(10_001) },
      { content: ['Ensure this field has no more than 10000 characters.'] },
    ],
  ])('refuses %s', async (_, body, error) => {
    const { id } = await say(alice, bob, 'as it was')
    const answer = await alice.patch(`/messages/${id}/update/`, body)
    expect([answer.status, answer.body]).toEqual([400, error])
    expect(await messageRow(id)).toMatchObject({ content: 'as it was' })
  })
})

describe('DELETE /messages/:id/delete/ (MessageDeleteTest)', () => {
  it('by the sender: 204; gone for both, with its image', async () => {
    const [one, other] = await signUpPair()
    const kept = await say(one, other, 'kept')
    const { id, hash } = await show(one, other, 'deleted')
    const answer = await one.delete(`/messages/${id}/delete/`)
    expect([answer.status, answer.body]).toEqual([204, ''])
    expect(await messageRow(id)).toBeUndefined()
    await gone(hash)
    expect(ids(await thread(other, one))).toEqual([kept.id])
    expect(await conversationWith(other, one)).toMatchObject({ last_message: 'kept', unread_count: 1 })
    const again = await one.delete(`/messages/${id}/delete/`)
    expect([again.status, again.body]).toEqual([404, NOT_FOUND])
    // The last one takes the conversation off the list.
    await one.delete(`/messages/${kept.id}/delete/`)
    expect((await one.get('/messages/')).body).toEqual([])
  })

  it('by others: 403, unknown: 404', async () => {
    const { id } = await say(alice, bob, 'mine')
    for (const other of [bob, carol]) {
      const answer = await other.delete(`/messages/${id}/delete/`)
      expect([answer.status, answer.body]).toEqual([
        403,
        { detail: 'You do not have permission to delete this message.' },
      ])
    }
    expect(await messageRow(id)).toMatchObject({ content: 'mine' })
    for (const unknown of ['999999', '0', '99999999999999999999'])
      expect((await alice.delete(`/messages/${unknown}/delete/`)).body).toEqual(NOT_FOUND)
  })

  it('an id is never given twice', async () => {
    const { id } = await say(alice, bob, 'last')
    await alice.delete(`/messages/${id}/delete/`)
    expect((await say(alice, bob, 'next')).id).toBeGreaterThan(id)
  })
})

describe('an edit with an image and the deletion of its message at once', () => {
  it('leaves no image behind, whichever comes first', async () => {
    const [one, other] = await signUpPair()
    const answers: number[] = []
    for (let i = 0; i < 10; i++) {
      const { id } = await say(one, other, `${i}`)
      const image = new File([png(20 + i, 7)], 'a.png', { type: 'image/png' })
      const [edited, deleted] = await Promise.all([
        one.patch(`/messages/${id}/update/`, form({ image })),
        one.delete(`/messages/${id}/delete/`),
      ])
      expect(deleted.status).toBe(204)
      answers.push(edited.status)
    }
    for (const status of answers) expect([200, 404]).toContain(status)
    await expect.poll(() => stored('select hash from images where refs = 0'), { timeout: 5_000 }).toEqual([])
  })
})
