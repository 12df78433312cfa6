/** Password hashes take turns: others wait, up to a bound. */
import { expect, it } from 'vitest'
import { AUTH, callWith } from '../auth-helpers'
import { PASSWORD, stored } from '../client'

const register = (hashes: string, username: string) =>
  callWith({ LIMITS: `1000, hashes=${hashes}` }, 'POST', `${AUTH}/registration/`, {
    body: { username, password1: PASSWORD, password2: PASSWORD },
  })

it('of registrations at once wait for each other, and all get their turn', async () => {
  const answers = await Promise.all(Array.from({ length: 6 }, (_, i) => register('1/1000/1', `waiting${i}`)))
  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(201))
})

it('whose turn would come too late are told to come back, and nothing is written', async () => {
  const answers = await Promise.all([register('1/1/60', 'first'), register('1/1/60', 'second')])
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 503])
  const refused = answers.find(({ status }) => status === 503)
  expect(refused?.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(await stored(`select count(*) as n from users where username in ('first', 'second')`)).toEqual([
    { n: 1 },
  ])
})
