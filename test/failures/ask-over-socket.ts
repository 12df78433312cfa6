/** What is asked for over the socket of a conversation, answered as if it had been a request. */
import { expect } from 'vitest'
import type { Person } from '../client'
import { listening, upgrade } from '../sockets'
import type { Asked } from './ask'

/**
 * Opens a socket of `one` and sends a frame. A message is acknowledged by `sent`, reading by its change, of which the socket also hears if it was
 * made before. A socket that is closed without either says nothing: 503.
 */
export const askOverSocket =
  ({ one, other }: { one: Person; other: Person }, frame: (key: string | undefined) => object) =>
  async (key: string | undefined): Promise<Asked> => {
    const response = await upgrade(`/messages/${other.id}/live/?since=2`, one.headers)
    const { status, headers, webSocket } = response
    if (!webSocket) return { status, retryAfter: headers.get('retry-after'), body: await response.json() }
    const socket = listening(response)
    socket.send(frame(key))
    const sent = () => socket.all('sent')[0]
    const read = () => socket.all('read').find(({ user }) => user === one.id)
    const refused = () => socket.all('error')[0]
    await expect
      .poll(() => sent() ?? read() ?? refused() ?? socket.isClosed(), { interval: 5, timeout: 5_000 })
      .toBeTruthy()
    socket.close()
    const [acknowledged, error] = [sent(), refused()]
    if (acknowledged) return { status: 201, retryAfter: null, body: acknowledged.message }
    if (read()) return { status: 200, retryAfter: null, body: undefined }
    if (error) expect(error.code, JSON.stringify(error)).toBe('unavailable')
    return { status: 503, retryAfter: '1', body: error }
  }
