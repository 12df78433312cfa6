/**
 * Password hashes of accounts imported from Django (`npm run import`): `pbkdf2_sha256$260000$salt$base64`. They work for one login, which replaces
 * them with our own hash.
 */
import { pbkdf2Sha256 } from './pbkdf2'

/** The most KiB and passes accepted: half of an isolate's memory, and a second of CPU. Only hashes made elsewhere ask for more. */
const MAX_COST = { memory: 65_536, passes: 16 }
const ARGON2 = /^\$argon2(?:id|i|d)\$v=\d+\$m=(\d+),t=(\d+),p=\d+\$/

/** The rounds of Django 6.0, which take 1.8 s of CPU; the 260,000 of Django 3.2 take 0.4 s. */
const MAX_ROUNDS = 1_200_000

const encoder = new TextEncoder()

const PBKDF2 = /^pbkdf2_sha256\$(\d{1,7})\$([^$]+)\$([A-Za-z0-9+/]{43}=)$/

interface DjangoHash {
  rounds: number
  salt: string
  key: Uint8Array
}

/** Undefined if the hash has another format, or more rounds than a login can wait for. */
export function readDjangoHash(hash: string): DjangoHash | undefined {
  const [, rounds, salt, base64] = PBKDF2.exec(hash) ?? []
  if (salt === undefined || base64 === undefined) return undefined
  const key = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const found = { rounds: Number(rounds), salt, key }
  return found.rounds > 0 && found.rounds <= MAX_ROUNDS ? found : undefined
}

export function verifyDjangoHash({ rounds, salt, key }: DjangoHash, password: string): boolean {
  return crypto.subtle.timingSafeEqual(
    pbkdf2Sha256(encoder.encode(password), encoder.encode(salt), rounds),
    key,
  )
}

/** Whether this is an Argon2 hash that an isolate can compute. */
export function isArgon2(hash: string): boolean {
  const [, memory, passes] = ARGON2.exec(hash) ?? []
  return Number(memory) <= MAX_COST.memory && Number(passes) <= MAX_COST.passes
}

/** Whether any password can be checked against the hash; otherwise the user must reset it. */
export const isVerifiable = (hash: string): boolean => isArgon2(hash) || readDjangoHash(hash) !== undefined
