import { runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { form, signUp, stored } from '../client'
import { png } from '../fixtures/images'
import { conversationOf } from '../sockets'

it('hands the images that a transaction marked to one of its callers, so that nobody deletes them twice', async () => {
  const [alice, bob] = await Promise.all([signUp('alice'), signUp('bob')])
  const ids: number[] = []
  for (const side of [3, 4]) {
    const { body, status } = await alice.post(
      `/messages/${bob.id}/send/`,
      form({ image: new File([png(side, side)], 'a.png', { type: 'image/png' }) }),
    )
    expect(status, JSON.stringify(body)).toBe(201)
    ids.push(body.id)
  }
  const results = await runInDurableObject(conversationOf(alice, bob), async (instance) => {
    const first = instance.commit({ type: 'read', userId: bob.id, upTo: 1 })
    const rest = [
      instance.commit({ type: 'read', userId: bob.id, upTo: 2 }),
      instance.commit({ type: 'delete', userId: alice.id, messageId: ids[0] ?? 0 }),
      instance.commit({ type: 'delete', userId: alice.id, messageId: ids[1] ?? 0 }),
    ]
    return Promise.all([first, ...rest])
  })
  expect(results.map((result) => (result.ok ? result.state.markedImages.length : result.why))).toEqual([
    0, 0, 2, 0,
  ])
  expect(await stored('select * from images where deleting_at is null')).toEqual([])
})
