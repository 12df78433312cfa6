/** People who use the client against a real server. */
import { expect } from 'vitest'
import { type Conversation, type ConversationEvent, createClient } from '../../client/index'

export const PASSWORD = 'Zx9!kkqwPlum'

/** Somebody new, with a client of their own, whose requests can be watched and made to fail. */
export async function signUp(baseUrl: string, username: string) {
  const requests: string[] = []
  let isOffline = false
  const client = createClient({
    baseUrl,
    async fetch(url, init) {
      requests.push(`${init.method} ${new URL(url).pathname}`)
      if (isOffline) throw new TypeError('fetch failed')
      return fetch(url, init)
    },
  })
  const user = await client.register({ username, password1: PASSWORD, password2: PASSWORD })
  return {
    ...client,
    user,
    requests,
    offline(value: boolean) {
      isOffline = value
    },
  }
}

/** Collects what a conversation yields. */
export function collect(conversation: Conversation): ConversationEvent[] {
  const events: ConversationEvent[] = []
  void (async () => {
    for await (const event of conversation) events.push(event)
  })()
  return events
}

export const texts = (events: ConversationEvent[]) =>
  events.flatMap((event) => (event.type === 'message' ? event.message.content : []))

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export const until = async (isTrue: () => boolean) => {
  for (let i = 0; i < 400 && !isTrue(); i++) await pause(25)
  expect(isTrue()).toBe(true)
}
