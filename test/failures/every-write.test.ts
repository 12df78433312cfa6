/**
 * Every write × every call that it makes to D1, R2, the object and mail, and that the object makes to D1 × everything that can become of that call: all of it. With the errors of the
 * stores it is pairwise: each meets every fault of its store, and requests that create something without an image meet all of D1's (what is
 * made of an error, `unknown-outcomes.test.ts` asserts for each). `npm run chaos -- --every-error` has all errors everywhere, which takes minutes.
 *
 * What is acknowledged is there, once; what is not is there at most once; nothing is half-done; a second try with the same key gives the first
 * answer; whoever listens is told within two seconds, or is closed with 1013; and no fault of a store is a 500.
 */
import { createScheduledController, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { describedRoutes } from '../../scripts/openapi/routes'
import { app } from '../../src/app'
import { KEPT_VALUES } from '../../src/db/kept'
import worker from '../../src/index'
import { download, objectKeys, stored } from '../client'
import { conversationOf, expectChain } from '../sockets'
import { type Asked, ask } from './ask'
import {
  bringDeadlinesForward,
  errorsOf,
  FAULTS,
  type FaultyStores,
  faultyStores,
  type Plan,
  type Store,
} from './faults'
import {
  FRAMES,
  ONE_BY_ONE,
  PROMISE_NOTHING,
  signUpWriters,
  WRITE_CALLS,
  type WriteCall,
} from './write-calls'

beforeAll(async () => {
  await signUpWriters(90)
  bringDeadlinesForward()
})
afterAll(() => {
  vi.unstubAllGlobals()
})

const STORES = Object.keys(FAULTS) as Store[]
/** Cases that run at once. */
const TOGETHER = 8

it('no write is without its entry', () => {
  const writes = describedRoutes(app).filter(({ method }) => method !== 'GET')
  const ids = new Set(writes.map(({ about }) => about.id))
  expect([...Object.keys(WRITE_CALLS), ...PROMISE_NOTHING].sort()).toEqual([...ids].sort())
})

/** Those who listen know of all that is committed, at once or by the alarm, or are closed so that they come back. */
async function expectTold(
  { one, other, theirs }: NonNullable<WriteCall['conversation']>,
  isKilled: boolean,
): Promise<void> {
  const stub = conversationOf(one, other)
  const alarm = await runInDurableObject(stub, (_, { storage }) => storage.getAlarm())
  if (alarm !== null && alarm < Date.now() + 2_000) await runDurableObjectAlarm(stub)
  const [conversation] = await stored<{ seq: number }>(
    'select seq from conversations where user_a = ? and user_b = ?',
    Math.min(one.id, other.id),
    Math.max(one.id, other.id),
  )
  const told = () => theirs.changes().at(-1)?.seq ?? 2
  await expect.poll(() => theirs.isClosed() || told() === conversation?.seq, { interval: 5 }).toBe(true)
  if (theirs.isClosed()) expect(isKilled ? [1006, 1013] : [1013]).toContain((await theirs.closed).code)
  expectChain(theirs.changes(), 2)
}

const askFor = (write: WriteCall, key: string | undefined, stores: FaultyStores): Promise<Asked> =>
  write.over ? write.over(key) : ask(write, key, stores)

let unique = 0
async function check(make: () => Promise<WriteCall>, plan: Plan, isKeyed: boolean): Promise<void> {
  const write = await make()
  const { ok, again = [], count, conversation } = write
  const key = isKeyed ? `key ${unique++}` : undefined
  const stores = faultyStores(plan)
  const isKilled = plan.fault === 'killed' || plan.fault === 'killed after'
  if (conversation) await stores.breakObject(conversationOf(conversation.one, conversation.other))
  const first = await askFor(write, key, stores)
  expect(stores.isDone(), 'the fault happened').toBe(true)
  expect([ok, 503]).toContain(first.status)
  if (plan.fault === 'slow') expect(first.status).toBe(ok)
  if (first.status === 503) expect(first.retryAfter).toBe('1')
  if (plan.fault === 'late') await stores.arrive()
  const made = await count()
  if (first.status === ok) {
    expect(made, 'acknowledged once').toBe(1)
    const url: unknown = first.body?.image
    if (typeof url === 'string' && !url.includes('/media/images/'))
      expect((await download(url)).status, 'its image is stored').toBe(200)
  } else expect(made, 'unacknowledged at most once').toBeLessThanOrEqual(1)
  if (conversation) await expectTold(conversation, isKilled)

  // Who has no key to create something with can only look.
  if (key || !write.isKeyed) {
    const second = await askFor(write, key, faultyStores())
    if (first.status === ok || made === 1) expect([ok, ...again]).toContain(second.status)
    else expect(second.status).toBe(ok)
    if (key && first.status === ok) expect(second.body).toEqual(first.body)
  }
  await stores.arrive()
  const most = write.isRepeated ? 2 + Number(plan.fault === 'latest') : 1
  expect(await count(), 'in the end').toBeLessThanOrEqual(most)
  if (key || !write.isKeyed) expect(await count(), 'in the end').toBeGreaterThanOrEqual(1)
  if (conversation) {
    await expectTold(conversation, isKilled)
    conversation.theirs.close()
  }
}

/** Counts cases, so that the errors take turns. */
let turn = 0
function* plansFor(calls: Record<Store, number>, hasAllErrors: boolean): Generator<Plan> {
  for (const store of STORES)
    for (let call = 1; call <= calls[store]; call++)
      for (const fault of FAULTS[store]) {
        const all = hasAllErrors && (fault === 'before' || fault === 'after')
        for (let i = all ? errorsOf(store) : 1; i > 0; i--) yield { store, call, fault, error: turn++ }
      }
}

const ALL = [
  ...Object.entries(WRITE_CALLS).flatMap(([id, ways]) =>
    ways.map((make, i): [string, () => Promise<WriteCall>] => [i === 0 ? id : `${id}, another way`, make]),
  ),
  ...Object.entries(FRAMES).map(([type, make]): [string, () => Promise<WriteCall>] => [
    `frame ${type}`,
    make,
  ]),
]

/** As if all that was given up had died. */
async function sweepWhatWasGivenUp(): Promise<void> {
  await stored('update images set leased_until = 0, deleting_at = case when deleting_at then 1 end')
  await worker.scheduled(createScheduledController(), env)
}

describe('a store fails', () => {
  // A request looks at so many images that nothing needs, and leaves others to the scheduled job: its own are to be among them.
  beforeEach(sweepWhatWasGivenUp)

  it.each(ALL)('%s', async (id, make) => {
    const write = await make()
    const stores = faultyStores()
    const { conversation } = write
    if (conversation) await stores.breakObject(conversationOf(conversation.one, conversation.other))
    expect((await askFor(write, write.isKeyed && 'clean', stores)).status).toBe(write.ok)
    write.conversation?.theirs.close()
    const isPlainCreation = write.isKeyed === true && stores.calls.r2 + stores.calls.object === 0
    const plans = [...plansFor(stores.calls, isPlainCreation || env.EVERY_ERROR !== '')]
    const cases = plans.flatMap((plan) =>
      (write.isKeyed ? (write.over ? [true] : [true, false]) : [false]).map((isKeyed) => ({ plan, isKeyed })),
    )
    const together = ONE_BY_ONE.has(id) ? 1 : TOGETHER
    for (let i = 0; i < cases.length; i += together)
      await Promise.all(
        cases.slice(i, i + together).map(({ plan, isKeyed }) =>
          check(make, plan, isKeyed).catch((error: unknown) => {
            throw new Error(`${JSON.stringify({ ...plan, isKeyed })}: ${error}`)
          }),
        ),
      )
    console.log(`${cases.length} cases`)
  })
})

describe('in the end', () => {
  it.each(KEPT_VALUES)('$name is true', async ({ differences }) => {
    expect(await stored(differences)).toEqual([])
  })

  it('the bucket has what rows show, and nothing else', async () => {
    await sweepWhatWasGivenUp()
    const shown = await stored<{ image: string }>(
      `select image from posts where image is not null union select image from users where image is not null
       union select image from messages where image is not null
       union select evidence_image from reports where evidence_image is not null order by image`,
    )
    const keys = (await objectKeys()).map((key) => key.replace(/\.\d+$/, ''))
    expect([...new Set(keys)].sort()).toEqual(shown.map(({ image }) => image))
  })
})
