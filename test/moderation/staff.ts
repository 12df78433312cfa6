/** Those who moderate, and what they do. */
import { expect } from 'vitest'
import { type Person, signUp, stored } from '../client'

/** Somebody with a role. */
export async function signUpStaff(username: string, role: 'moderator' | 'admin'): Promise<Person> {
  const person = await signUp(username)
  await stored('update users set role = ? where id = ?', role, person.id)
  return person
}

/** Opens the case of something, and does this about it. */
export async function act(
  moderator: Person,
  thing: Record<string, number>,
  action: string,
  more: Record<string, unknown> = {},
) {
  const opened = await moderator.post('/moderation/cases/', thing)
  expect(opened.status, JSON.stringify(opened.body)).toBe(200)
  const path = `/moderation/cases/${opened.body.id}/actions/`
  const done = await moderator.post(path, {
    action,
    reason: 'other',
    text: `${action}: so it was decided.`,
    ...more,
  })
  expect(done.status, JSON.stringify(done.body)).toBe(201)
  return { id: opened.body.id as number, entry: done.body }
}
