/** Images as callers have them, and bodies as `fetch` takes them. */
import { badImage } from './errors'
import { platform } from './platform'

/** An image on a phone, as React Native's pickers and cameras give it. */
export interface NativeFile {
  /** `file:`, `content:`, `blob:`, `data:` … */
  uri: string
  /** The media type. */
  type?: string | undefined
  name?: string | undefined
}

export type ImageFile = Blob | NativeFile

export type Fields = Record<string, unknown>

export const isBlob = (value: unknown): value is Blob => typeof Blob !== 'undefined' && value instanceof Blob

export const isImage = (value: unknown): value is ImageFile =>
  isBlob(value) || typeof (value as NativeFile | null | undefined)?.uri === 'string'

/** JSON, or a form where an image is among the fields. React Native's forms have `append` and nothing else. */
export async function encode(fields: Fields): Promise<string | FormData> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  if (!entries.some(([, value]) => isImage(value))) return JSON.stringify(fields)
  const form = new FormData()
  for (const [name, value] of entries) form.append(name, await part(value))
  return form
}

/** Only React Native sends a file that has to be read from its address first. */
async function part(value: unknown): Promise<string | Blob> {
  if (!isImage(value)) return value === null ? '' : String(value)
  if (isBlob(value)) return value
  if (platform.navigator?.product !== 'ReactNative') {
    return fetch(value.uri)
      .then((response) => response.blob())
      .catch(() => {
        throw badImage('The image cannot be read.')
      })
  }
  // What its forms take in place of a Blob. Without a name it would be sent as text.
  return { name: 'image', type: 'application/octet-stream', ...value } as unknown as Blob
}
