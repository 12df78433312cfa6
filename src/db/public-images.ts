/** Which images everybody may see: those that posts and profiles show. It is nobody else's business what only messages show. */
const KNOWN_MS = 60_000
const MAX_KNOWN = 5_000
/** By hash, until when an image that was public need not be asked after again, in milliseconds since the epoch. */
const knownUntil = new Map<string, number>()

/**
 * Whether it was public a moment ago, and nothing was taken away here since. Elsewhere it may have been, within a minute: browsers keep what was
 * public for a year anyway.
 */
export const isKnownPublic = (hash: string): boolean => (knownUntil.get(hash) ?? 0) > Date.now()

export function rememberPublic(hash: string): void {
  if (knownUntil.size >= MAX_KNOWN) knownUntil.clear()
  knownUntil.set(hash, Date.now() + KNOWN_MS)
}

export const forgetPublicImages = (): void => knownUntil.clear()
