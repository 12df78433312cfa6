/** What a post tells of its image: size, placeholder, words. */
import { beforeAll, describe, expect, it } from 'vitest'
import { form, type Person, stored } from '../client'
import { createPost, signUpCast } from '../fixtures/factories'
import { jpeg, png } from '../fixtures/images'
import { file, freshPng } from '../fixtures/uploads'

let alice: Person
let bob: Person
beforeAll(async () => {
  ;({ alice, bob } = await signUpCast())
})

const HASH = '1QcSHQRnh493V4dIh4eXh1h4kJUI'
const OTHER = 'HBkSHYSIeHiPiHh8eJd4eTN0EEQG'

describe('the image of a post', () => {
  it('is told about by its owner alone', async () => {
    const { id } = await createPost(alice, { image: file(freshPng()), image_alt: 'mine' })
    expect((await bob.patch(`/posts/${id}/`, { image_alt: 'his', image_thumbhash: HASH })).status).toBe(403)
    expect((await bob.get(`/posts/${id}/`)).body).toMatchObject({ image_alt: 'mine', image_thumbhash: null })
  })

  it.each([
    ['no base64', 'not base64!', ['Enter a valid thumbhash in base64.']],
    ['no whole bytes', `${HASH}A`, ['Enter a valid thumbhash in base64.']],
    ['padding alone', '====', ['Enter a valid thumbhash in base64.']],
    ['too little', 'AAAA', ['Enter a valid thumbhash in base64.']],
    ['too much', 'A'.repeat(104), ['Ensure this field has no more than 100 characters.']],
    ['a boolean', true, ['Not a valid string.']],
  ])('has no placeholder of %s', async (_, image_thumbhash, errors) => {
    const before = await stored('select count(*) as n from posts')
    const answer = await alice.post('/posts/', { title: 'x', image_thumbhash })
    expect([answer.status, answer.body]).toEqual([400, { image_thumbhash: errors }])
    expect(await stored('select count(*) as n from posts')).toEqual(before)
  })

  it('is described in 1,500 characters, by whatever units', async () => {
    const answer = await alice.post('/posts/', { title: 'x', image_alt: '🌊'.repeat(1_501) })
    expect(answer).toMatchObject({
      status: 400,
      body: { image_alt: ['Ensure this field has no more than 1500 characters.'] },
    })
    const { image_alt } = await createPost(alice, { image_alt: '🌊'.repeat(1_500) })
    expect([...image_alt]).toHaveLength(1_500)
  })

  it('has the size in which it is seen', async () => {
    const plain = await createPost(alice, { image: file(png(30, 20)), image_thumbhash: HASH })
    expect(plain).toMatchObject({ image_width: 30, image_height: 20, image_thumbhash: HASH })
    const [upright, turned] = [await size(jpeg()), await size(jpeg({ orientation: 6 }))]
    expect(turned).toEqual([upright[1], upright[0]])
    expect(await size(jpeg({ orientation: 3 }))).toEqual(upright)
    expect(await createPost(alice)).toMatchObject({
      image_width: null,
      image_height: null,
      image_thumbhash: null,
      image_alt: '',
    })
  })

  async function size(bytes: Parameters<typeof file>[0]) {
    const { image_width, image_height } = await createPost(alice, { image: file(bytes) })
    return [image_width, image_height]
  }

  it('takes its size and placeholder along when another comes; without one they stay', async () => {
    const { id } = await createPost(alice, {
      image: file(png(31, 21)),
      image_thumbhash: HASH,
      image_alt: 'words',
    })
    const path = `/posts/${id}/`
    const same = { image_width: 31, image_height: 21, image_thumbhash: HASH, image_alt: 'words' }
    expect((await alice.patch(path, { title: 'y' })).body).toMatchObject(same)
    expect((await alice.put(path, { ...(await alice.get(path)).body, title: 'z' })).body).toMatchObject(same)
    expect((await alice.patch(path, form({ image: file(png(41, 22)) }))).body).toMatchObject({
      image_width: 41,
      image_height: 22,
      image_thumbhash: null,
      image_alt: 'words',
    })
    const both = await alice.patch(path, form({ image: file(png(42, 23)), image_thumbhash: OTHER }))
    expect(both.body).toMatchObject({ image_width: 42, image_height: 23, image_thumbhash: OTHER })
    for (const none of [{ image_thumbhash: null }, form({ image_thumbhash: '' })]) {
      await alice.patch(path, { image_thumbhash: HASH })
      expect((await alice.patch(path, none)).body.image_thumbhash).toBeNull()
    }
    expect((await alice.get(`/posts/?owner=${alice.id}`)).body.results[0]).toMatchObject({ image_width: 42 })
  })

  it('is told about again to who asks again with the same key', async () => {
    const headers = { 'idempotency-key': 'image' }
    const body = () =>
      form({ title: 'x', image: file(png(43, 24)), image_alt: 'words', image_thumbhash: HASH })
    const first = await alice.post('/posts/', body(), headers)
    const second = await alice.post('/posts/', body(), headers)
    expect([first.status, second.body]).toEqual([201, first.body])
    expect(second.body).toMatchObject({ image_width: 43, image_alt: 'words', image_thumbhash: HASH })
  })
})
