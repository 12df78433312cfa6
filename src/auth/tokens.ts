/**
 * JSON Web Tokens (RFC 7519) signed with HMAC SHA-256, issued and checked here and nowhere else.
 *
 * Claims are those of the original: `token_type`, `exp`, `iat`, `jti`, `user_id`. The header's `kid` says which
 * secret signed, so that secrets can be rotated. An access token's `jti` begins with the name of its session.
 */
import * as z from 'zod'

export type TokenType = 'access' | 'refresh'

export interface Claims {
  token_type: string
  /** Seconds since the epoch. */
  exp: number
  jti: string
  user_id?: number | undefined
}

interface Key {
  kid: string
  key: CryptoKey
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const keys = new Map<string, Key>()

const headerSchema = z.object({ alg: z.literal('HS256'), kid: z.string().optional() })
const claimsSchema = z.object({
  token_type: z.string(),
  exp: z.number(),
  jti: z.string(),
  user_id: z.coerce.number().int().positive().optional(),
})

/** Signs; `secret` is the current one, `seconds` the token's life. */
export async function signToken(
  secret: string,
  {
    type,
    jti,
    userId,
    seconds,
    now = Date.now(),
  }: { type: TokenType; jti: string; userId: number; seconds: number; now?: number },
): Promise<string> {
  const { kid, key } = await keyOf(secret)
  const iat = Math.floor(now / 1000)
  const claims = { token_type: type, exp: iat + seconds, iat, jti, user_id: userId }
  const signed = `${encodeJson({ alg: 'HS256', typ: 'JWT', kid })}.${encodeJson(claims)}`
  const signature = await crypto.subtle.sign('HMAC', key, encoder.encode(signed))
  return `${signed}.${encode(new Uint8Array(signature))}`
}

/** The claims of a token that is good now; undefined for any other. Which type it is, the caller checks. */
export async function verifyToken(secrets: readonly string[], token: string): Promise<Claims | undefined> {
  const claims = await readToken(secrets, token)
  return claims && claims.exp * 1000 > Date.now() ? claims : undefined
}

/**
 * The claims of a token that is whole and signed by one of the secrets, expired or not: enough to sign out with. The comparison of
 * signatures is `crypto.subtle`'s, in constant time.
 */
export async function readToken(secrets: readonly string[], token: string): Promise<Claims | undefined> {
  const [header, payload, signature, ...more] = token.split('.')
  if (!header || !payload || !signature || more.length > 0) return undefined
  const head = headerSchema.safeParse(decodeJson(header)).data
  const bytes = decode(signature)
  if (!head || !bytes) return undefined
  const all = await Promise.all(secrets.map(keyOf))
  const named = all.filter(({ kid }) => kid === head.kid)
  const signed = encoder.encode(`${header}.${payload}`)
  for (const { key } of named.length > 0 ? named : all) {
    if (await crypto.subtle.verify('HMAC', key, bytes, signed)) {
      return claimsSchema.safeParse(decodeJson(payload)).data
    }
  }
  return undefined
}

/**
 * Importing a key costs more than using it, so each secret's is kept for the life of the isolate. The key, not
 * the promise: a request that is cancelled meanwhile would leave the others waiting.
 */
async function keyOf(secret: string): Promise<Key> {
  const known = keys.get(secret)
  if (known) return known
  const key = await importKey(secret)
  keys.set(secret, key)
  return key
}

async function importKey(secret: string): Promise<Key> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, [
    'sign',
    'verify',
  ])
  // A name that says nothing of the secret: what the key makes of a fixed text.
  const mark = await crypto.subtle.sign('HMAC', key, encoder.encode('kid'))
  return { kid: encode(new Uint8Array(mark, 0, 6)), key }
}

const encode = (bytes: Uint8Array) => bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
const encodeJson = (value: object) => encode(encoder.encode(JSON.stringify(value)))

function decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(text, { alphabet: 'base64url' })
  } catch {
    return undefined
  }
}

function decodeJson(text: string): unknown {
  const bytes = decode(text)
  try {
    return bytes && JSON.parse(decoder.decode(bytes))
  } catch {
    return undefined
  }
}
