/**
 * JSON Web Tokens (RFC 7519) signed with HMAC SHA-256, issued and checked here and nowhere else.
 *
 * The claims are those of the original: `token_type`, `exp`, `iat`, `jti`, `user_id`. The header's `kid` says which secret signed,
 * so that secrets can be rotated. What a `jti` begins with is the name of the session in an access token
 * (`db/session-names.ts`), and its key in a refresh token (`sessions.ts`).
 */
import { JOSEError, JWSSignatureVerificationFailed, JWTExpired } from 'jose/errors'
import { SignJWT } from 'jose/jwt/sign'
import { jwtVerify } from 'jose/jwt/verify'
import * as z from 'zod/mini'

const ALGORITHM = 'HS256'

/** `notices` opens what `suspended.ts` says, and nothing else. */
export type TokenType = 'access' | 'refresh' | 'notices'

const claimsSchema = z.object({
  /** Absent in tokens that were not made here. */
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
  /** How long it is good for. */
  seconds: number
  /** In milliseconds since the epoch. */
  now?: number
}

/** What is wrong with a good token that is of another type than is needed. */
export const wrongType = ({ token_type }: Claims): string =>
  token_type === undefined ? 'Token has no type' : 'Token has wrong type'

/** Signs a token with the current secret. */
export async function signToken(
  secret: string,
  { type, jti, userId, seconds, now = Date.now() }: NewToken,
): Promise<string> {
  const { kid, key } = await keyOf(secret)
  // Rounded up, so that a cookie of the same lifetime does not outlive the token that it holds.
  const iat = Math.ceil(now / 1000)
  return new SignJWT({ token_type: type, exp: iat + seconds, iat, jti, user_id: userId })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid })
    .sign(key)
}

/** The claims of a token that is good now; undefined for any other. The caller checks that it is of the right type. */
export const verifyToken = (secrets: readonly string[], token: string): Promise<Claims | undefined> =>
  claimsOf(secrets, token, { expired: 'refuse' })

/** The claims of a token that one of the secrets has signed, even where it has expired since: enough to sign out with. */
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
      // A token that names none of our keys may still be signed with any of them.
      const keyFor = ({ kid }: { kid?: string }) => (all.find((one) => one.kid === kid) ?? candidate).key
      const { payload } = await jwtVerify(token, keyFor, { algorithms: [ALGORITHM] })
      return claimsSchema.safeParse(payload).data
    } catch (error) {
      if (error instanceof JWSSignatureVerificationFailed) continue
      // jose looks at `exp` last, when it has found the signature to be good.
      if (error instanceof JWTExpired && expired === 'accept')
        return claimsSchema.safeParse(error.payload).data
      if (error instanceof JOSEError) return undefined
      throw error
    }
  }
  return undefined
}

/**
 * Importing a key costs more than using it, so each secret's key is kept for the life of the isolate. The key and not the promise:
 * a request that is cancelled while it imports would leave the others waiting for ever.
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
  // A name that gives away nothing about the secret: the beginning of its signature of a fixed text.
  const mark = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode('kid')), 0, 6)
  return { kid: mark.toBase64({ alphabet: 'base64url', omitPadding: true }), key }
}
