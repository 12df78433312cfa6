/** A bucket of images: the one of `wrangler dev` (`local-bucket.ts`), or R2 through Cloudflare's API. */
import type { Account } from './cloudflare'

export interface StoredImage {
  bytes: Buffer
  type: string
}

export interface Bucket {
  get(key: string): Promise<StoredImage | undefined>
  put(key: string, image: StoredImage): Promise<void>
  close(): Promise<void>
}

export const UNKNOWN_TYPE = 'application/octet-stream'

export function openRemoteBucket(account: Account, name: string): Bucket {
  const path = (key: string) => `/r2/buckets/${name}/objects/${encodeURIComponent(key)}`
  return {
    async get(key) {
      const answer = await account.fetch('GET', path(key))
      if (!answer?.ok) return undefined
      return {
        bytes: Buffer.from(await answer.arrayBuffer()),
        type: answer.headers.get('content-type') ?? UNKNOWN_TYPE,
      }
    },
    async put(key, { bytes, type }) {
      const answer = await account.fetch('PUT', path(key), {
        body: new Uint8Array(bytes),
        headers: { 'content-type': type },
      })
      if (!answer?.ok) throw new Error(`The image ${key} was not stored: ${answer?.status}.`)
    },
    close: async () => undefined,
  }
}
