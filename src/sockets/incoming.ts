/** What clients send: whatever is no frame, too large or too fast ends the socket. */
import { ApiError, ValidationError } from '../http/errors'
import { parseJson } from '../http/json'
import { CLOSE, MAX_FRAME_BYTES } from './protocol'
import { closeSocket, sendFrame } from './socket'

/** The types of frames, as a sentence lists them. */
export const typesInWords = (types: readonly string[]): string =>
  new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(types)

/** The fields of a frame; undefined where the socket was closed because it is none. */
export function readFrame<Frame>(
  socket: WebSocket,
  data: string | ArrayBuffer,
  { parse, types }: { parse: (fields: unknown) => Frame | undefined; types: string },
): Frame | undefined {
  if (typeof data === 'string' && isTooLarge(data)) {
    end(socket, `A frame has at most ${MAX_FRAME_BYTES / 1024} KB.`, CLOSE.tooLarge)
    return undefined
  }
  const frame = typeof data === 'string' ? parse(fieldsOf(data)) : undefined
  if (!frame) end(socket, `A frame is a JSON object of type ${types}.`)
  return frame
}

/** Says why, and closes the socket. */
export function end(socket: WebSocket, why: string, code: 1008 | 1009 = CLOSE.policy): void {
  sendFrame(socket, { type: 'error', errors: { detail: [why] } })
  closeSocket(socket, code, why)
}

/** Most frames are so short that their bytes need not be counted. */
const isTooLarge = (data: string): boolean =>
  data.length > MAX_FRAME_BYTES ||
  (data.length * 3 > MAX_FRAME_BYTES && new TextEncoder().encode(data).length > MAX_FRAME_BYTES)

/** As bodies are read: digits as they were sent, and no deeper. Undefined for what is no frame. */
function fieldsOf(data: string): unknown {
  try {
    return parseJson(data)
  } catch (error) {
    if (error instanceof ApiError || error instanceof ValidationError) return undefined
    throw error
  }
}
