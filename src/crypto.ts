/** What accounts and images both need of the Web Crypto API. */

const encoder = new TextEncoder()

/** 128 random bits in hexadecimal. */
export const randomId = (): string => crypto.getRandomValues(new Uint8Array(16)).toHex()

/** SHA-256 in hexadecimal: how secrets that are looked up are stored, and what images are called. */
export async function sha256(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === 'string' ? encoder.encode(data) : data
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)).toHex()
}
