/** A request to the Worker, with the stores that it calls. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import worker from '../../src/index'
import { ORIGIN } from '../client'
import type { FaultyStores } from './faults'

export interface Call {
  method: string
  path: string
  headers?: Record<string, string>
  /** FormData as it is, all else as JSON. */
  body?: object
}

/** What came of a call. */
export interface Asked {
  status: number
  retryAfter: string | null
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever was answered
  body: any
}

/** Waits for the answer, and for what the Worker does after it. */
export async function ask(
  { method, path, headers, body }: Call,
  key: string | undefined,
  { bindings }: FaultyStores,
): Promise<Asked> {
  const isJson = body !== undefined && !(body instanceof FormData)
  const request = new Request(`${ORIGIN}${path}`, {
    method,
    headers: {
      ...headers,
      ...(isJson && { 'content-type': 'application/json' }),
      ...(key && { 'idempotency-key': key }),
    },
    body: isJson ? JSON.stringify(body) : (body ?? null),
  })
  const context = createExecutionContext()
  const response = await worker.fetch(request, { ...env, ...bindings } as Env, context)
  const text = await response.text()
  await waitOnExecutionContext(context)
  const { status, headers: answered } = response
  return { status, retryAfter: answered.get('retry-after'), body: text ? JSON.parse(text) : undefined }
}
