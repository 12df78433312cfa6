/** Clients of live conversations, as a page's WebSocket is. */
import { env, exports } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { Bindings } from '../src/http/env'
import type { Conversation } from '../src/messaging/object/conversation'
import type { ServerFrame as Frame } from '../src/messaging/shared/frames'
import { objectName, pairOf } from '../src/messaging/shared/pair'
import { ORIGIN, type Person } from './client'
import { say } from './fixtures/messages'

export type FrameOf<T extends Frame['type']> = Extract<Frame, { type: T }>
export type Change = FrameOf<'message' | 'edited' | 'deleted' | 'cleared' | 'read'>

export interface Listening {
  /** All that came, `pong` as it is. */
  frames: (Frame | 'pong')[]
  /** The frames that have a `seq` in the chain. */
  changes: () => Change[]
  all: <T extends Frame['type']>(type: T) => FrameOf<T>[]
  /** Waits for so many frames of a type; gives the last of them. */
  until: <T extends Frame['type']>(type: T, count?: number) => Promise<FrameOf<T>>
  send: (frame: unknown) => void
  closed: Promise<{ code: number; reason: string }>
  isClosed: () => boolean
  close: () => void
}

/** The upgrade request of somebody; the answer may be a refusal. */
export function upgrade(path: string, headers: Record<string, string>, origin = ORIGIN): Promise<Response> {
  return exports.default.fetch(new URL(path, origin), { headers: { upgrade: 'websocket', ...headers } })
}

/** Opens a socket to the conversation with somebody, which must be let in. */
export async function listen(
  person: Pick<Person, 'headers'>,
  other: { id: number },
  { since, headers }: { since?: number | undefined; headers?: Record<string, string> } = {},
): Promise<Listening> {
  const query = since === undefined ? '' : `?since=${since}`
  const response = await upgrade(`/messages/${other.id}/live/${query}`, headers ?? person.headers)
  expect(response.status, response.status === 101 ? '' : await response.text()).toBe(101)
  return listening(response)
}

const isChange = (frame: Frame | 'pong'): frame is Change => typeof frame === 'object' && 'prev' in frame

/** The socket of an answer. */
export function listening({ webSocket: socket }: Response): Listening {
  if (!socket) throw new Error('no socket')
  const frames: Listening['frames'] = []
  const { promise: closed, resolve } = Promise.withResolvers<{ code: number; reason: string }>()
  let isClosed = false
  let wake = () => {}
  let news = new Promise<void>((done) => {
    wake = done
  })
  socket.addEventListener('message', ({ data }) => {
    frames.push(data === 'pong' ? data : JSON.parse(String(data)))
    wake()
    news = new Promise((done) => {
      wake = done
    })
  })
  socket.addEventListener('close', ({ code, reason }) => {
    isClosed = true
    resolve({ code, reason })
    wake()
  })
  socket.accept()
  const all = <T extends Frame['type']>(type: T) =>
    frames.filter((frame): frame is FrameOf<T> => typeof frame === 'object' && frame.type === type)
  return {
    frames,
    all,
    changes: () => frames.filter(isChange),
    closed,
    isClosed: () => isClosed,
    async until(type, count = 1) {
      const deadline = Date.now() + 10_000
      for (;;) {
        const found = all(type)[count - 1]
        if (found) return found
        const left = deadline - Date.now()
        if (isClosed || left <= 0)
          throw new Error(`no ${type} frame number ${count} among ${JSON.stringify(frames).slice(0, 2000)}`)
        await Promise.race([news, new Promise((done) => setTimeout(done, left))])
      }
    },
    send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    close: () => socket.close(1000),
  }
}

/** The object of two people's conversation. */
export function conversationOf(one: { id: number }, other: { id: number }): DurableObjectStub<Conversation> {
  // Bindings are typed without the class (see http/env.ts).
  const { CONVERSATION } = env as Bindings
  return CONVERSATION.getByName(objectName(pairOf(one.id, other.id))) as DurableObjectStub<Conversation>
}

/** Every frame links to the one before; the first to where the stream began. */
export function expectChain(changes: Change[], start: number): void {
  let last = start
  for (const { seq, prev } of changes) {
    expect(prev).toBe(last)
    expect(seq).toBeGreaterThan(prev)
    last = seq
  }
}

/** The answer to an upgrade that is refused. */
export async function refusal(path: string, headers: Record<string, string>) {
  const response = await upgrade(path, headers)
  expect(response.webSocket).toBeNull()
  return { status: response.status, headers: response.headers, body: await response.json() }
}

/** A socket that works: it is told what comes next. */
export async function expectAlive(socket: Listening, from: Person, to: Person): Promise<void> {
  const { seq } = await say(from, to, 'still there?')
  await expect.poll(() => socket.changes().at(-1)?.seq).toBe(seq)
  expect(socket.isClosed()).toBe(false)
}
