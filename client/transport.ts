/** One request: typed, signed, renewed when the token ran out, sent again when the way there failed. */
import { ApiError, errorFrom } from './errors'
import { platform, WITH_COOKIES } from './platform'
import type { Input, Method, Output, Path } from './schema'
import { type TokenKeeper, type TokenStorage, tokenKeeper } from './tokens'

export interface Options {
  /** Where the API is: `https://api.example.com`, or with `/api` behind it; in pages also `/api` on their own origin. */
  baseUrl: string
  /**
   * `cookie`: the browser keeps the tokens, where scripts cannot read them. `bearer`: this client does. Without it: `cookie` in pages,
   * `bearer` elsewhere.
   */
  auth?: 'cookie' | 'bearer'
  /** For `bearer`: where tokens survive. Without it they live as long as this client. */
  storage?: TokenStorage
  fetch?: (request: Request) => Promise<Response>
}

export interface CallOptions {
  signal?: AbortSignal
  /** Makes sending again safe. Without it what creates something gets a random one. */
  idempotencyKey?: string
}

export interface Transport {
  baseUrl: string
  usesCookies: boolean
  tokens: TokenKeeper
  /** Throws `ApiError`. */
  call<P extends Path, M extends Method<P>>(
    method: M,
    path: P,
    input: Input<P, M>,
    options?: CallOptions,
  ): Promise<Output<P, M>>
  /** Renews the access token, once for all who ask at the same time. */
  renew(stale: string | undefined): Promise<void>
}

const TRIES = 3
const PAUSE = 300
/** Done twice, these tell of a name that is taken, or of a password that is no more. */
const ONCE = /registration|password/

export function transport({
  baseUrl,
  auth,
  storage,
  fetch = (request) => globalThis.fetch(request),
}: Options): Transport {
  const usesCookies = (auth ?? (platform.document ? 'cookie' : 'bearer')) === 'cookie'
  const tokens = tokenKeeper(storage)
  const credentials = usesCookies ? WITH_COOKIES : {}
  const base = new URL(baseUrl, platform.location?.href).href.replace(/\/+$/, '')

  /** Fails with status 0 when there is no answer. Only what may be done twice is tried again; `isRepeated`: it was. */
  async function send(
    build: () => Request,
    mayRepeat: boolean,
  ): Promise<{ response: Response; isRepeated: boolean }> {
    for (let attempt = 1; ; attempt++) {
      const request = build()
      const response = await fetch(request).catch((error: unknown) => {
        if (request.signal.aborted) throw error
        return undefined
      })
      const isLast = !mayRepeat || attempt === TRIES
      if (response && (isLast || response.status !== 503)) return { response, isRepeated: attempt > 1 }
      if (isLast) throw new ApiError(0, 'The API cannot be reached.')
      await new Promise((resolve) => setTimeout(resolve, PAUSE * 2 ** attempt * (0.5 + Math.random())))
    }
  }

  function renew(stale: string | undefined): Promise<void> {
    return tokens.renewOnce(stale, async (kept) => {
      if (!usesCookies && !kept) throw new ApiError(401, 'Signed out.')
      const body = usesCookies ? '{}' : JSON.stringify({ refresh: kept?.refresh })
      const headers = { 'content-type': 'application/json' }
      const url = `${base}/dj-rest-auth/token/refresh/`
      const { response } = await send(
        () => new Request(url, { method: 'POST', headers, body, ...credentials }),
        true,
      )
      if (response.status === 401) tokens.renewed(kept, undefined)
      if (!response.ok) throw await errorFrom(response)
      const { access } = (await readJson(response)) as { access: string }
      if (kept) tokens.renewed(kept, { ...kept, access })
    })
  }

  return {
    baseUrl: base,
    usesCookies,
    tokens,
    renew,
    async call<P extends Path, M extends Method<P>>(
      method: M,
      path: P,
      input: Input<P, M>,
      options: CallOptions = {},
    ) {
      const { param, query, json } = input as { param?: Values; query?: Values; json?: Values }
      const verb = method.slice(1).toUpperCase()
      const url = new URL(`${base}${fill(path, param)}/`)
      for (const [name, value] of Object.entries(query ?? {})) {
        if (value !== undefined) url.searchParams.set(name, String(value))
      }
      const key = options.idempotencyKey ?? (verb === 'POST' ? crypto.randomUUID() : undefined)
      const body = json && encode(json)
      const build = () => {
        const headers = new Headers()
        if (typeof body === 'string') headers.set('content-type', 'application/json')
        const access = usesCookies ? undefined : tokens.get()?.access
        if (access) headers.set('authorization', `Bearer ${access}`)
        if (key) headers.set('idempotency-key', key)
        const { signal } = options
        return new Request(url, {
          method: verb,
          headers,
          body: body ?? null,
          ...credentials,
          ...(signal && { signal }),
        })
      }

      const used = tokens.get()?.access
      const mayRepeat = verb !== 'PATCH' && !ONCE.test(path)
      let { response, isRepeated } = await send(build, mayRepeat)
      if (response.status === 401 && (usesCookies || used)) {
        const error = await errorFrom(response)
        if (error.code !== 'token_not_valid') throw error
        await renew(used)
        const again = await send(build, mayRepeat)
        response = again.response
        isRepeated ||= again.isRepeated
      }
      // What is gone was deleted by an attempt whose answer was lost.
      const isGone = verb === 'DELETE' && isRepeated && response.status === 404
      if (!response.ok && !isGone) throw await errorFrom(response)
      // The schema of the route says what a success holds; nothing where there is no body.
      return (isGone || response.status === 204 ? null : await readJson(response)) as Output<P, M>
    },
  }
}

type Values = Record<string, unknown>

/** `/posts/:id{[0-9]+}` with its values. */
const fill = (path: string, values: Values = {}) =>
  path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => encodeURIComponent(String(values[name])))

/** An answer that breaks off, or is somebody else's, is none. */
const readJson = (response: Response): Promise<unknown> =>
  response.json().catch(() => {
    throw new ApiError(0, 'The answer cannot be read.')
  })

/** JSON, or a form where a file is among the fields. */
function encode(fields: Values): string | FormData {
  if (!Object.values(fields).some((value) => value instanceof Blob)) return JSON.stringify(fields)
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Blob) form.set(name, value)
    else if (value !== undefined) form.set(name, value === null ? '' : String(value))
  }
  return form
}
