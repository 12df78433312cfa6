/** Password hashes: Argon2id in the PHC string format, `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. */
import Argon2, { Argon2Type } from '@phi-ag/argon2'
import wasm from '@phi-ag/argon2/argon2.wasm'

/** OWASP's second choice (19 MiB, 2 passes, 1 lane): about 40 ms of CPU. Raising them rehashes people as they log in. */
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

export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  return (await load()).hash(whole(password), { ...PARAMETERS, salt }).encoded
}

export interface Verdict {
  matches: boolean
  /** The hash was made with other parameters than are used now. */
  outdated: boolean
}

/** Checks a password; without a hash (nobody of that name) it does the same work and says no. */
export async function verifyPassword(hash: string | undefined, password: string): Promise<Verdict> {
  decoy ??= await hashPassword(crypto.randomUUID())
  const { success } = (await load()).tryVerify(hash ?? decoy, whole(password))
  return { matches: success && hash !== undefined, outdated: hash !== undefined && !hash.startsWith(CURRENT) }
}

/**
 * The library (0.5.28) hashes as many bytes of the UTF-8 text as the string has UTF-16 units: of a Cyrillic password the
 * first half. With as many units as bytes it reads exactly the password, and none of the padding behind it.
 */
const whole = (password: string): string => password.padEnd(new TextEncoder().encode(password).length)
