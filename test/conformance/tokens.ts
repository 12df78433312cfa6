/** Who is signed in, and tokens that the API did not make. */
import { env } from 'cloudflare:workers'

interface Keys {
  access: string
  refresh: string
}

const keyring = new Map<string, Keys>()

/** Keeps the tokens of somebody's newest session. */
export function remember(username: string, keys: Keys): void {
  keyring.set(username, keys)
}

export function keysOf(username: string): Keys {
  const keys = keyring.get(username)
  if (!keys) throw new Error(`${username} never signed in`)
  return keys
}

interface Minted {
  type?: string
  userId?: number | undefined
  seconds?: number
  secret?: string
}

/** A token as the original signed them: without the `kid` that ours have. */
export async function mint({
  type = 'access',
  userId,
  seconds = 300,
  secret = env.JWT_SECRET,
}: Minted): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const claims = { token_type: type, exp: iat + seconds, iat, jti: 'a'.repeat(32), user_id: userId }
  const signed = `${encode(JSON.stringify({ alg: 'HS256', typ: 'JWT' }))}.${encode(JSON.stringify(claims))}`
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', bytes(secret), algorithm, false, ['sign'])
  const signature = await crypto.subtle.sign('HMAC', key, bytes(signed))
  return `${signed}.${encode(new Uint8Array(signature))}`
}

/** What a token says, unchecked; undefined for what is no token. */
export function read(token: string): { header: Claims; claims: Claims } | undefined {
  try {
    const [header, claims] = token.split('.', 2).map((part) => JSON.parse(decode(part)))
    return header && claims && { header, claims }
  } catch {
    return undefined
  }
}
type Claims = Record<string, unknown>

const bytes = (text: string) => new TextEncoder().encode(text)
const encode = (data: string | Uint8Array) =>
  (typeof data === 'string' ? bytes(data) : data).toBase64({ alphabet: 'base64url', omitPadding: true })
const decode = (text: string) =>
  new TextDecoder().decode(Uint8Array.fromBase64(text, { alphabet: 'base64url' }))
