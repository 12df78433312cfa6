/** The function in README.md, which is written next to this file as readme-socket.ts. */
import { openChat } from './readme-socket'
import { ALICE, assert, ORIGIN } from './steps'

async function signIn(username: string): Promise<Record<string, string>> {
  const body = new URLSearchParams({ ...ALICE, username })
  const answer = await fetch(`${ORIGIN}/dj-rest-auth/login/`, { method: 'POST', body })
  const { access_token } = (await answer.json()) as { access_token: string }
  return { authorization: `Bearer ${access_token}` }
}

const tokenOf = (headers: Record<string, string>) => (headers.authorization ?? '').replace('Bearer ', '')

/** The user whom Alice writes to. */
const BOB = 2
const say = async (content: string) => {
  const headers = await signIn('bob')
  const body = new URLSearchParams({ content })
  const answer = await fetch(`${ORIGIN}/messages/1/send/`, { method: 'POST', headers, body })
  assert.equal(answer.status, 201)
}

let session = await signIn('alice')
const seen: string[] = []
const closed: number[] = []
let tokens = 0
const socket = openChat(
  BOB,
  async () => {
    tokens += 1
    return tokenOf(session)
  },
  (frame) =>
    seen.push(
      frame.type === 'message'
        ? (frame as unknown as { message: { content: string } }).message.content
        : frame.type,
    ),
)
socket.onclose = ({ code }) => closed.push(code)

async function until(what: string, holds: () => boolean) {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 200, `${what} has not happened: ${JSON.stringify({ seen, closed, tokens })}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

await until('ready', () => seen.includes('ready'))
await say('one')
await until('one', () => seen.includes('one'))
// The session ends: the server requires a new token, and nothing sent in the meantime is missed.
const ended = session
session = await signIn('alice')
await fetch(`${ORIGIN}/dj-rest-auth/logout/`, { method: 'POST', headers: ended })
await until('4401', () => closed.includes(4401))
await say('two')
await until('two', () => seen.includes('two'))
assert.equal(tokens, 2)
assert.deepEqual(
  seen.filter((one) => ['one', 'two'].includes(one)),
  ['one', 'two'],
)
socket.close()
