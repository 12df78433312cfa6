/** Bytes as text, by the charset that they are declared to have. */
import { ApiError } from './errors'

export type Decode = (bytes: Uint8Array) => string

/**
 * A decoder for a declared charset: whatever the platform knows (https://encoding.spec.whatwg.org/#names-and-labels), UTF-8 where
 * none is declared. 415 for any other. The decoder throws a `TypeError` for bytes that are not text in it.
 */
export function decoderFor(charset = 'utf-8'): Decode {
  let decoder: TextDecoder
  try {
    decoder = new TextDecoder(charset || 'utf-8', { fatal: true, ignoreBOM: false })
  } catch {
    throw new ApiError('unsupported_media_type', { detail: `Unsupported charset "${charset}" in request.` })
  }
  return (bytes) => decoder.decode(bytes)
}
