/** Reads what clients send. An invalid or oversized frame, or one frame too many, closes the socket. */
import { ApiError, ValidationError } from '../http/errors'
import { parseJson } from '../http/json'
import { CLOSE, MAX_FRAME_BYTES } from './protocol'
import { closeSocket, sendFrame } from './socket'

/** The types of frames, listed as in a sentence. */
export const typesInWords = (types: readonly string[]): string =>
  new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(types)

/** The frame's fields. Undefined if the frame was invalid and the socket was therefore closed. */
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

/** Sends the reason, and closes the socket. */
export function end(socket: WebSocket, why: string, code: 1008 | 1009 = CLOSE.policy): void {
  sendFrame(socket, { type: 'error', errors: { detail: [why] } })
  closeSocket(socket, code, why)
}

/** Counts bytes only if the number of characters leaves it open: most frames are too short to matter. */
const isTooLarge = (data: string): boolean =>
  data.length > MAX_FRAME_BYTES ||
  (data.length * 3 > MAX_FRAME_BYTES && new TextEncoder().encode(data).length > MAX_FRAME_BYTES)

/** Parses as for request bodies: numbers keep their digits, and the same depth limit holds. Undefined if it is not a frame. */
function fieldsOf(data: string): unknown {
  try {
    return parseJson(data)
  } catch (error) {
    if (error instanceof ApiError || error instanceof ValidationError) return undefined
    throw error
  }
}
