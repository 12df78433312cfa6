/** What profiles and messages tell of their images: size and placeholder. For posts: test/posts/image.test.ts. */
import { beforeAll, describe, expect, it } from 'vitest'
import { form, type Person, stored } from '../client'
import { signUpCast } from '../fixtures/factories'
import { jpeg, png } from '../fixtures/images'
import { send, thread } from '../fixtures/messages'
import { file } from '../fixtures/uploads'
import { listen } from '../sockets'

let alice: Person
let bob: Person
beforeAll(async () => {
  ;({ alice, bob } = await signUpCast())
})

const HASH = '1QcSHQRnh493V4dIh4eXh1h4kJUI'
const OTHER = 'HBkSHYSIeHiPiHh8eJd4eTN0EEQG'
const NONE = { image_width: null, image_height: null, image_thumbhash: null }
const described = (image_width: number, image_height: number, image_thumbhash: string | null) => ({
  image_width,
  image_height,
  image_thumbhash,
})

describe('the image of a profile', () => {
  it('has no placeholder that is none', async () => {
    const answer = await alice.patch(`/profiles/${alice.id}/`, { image_thumbhash: 'no base64!' })
    expect(answer).toMatchObject({
      status: 400,
      body: { image_thumbhash: ['Enter a valid thumbhash in base64.'] },
    })
    expect((await alice.get(`/profiles/${alice.id}/`)).body).toMatchObject(NONE)
  })

  it('has a size and a placeholder, which go with it', async () => {
    const path = `/profiles/${alice.id}/`
    const first = await alice.put(path, form({ image: file(png(50, 40)), image_thumbhash: HASH }))
    expect(first.body).toMatchObject(described(50, 40, HASH))
    expect((await bob.patch(path, { image_thumbhash: OTHER })).status).toBe(403)
    expect((await alice.patch(path, { name: 'Alice' })).body).toMatchObject(described(50, 40, HASH))
    expect((await alice.patch(path, { image_thumbhash: OTHER })).body).toMatchObject(described(50, 40, OTHER))
    const listed = (await bob.get('/profiles/?ordering=id')).body.results
    for (const read of [
      (await bob.get(path)).body,
      listed.find((profile: { id: number }) => profile.id === alice.id),
    ])
      expect(read).toMatchObject(described(50, 40, OTHER))
    expect((await alice.patch(path, form({ image: file(png(51, 41)) }))).body).toMatchObject(
      described(51, 41, null),
    )
  })
})

describe('the image of a message', () => {
  it('has no placeholder that is none', async () => {
    const answer = await send(alice, bob, { content: 'x', image_thumbhash: 'no base64!' })
    expect(answer).toMatchObject({ status: 400 })
    expect(answer.body).toEqual({ image_thumbhash: ['Enter a valid thumbhash in base64.'] })
  })

  it('has its size, upright, and a placeholder, for both and over sockets', async () => {
    const socket = await listen(bob, alice)
    await socket.until('ready')
    const headers = { 'idempotency-key': 'described' }
    const body = () => form({ image: file(png(60, 30)), image_thumbhash: HASH })
    const sent = await alice.post(`/messages/${bob.id}/send/`, body(), headers)
    expect(sent.body).toMatchObject(described(60, 30, HASH))
    expect((await alice.post(`/messages/${bob.id}/send/`, body(), headers)).body).toEqual(sent.body)
    await stored(
      `update idempotency_keys set answer = json_remove(answer, '$.imageWidth', '$.imageHeight', '$.imageThumbhash')
        where key = 'described' and user_id = ?`,
      alice.id,
    )
    const old = await alice.post(`/messages/${bob.id}/send/`, body(), headers)
    expect(old.body, 'an answer from before').toMatchObject({ id: sent.body.id, ...NONE })
    expect((await socket.until('message')).message).toMatchObject(described(60, 30, HASH))
    expect((await thread(bob, alice)).results.at(-1)).toMatchObject(described(60, 30, HASH))
    const turned = await send(alice, bob, form({ image: file(jpeg({ orientation: 6 })) }))
    const upright = await send(alice, bob, form({ image: file(jpeg()) }))
    expect([turned.body.image_height, turned.body.image_width]).toEqual([
      upright.body.image_width,
      upright.body.image_height,
    ])
  })

  it('a message without one has neither, whatever is sent', async () => {
    const { body } = await send(alice, bob, { content: 'x', image_thumbhash: HASH })
    expect(body).toMatchObject({ image: null, ...NONE })
  })

  it('changes with the image, and goes with it', async () => {
    const { body } = await send(
      alice,
      bob,
      form({ content: 'x', image: file(png(61, 31)), image_thumbhash: HASH }),
    )
    const path = `/messages/${body.id}/update/`
    expect((await alice.patch(path, { content: 'y' })).body).toMatchObject(described(61, 31, HASH))
    expect((await alice.patch(path, { image_thumbhash: OTHER })).body).toMatchObject(described(61, 31, OTHER))
    expect((await alice.patch(path, form({ image: file(png(62, 32)) }))).body).toMatchObject(
      described(62, 32, null),
    )
    expect((await alice.patch(path, { image: null })).body).toMatchObject({ image: null, ...NONE })
    expect((await alice.patch(path, { image_thumbhash: HASH })).body).toMatchObject(NONE)
  })
})
