/** An API that answers what a test says, for what the real one does only in trouble. */
import { type ApiError, type ClientOptions, createClient, type SendInit } from '../../client/index'

export interface Sent extends SendInit {
  path: string
}

type Answer = Response | Error | undefined

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers })

export const USER = {
  pk: 1,
  username: 'alice',
  email: '',
  first_name: '',
  last_name: '',
  profile_id: 1,
  profile_image: '',
}
export const SESSION = { access_token: 'access.1', refresh_token: 'refresh.1', user: USER }
/** Where tokens are kept. */
export const NAME = 'edge-social-api:tokens:https://api.test'
/** Where they were kept, of whichever API. */
export const FORMER = 'edge-social-api'
export const TOKENS = JSON.stringify({ access: 'access.1', refresh: 'refresh.1', user: 1 })
export const EXPIRED = { detail: 'Given token not valid for any token type', code: 'token_not_valid' }

/** `answer` gives what to answer, an error for no answer, or undefined for 404. */
export function scripted(
  answer: (sent: Sent) => Answer | Promise<Answer>,
  options: Partial<ClientOptions> = {},
) {
  const requests: Sent[] = []
  const api = createClient({
    baseUrl: 'https://api.test',
    ...options,
    async fetch(url, init) {
      const sent = { path: url.replace('https://api.test', ''), ...init }
      requests.push(sent)
      const given = await answer(sent)
      if (given instanceof Error) throw given
      return given ?? json({ detail: 'Not found.' }, 404)
    },
  })
  return { api, requests, paths: () => requests.map(({ method, path }) => `${method} ${path}`) }
}

/** Storage that can be looked into. */
export function storage(entries: Record<string, string> = {}) {
  const kept = new Map(Object.entries(entries))
  return {
    kept,
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  }
}

/** The same, as React Native's AsyncStorage has it. */
export function asyncStorage(entries: Record<string, string> = {}) {
  const { kept, getItem, setItem, removeItem } = storage(entries)
  const soon = () => new Promise((resolve) => setTimeout(resolve, 5))
  return {
    kept,
    getItem: (name: string) => soon().then(() => getItem(name)),
    setItem: (name: string, value: string) => soon().then(() => setItem(name, value)),
    removeItem: (name: string) => soon().then(() => removeItem(name)),
  }
}

/** What a call that must fail fails with. */
export const failureOf = (call: Promise<unknown>): Promise<ApiError> =>
  call.then(
    () => Promise.reject(new Error('it succeeded')),
    (error) => error,
  )
