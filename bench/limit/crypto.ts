/** Tokens and hashes, with nothing around them. */
const encoder = new TextEncoder()
const decoder = new TextDecoder()
let key: CryptoKey | undefined

const keyOf = async (secret: string): Promise<CryptoKey> =>
  (key ??= await crypto.subtle.importKey(
    'raw',
    encoder.encode(secret),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  ))

export interface Claims {
  exp: number
  jti: string
  user_id: number
}

/** The claims of a token, if it is signed with this secret and has not expired. */
export async function verify(secret: string, token: string): Promise<Claims | undefined> {
  const end = token.lastIndexOf('.')
  const signature = Uint8Array.fromBase64(token.slice(end + 1), { alphabet: 'base64url' })
  const signed = token.slice(0, end)
  if (!(await crypto.subtle.verify('HMAC', await keyOf(secret), signature, encoder.encode(signed))))
    return undefined
  const payload = Uint8Array.fromBase64(signed.slice(signed.indexOf('.') + 1), { alphabet: 'base64url' })
  const claims: Claims = JSON.parse(decoder.decode(payload))
  return claims.exp * 1000 > Date.now() ? claims : undefined
}

const encode = (bytes: Uint8Array) => bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
/** As long as ours, which has a `kid`. */
const HEADER = encode(encoder.encode('{"alg":"HS256","typ":"JWT","kid":"AAAAAAAA"}'))

export async function sign(
  secret: string,
  type: string,
  jti: string,
  userId: number,
  seconds: number,
): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const claims = { token_type: type, exp: iat + seconds, iat, jti, user_id: userId }
  const signed = `${HEADER}.${encode(encoder.encode(JSON.stringify(claims)))}`
  const signature = await crypto.subtle.sign('HMAC', await keyOf(secret), encoder.encode(signed))
  return `${signed}.${encode(new Uint8Array(signature))}`
}

export const randomHex = (): string => crypto.getRandomValues(new Uint8Array(16)).toHex()

export const sha256 = async (bytes: ArrayBuffer | Uint8Array): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as ArrayBuffer)).toHex()
