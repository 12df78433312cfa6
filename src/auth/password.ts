/** Password hashes: Argon2id in the PHC string format, `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. Django's hashes are accepted once. */
import Argon2, { Argon2Type } from '@phi-ag/argon2'
import wasm from '@phi-ag/argon2/argon2.wasm'
import type { Limit } from '../limits/gcra'
import { isArgon2, readDjangoHash, verifyDjangoHash } from './django-hash'
import { inTurn } from './hash-turn'

/**
 * OWASP's second choice: 19 MiB (`memoryCost` is in KiB), 2 passes, 1 lane. A hash takes about 40 ms of CPU. After these parameters change, each
 * password is hashed again when its owner next logs in.
 */
const PARAMETERS = {
  type: Argon2Type.Argon2id,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
  hashLength: 32,
}
const CURRENT = `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}$`

let argon2: Argon2 | undefined
let decoy: string | undefined

async function load(): Promise<Argon2> {
  argon2 ??= new Argon2(await WebAssembly.instantiate(wasm))
  return argon2
}

/** `pace` is the limit of hashes (`limits.ts`). Throws `Unavailable` if too many hashes are queued. */
export async function hashPassword(password: string, pace: Limit | undefined): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const argon2 = await load()
  return inTurn(pace, () => argon2.hash(padded(password.normalize('NFC')), { ...PARAMETERS, salt }).encoded)
}

export interface Verdict {
  matches: boolean
  /** The hash was made with other parameters than the current ones, or from another Unicode form of the password. */
  outdated: boolean
}

/** Checks a password. If there is no hash, because there is no such user, it takes as long, so that the time does not reveal who has an account. */
export async function verifyPassword(
  hash: string | undefined,
  password: string,
  pace: Limit | undefined,
  isKnownDevice = false,
): Promise<Verdict> {
  decoy ??= await hashPassword(crypto.randomUUID(), undefined)
  const [argon2, known] = [await load(), hash ?? decoy]
  const django = readDjangoHash(known)
  for (const form of formsOf(password)) {
    const success = await inTurn(
      pace,
      () => {
        if (django) return verifyDjangoHash(django, form)
        return isArgon2(known) && argon2.tryVerify(known, padded(form)).success
      },
      isKnownDevice,
    )
    if (!success || hash === undefined) continue
    return { matches: true, outdated: !hash.startsWith(CURRENT) || form !== password.normalize('NFC') }
  }
  return { matches: false, outdated: false }
}

/** NFC, which is hashed now; then the password as sent, and NFD, for hashes from before that. Only letters with marks make them differ. */
const formsOf = (password: string): Set<string> =>
  new Set([password.normalize('NFC'), password, password.normalize('NFD')])

/**
 * The library (0.5.28) only hashes as many bytes of the UTF-8 text as the string has UTF-16 units: half of a Cyrillic password. After padding it to
 * as many units as it has bytes, the whole password is hashed, and no padding.
 */
const padded = (password: string): string => password.padEnd(new TextEncoder().encode(password).length)
