/** Images as callers pass them, and bodies as `fetch` accepts them. */
import { badImage } from './errors'
import { platform } from './platform'

/** An image on a phone, as React Native's pickers and cameras return it. */
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

/** Encodes as JSON, or as a form if any field is an image. React Native's forms only have `append`. */
export async function encode(fields: Fields): Promise<string | FormData> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  if (!entries.some(([, value]) => isImage(value))) return JSON.stringify(fields)
  const form = new FormData()
  for (const [name, value] of entries) form.append(name, await part(value))
  return form
}

/** React Native sends a file by its URI. Everywhere else the file must be read first. */
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
  // React Native's forms accept this in place of a Blob. Without a name, the file would be sent as text.
  return { name: 'image', type: 'application/octet-stream', ...value } as unknown as Blob
}
