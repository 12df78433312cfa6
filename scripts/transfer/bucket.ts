/** The bucket of images: that of `wrangler dev`, through its runtime, or R2 by Cloudflare's API. */
import { resolve } from 'node:path'
import type { Account } from './cloudflare'
import { storesOnly } from './stores'

export interface StoredImage {
  bytes: Buffer
  type: string
}

export interface Bucket {
  get(key: string): Promise<StoredImage | undefined>
  put(key: string, image: StoredImage): Promise<void>
  close(): Promise<void>
}

/** What is used of the binding. */
interface Binding {
  get(key: string): Promise<{
    arrayBuffer(): Promise<ArrayBuffer>
    httpMetadata?: { contentType?: string }
  } | null>
  put(key: string, bytes: Uint8Array, options: { httpMetadata: { contentType: string } }): Promise<unknown>
}

const UNKNOWN_TYPE = 'application/octet-stream'

export async function openLocalBucket(state: string): Promise<Bucket> {
  // Only where there are images, as it takes 90 MB to load.
  const { getPlatformProxy, unstable_readConfig: readConfig } = await import('wrangler')
  const platform = await getPlatformProxy<{ MEDIA: Binding }>({
    configPath: storesOnly(readConfig),
    persist: { path: resolve(state, 'v3') },
  })
  const { MEDIA } = platform.env
  return {
    async get(key) {
      const object = await MEDIA.get(key)
      if (!object) return undefined
      return {
        bytes: Buffer.from(await object.arrayBuffer()),
        type: object.httpMetadata?.contentType ?? UNKNOWN_TYPE,
      }
    },
    async put(key, { bytes, type }) {
      await MEDIA.put(key, bytes, { httpMetadata: { contentType: type } })
    },
    close: () => platform.dispose(),
  }
}

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
