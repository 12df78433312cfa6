/** Channels of people, as their clients and their objects see them. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { Bindings } from '../../src/http/env'
import type { PersonChannel } from '../../src/live/object/person-channel'
import type { FrameOf, ServerFrame } from '../../src/live/shared/frames'
import type { Person } from '../client'
import { setEnv } from '../faulty-db'
import { conversationOf, type Listening, listening, upgrade } from '../sockets'

export interface ChannelSocket extends Omit<Listening, 'frames' | 'all' | 'until' | 'changes'> {
  frames: (ServerFrame | 'pong')[]
  all: <T extends ServerFrame['type']>(type: T) => FrameOf<T>[]
  /** Waits for so many frames of a type; gives the last of them. */
  until: <T extends ServerFrame['type']>(type: T, count?: number) => Promise<FrameOf<T>>
}

/** Opens a socket of somebody's channel, which must be let in, and waits until it is ready. */
export async function openChannel(
  person: Pick<Person, 'headers'>,
  { query = '', headers = person.headers }: { query?: string; headers?: Record<string, string> } = {},
): Promise<ChannelSocket> {
  const response = await upgrade(`/live/${query}`, headers)
  expect(response.status, response.status === 101 ? '' : await response.text()).toBe(101)
  // The same, but for the types of its frames.
  const socket = listening(response) as unknown as ChannelSocket
  await socket.until('ready')
  return socket
}

/** The changes that a socket was told of, in the conversation with somebody. */
export const changesWith = (socket: ChannelSocket, { id }: { id: number }) =>
  socket
    .all('conversation')
    .filter(({ user }) => user === id)
    .map(({ event }) => event)

export function channelOf({ id }: { id: number }): DurableObjectStub<PersonChannel> {
  // Bindings are typed without the class (see http/env.ts).
  return (env as Bindings).CHANNEL.getByName(String(id)) as DurableObjectStub<PersonChannel>
}

/** What becomes of a call to a channel: it is not made, or its answer is lost. */
export type CallFault = 'before' | 'after'

/** The binding of channels, whose calls may fail; `called` learns of each with whose channel and which method. */
export function faultyChannels(
  fault: (userId: number) => CallFault | undefined,
  called: (userId: number, method: string) => void = () => {},
): object {
  const getByName = (name: string) => {
    const stub = (env as Bindings).CHANNEL.getByName(name)
    return new Proxy(stub, {
      get: (_, method) => async (value: unknown) => {
        called(Number(name), String(method))
        const planned = fault(Number(name))
        if (planned === 'before') throw new Error('Network connection lost.')
        // The stub's methods are made when they are called.
        const result = await Reflect.get(stub, method)(value)
        if (planned === 'after') throw new Error('Network connection lost.')
        return result
      },
    })
  }
  return { CHANNEL: { getByName } }
}

/** Lets calls from the object of two people's conversation to channels fail. */
export const loseCalls = (
  one: { id: number },
  other: { id: number },
  ...rest: Parameters<typeof faultyChannels>
): Promise<void> =>
  runInDurableObject(conversationOf(one, other), (instance) => setEnv(instance, faultyChannels(...rest)))
