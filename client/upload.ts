/** Sends like `fetch`, and reports progress. */
import { platform } from './platform'

export interface Progress {
  stage: 'preparing' | 'uploading'
  /** From 0 to 1. */
  fraction: number
}

/** The options that this client passes to `fetch`: the part that every `fetch` supports. */
export interface SendInit {
  method: string
  headers: Record<string, string>
  body?: string | FormData
  credentials?: 'include' | 'omit'
  signal?: AbortSignal
}

export type Send = (url: string, init: SendInit) => Promise<Response>

/** Returns a `Send` that reports progress: continuously with XMLHttpRequest, only at the end with `fetch`. */
export function withProgress(fetch: Send | undefined, onProgress: (progress: Progress) => void): Send {
  const tell = (fraction: number) => onProgress({ stage: 'uploading', fraction })
  return async (url, init) => {
    const response = await (fetch
      ? fetch(url, init)
      : platform.XMLHttpRequest
        ? sendByXhr(platform.XMLHttpRequest, url, init, tell)
        : globalThis.fetch(url, init))
    tell(1)
    return response
  }
}

function sendByXhr(
  Request: typeof XMLHttpRequest,
  url: string,
  { method, headers, body, credentials, signal }: SendInit,
  tell: (fraction: number) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const xhr = new Request()
    xhr.open(method, url)
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
    xhr.withCredentials = credentials === 'include'
    xhr.upload.onprogress = ({ loaded, total }) => {
      if (total > 0 && loaded < total) tell(loaded / total)
    }
    xhr.onload = () => {
      const told = ['retry-after', 'x-request-id'].map((name) => [name, xhr.getResponseHeader(name) ?? ''])
      resolve(
        new Response(xhr.responseText || null, {
          status: xhr.status,
          headers: Object.fromEntries(told),
        }),
      )
    }
    xhr.onerror = xhr.ontimeout = xhr.onabort = () => reject(new TypeError('Network request failed'))
    signal?.addEventListener('abort', () => xhr.abort())
    xhr.send(body ?? null)
  })
}
