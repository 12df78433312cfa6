/** Clients that read a record, change a field and send all of it back, as react-admin does. */
import { beforeAll, describe, expect, it } from 'vitest'
import { form, ORIGIN, type Person, signUp } from './client'
import { png } from './fixtures/images'

const NOT_A_FILE = { image: ['The submitted data was not a file. Check the encoding type on the form.'] }
const HASH = '0'.repeat(64)

let alice: Person
let bob: Person
beforeAll(async () => {
  alice = await signUp('alice')
  bob = await signUp('bob')
})

/** A record with an image of its own, and one that shows the default. */
async function records(who: Person) {
  const image = new File([png(3, 2)], 'own.png', { type: 'image/png' })
  const own = await who.post('/posts/', form({ title: 'Own', image }))
  const plain = await who.post('/posts/', { title: 'Default' })
  const profile = await who.patch(`/profiles/${who.id}/`, form({ image }))
  return [
    [`/posts/${own.body.id}/`, own.body],
    [`/posts/${plain.body.id}/`, plain.body],
    [`/profiles/${who.id}/`, profile.body],
  ] as const
}

describe('a whole record', () => {
  it("of somebody else's is refused as ever", async () => {
    for (const [path, record] of await records(alice)) expect((await bob.put(path, record)).status).toBe(403)
  })

  it.each(['put', 'patch'] as const)(
    'is taken with the URL of its image, which stays: %s',
    async (method) => {
      for (const [path, record] of await records(alice)) {
        const { status, body } = await alice[method](path, { ...record, content: `By ${method}` })
        expect([path, status, body.content, body.image]).toEqual([path, 200, `By ${method}`, record.image])
        expect((await alice.get(path)).body.image).toBe(record.image)
      }
    },
  )

  it('may have got a `?t=` behind the URL, and may be a form', async () => {
    for (const [path, record] of await records(alice)) {
      const image = `${record.image}?t=1724743860`
      const { status, body } = await alice.patch(path, form({ content: 'By form', image }))
      expect([path, status, body.content, body.image]).toEqual([path, 200, 'By form', record.image])
    }
  })

  it.each([
    ['a URL of another form', 'https://example.com/image.png'],
    ['a URL that only ends like one', `${ORIGIN}/media/x${HASH}`],
    ['a path', `/media/${HASH}`],
    ['another scheme', `ftp://api.test/media/${HASH}`],
    ['too long a URL', `${ORIGIN}/media/${HASH}?t=${'1'.repeat(2_000)}`],
    ['a number', 5],
  ])('is refused with what is no URL of an image: %s', async (_what, image) => {
    for (const [path, record] of await records(alice)) {
      expect(await alice.patch(path, { ...record, image })).toMatchObject({ status: 400, body: NOT_A_FILE })
      expect((await alice.get(path)).body.image).toBe(record.image)
    }
  })

  it('has no image to keep where it is new', async () => {
    const [[, record]] = await records(alice)
    expect(await alice.post('/posts/', record)).toMatchObject({ status: 400, body: NOT_A_FILE })
  })
})
