/** What people would use instead, measured by the same requests where it is installed (`npm run bench:peer`). */
import type { Timing } from './load.ts'
import type { Settings } from './settings.ts'
import { measureStrapi } from './strapi.ts'

export interface PeerResult {
  name: string
  version: string
  /** How far it was asked for the same. */
  sameAs: string
  routes: { name: string; timings: Record<number, Timing>; bytes: number }[]
}

/** A peer that is not there or does not run is left out, and says why. */
export async function measurePeers(
  settings: Settings,
  progress: (step: string) => void,
): Promise<PeerResult[]> {
  try {
    const result = await measureStrapi(settings, progress)
    if (result) return [result]
    progress('strapi is not installed, and is left out: `npm run bench:peer` installs it')
  } catch (error) {
    progress(`strapi is left out: ${error instanceof Error ? error.message : error}`)
  }
  return []
}
