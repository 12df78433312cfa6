/** The errors of `store-errors.ts`, held against those that the runtime can be made to throw. Those of D1: `unknown-outcomes.test.ts`. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { signUpPair } from '../fixtures/factories'
import { conversationOf } from '../sockets'
import { OBJECT_ERRORS, R2_ERRORS } from './store-errors'

const thrown = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

/** What an error is, for those who catch it: its message, and the runtime's flags. */
const shape = (error: unknown) => [String(error), { ...(error as object) }]

describe('what is really thrown', () => {
  it('by R2: the method, what is wrong, and a code', async () => {
    await env.MEDIA.put('x', 'x')
    const errors = [
      await thrown(env.MEDIA.put('x', 'x', { sha256: '0'.repeat(64) })),
      await thrown(env.MEDIA.put('x'.repeat(2_000), 'x')),
      await thrown(env.MEDIA.get('x', { range: { offset: 9, length: 9 } })),
    ]
    const made = R2_ERRORS.map((make) => make('put')).filter(({ message }) => /^put: /.test(message))
    for (const error of [...errors, ...made])
      expect(shape(error)).toEqual([expect.stringMatching(/^Error: (put|get): [\s\S]+ \(\d+\)$/), {}])
  })

  it('by an object that is killed, at a call that is under way', async () => {
    const [alice, bob] = await signUpPair()
    const stub = conversationOf(alice, bob)
    let error: unknown
    // A call may be quicker than its end.
    for (let i = 0; i < 50 && error === undefined; i++) {
      const call = thrown(stub.commit({ type: 'read', userId: alice.id, upTo: 1 }))
      await thrown(
        runInDurableObject(stub, (_, state) => {
          state.abort('killed')
        }),
      )
      error = await call
    }
    const made = OBJECT_ERRORS.map((make) => make()).find(({ message }) => message === 'killed')
    // Where the call had begun there is `remote` besides.
    expect(error).toMatchObject({ ...made, message: 'killed' })
  })
})
