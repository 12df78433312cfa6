/** The part of Cloudflare's API that moves data. The token needs permission to edit D1, and R2 if images are moved. */

export interface Account {
  /** Returns the `result`. Throws the API's message if it refuses. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>
  /** The response itself; undefined for a 404. */
  fetch(method: string, path: string, init?: RequestInit): Promise<Response | undefined>
}

const TRIES = 5
const PAUSE_MS = 500

/** Uses `CLOUDFLARE_API_TOKEN` and `CLOUDFLARE_ACCOUNT_ID`. */
export function openAccount(environment = process.env): Account {
  const { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ACCOUNT_ID: account } = environment
  if (!token || !account) throw new Error('Set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.')
  const base = environment.CLOUDFLARE_API_BASE_URL ?? 'https://api.cloudflare.com/client/v4'

  /** Retries. Every request sent here can safely be sent twice: see `load.ts`. */
  async function fetchAgain(
    method: string,
    path: string,
    init: RequestInit = {},
  ): Promise<Response | undefined> {
    for (let attempt = 1; ; attempt++) {
      const headers = { authorization: `Bearer ${token}`, ...init.headers }
      const answer = await fetch(`${base}/accounts/${account}${path}`, { ...init, method, headers }).catch(
        (error: unknown) => {
          if (attempt === TRIES) throw error
        },
      )
      if (answer?.status === 404) return undefined
      if (answer && answer.status !== 429 && answer.status < 500) return answer
      if (attempt === TRIES) throw new Error(`${method} ${path}: ${answer?.status} ${await answer?.text()}`)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** attempt))
    }
  }

  return {
    fetch: fetchAgain,
    async call<T>(method: string, path: string, body?: unknown) {
      const answer = await fetchAgain(method, path, {
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      })
      if (!answer) throw new Error(`${method} ${path}: there is no such thing.`)
      const { success, result, errors }: { success: boolean; result: T; errors: { message: string }[] } =
        await answer.json()
      if (!success) throw new Error(errors.map(({ message }) => message).join('; '))
      return result
    },
  }
}
