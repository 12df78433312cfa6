/**
 * JSON Web Tokens (RFC 7519), signed with HMAC SHA-256. Nothing else issues or checks them.
 *
 * The claims are the original's: `token_type`, `exp`, `iat`, `jti`, `user_id`. The header's `kid` identifies the secret that signed, so that secrets
 * can be rotated. An access token's `jti` begins with the session's name (`db/session-names.ts`), a refresh token's with the session's key
 * (`sessions.ts`).
 */
import { JOSEError, JWSSignatureVerificationFailed, JWTExpired } from 'jose/errors'
import { SignJWT } from 'jose/jwt/sign'
import { jwtVerify } from 'jose/jwt/verify'
import * as z from 'zod/mini'

const ALGORITHM = 'HS256'

/** A `notices` token only opens what `suspended.ts` describes. */
export type TokenType = 'access' | 'refresh' | 'notices'

const claimsSchema = z.object({
  /** Absent in tokens that were issued elsewhere. */
  token_type: z.optional(z.string()),
  /** Seconds since the epoch. */
  exp: z.number(),
  iat: z.optional(z.number()),
  jti: z.string(),
  user_id: z.optional(z.pipe(z.coerce.number(), z.int().check(z.positive()))),
})
export type Claims = z.output<typeof claimsSchema>

interface Key {
  kid: string
  key: CryptoKey
}

const encoder = new TextEncoder()
const keys = new Map<string, Key>()

interface NewToken {
  type: TokenType
  jti: string
  userId: number
  /** For how long the token is valid. */
  seconds: number
  /** In milliseconds since the epoch. */
  now?: number
}

/** The error for a valid token of the wrong type. */
export const wrongType = ({ token_type }: Claims): string =>
  token_type === undefined ? 'Token has no type' : 'Token has wrong type'

export async function signToken(
  secret: string,
  { type, jti, userId, seconds, now = Date.now() }: NewToken,
): Promise<string> {
  const { kid, key } = await keyOf(secret)
  // Rounded up, so that a cookie of the same lifetime does not outlive its token.
  const iat = Math.ceil(now / 1000)
  return new SignJWT({ token_type: type, exp: iat + seconds, iat, jti, user_id: userId })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid })
    .sign(key)
}

/** The claims of a token that is valid now; undefined for any other. The caller checks the type. */
export const verifyToken = (secrets: readonly string[], token: string): Promise<Claims | undefined> =>
  claimsOf(secrets, token, { expired: 'refuse' })

/** The claims of a token that one of the secrets has signed, even if it has expired: enough for logging out. */
export const readToken = (secrets: readonly string[], token: string): Promise<Claims | undefined> =>
  claimsOf(secrets, token, { expired: 'accept' })

async function claimsOf(
  secrets: readonly string[],
  token: string,
  { expired }: { expired: 'accept' | 'refuse' },
): Promise<Claims | undefined> {
  const all = await Promise.all(secrets.map(keyOf))
  for (const candidate of all) {
    try {
      // A token whose `kid` matches none of our keys may still be signed with any of them.
      const keyFor = ({ kid }: { kid?: string }) => (all.find((one) => one.kid === kid) ?? candidate).key
      const { payload } = await jwtVerify(token, keyFor, { algorithms: [ALGORITHM] })
      return claimsSchema.safeParse(payload).data
    } catch (error) {
      if (error instanceof JWSSignatureVerificationFailed) continue
      // jose checks `exp` last, after the signature.
      if (error instanceof JWTExpired && expired === 'accept')
        return claimsSchema.safeParse(error.payload).data
      if (error instanceof JOSEError) return undefined
      throw error
    }
  }
  return undefined
}

/**
 * Importing a key costs more than using it, so each key is kept for the isolate's life. The key is stored, not the promise: if the request that
 * imports it is cancelled, requests that await its promise would never finish.
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
  const usages = ['sign', 'verify']
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, usages)
  // A name that reveals nothing about the secret: the beginning of its signature of a fixed text.
  const mark = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode('kid')), 0, 6)
  return { kid: mark.toBase64({ alphabet: 'base64url', omitPadding: true }), key }
}
