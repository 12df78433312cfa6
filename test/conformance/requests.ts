/** Makes a recorded request again: what the recording abbreviates is put back. */
import type { Case, Json, JsonObject } from './cases'
import { ORIGIN } from './cases'
import { file } from './files'
import { keysOf, mint, read } from './tokens'

/** Headers whose token the recording only describes. */
const BEARERS: Record<string, () => string | Promise<string>> = {
  'cred: header bob + cookie alice': () => keysOf('bob').access,
  'cred: forged good': () => mint({ userId: 1 }),
  'cred: no user_id claim': () => mint({}),
  'cred: wrong signature': () => mint({ userId: 1, secret: 'some other secret, that the API never had' }),
}

/** Bodies that were too long to be written down, by what is left of them. */
const LONG_BODIES: Record<string, string> = {
  '<100029 chars>': JSON.stringify({ title: 'long', content: 'c'.repeat(100_000) }),
  '<3000028 chars>': JSON.stringify({ title: 'big', content: 'c'.repeat(3_000_000) }),
  '<3000022 chars>': `title=bigform&content=${'c'.repeat(3_000_000)}`,
}

export async function requestOf({ name, request }: Case): Promise<Request> {
  const headers = new Headers(request.headers)
  if (headers.get('authorization')?.includes('<jwt')) {
    const bearer = BEARERS[name]
    if (!bearer) throw new Error('whose token?')
    headers.set('authorization', `Bearer ${await bearer()}`)
  }
  if (request.cookie) headers.set('cookie', cookie(request.cookie, request.as))
  return new Request(ORIGIN + request.path, {
    method: request.method,
    headers,
    body: await bodyOf(request.body),
    redirect: 'manual',
  })
}

function cookie(recorded: string, who: string | undefined): string {
  const [cookieName, value] = recorded.split('=', 2)
  if (!value?.startsWith('<jwt')) return recorded
  const keys = keysOf(who ?? 'alice')
  return `${cookieName}=${cookieName === 'my-app-auth' ? keys.access : keys.refresh}`
}

async function bodyOf(body: Case['request']['body']): Promise<BodyInit | null> {
  if (!body) return null
  if ('raw' in body) return rawBytes(body.raw)
  if ('json' in body) return longBody(body.json) ?? JSON.stringify(await withTokens(body.json))
  if ('form' in body)
    return typeof body.form === 'string'
      ? (longBody(body.form) ?? null)
      : new URLSearchParams(texts(body.form))
  const form = new FormData()
  for (const [field, value] of Object.entries(texts(body.multipart))) {
    const [, fileName, type] = /^<file (\S+) (\S+) \d+B>$/.exec(value) ?? []
    form.set(field, fileName ? file(fileName, type) : value)
  }
  return form
}

function longBody(value: Json): string | undefined {
  if (typeof value !== 'string' || !/^<\d+ chars>$/.test(value)) return undefined
  const body = LONG_BODIES[value]
  if (body === undefined || value !== `<${body.length} chars>`) throw new Error(`not the body of ${value}`)
  return body
}

const texts = (fields: JsonObject): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, String(value)]))

/** A token of the recording becomes one of the same person and kind, and as old. */
async function withTokens(json: Json): Promise<Json> {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return json
  const fields = await Promise.all(
    Object.entries(json).map(async ([field, value]) => [
      field,
      typeof value === 'string' && value.startsWith('eyJ') ? await ours(value) : value,
    ]),
  )
  return Object.fromEntries(fields)
}

const PEOPLE: Record<number, string> = { 1: 'alice' }

async function ours(token: string): Promise<string> {
  const claims = read(token)?.claims
  if (!claims) throw new Error('not a token')
  const [userId, iat, exp] = [Number(claims.user_id), Number(claims.iat), Number(claims.exp)]
  const who = PEOPLE[userId]
  if (exp < iat || !who) return mint({ type: String(claims.token_type), userId, seconds: exp - iat })
  return claims.token_type === 'access' ? keysOf(who).access : keysOf(who).refresh
}

/** The recording shows a byte that is no UTF-8 as U+FFFD; it was 0xff. */
function rawBytes(raw: string): Uint8Array<ArrayBuffer> {
  const [first = [], ...rest] = raw.split('\ufffd').map((part) => new TextEncoder().encode(part))
  return new Uint8Array([...first, ...rest.flatMap((part) => [0xff, ...part])])
}
