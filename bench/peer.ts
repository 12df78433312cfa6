/** Alternatives to this project, measured with the same requests if they are installed (`npm run bench:peer`). */
import type { Timing } from './load.ts'
import type { Settings } from './settings.ts'
import { measureStrapi } from './strapi.ts'

export interface PeerResult {
  name: string
  version: string
  /** How comparable its requests are to ours. */
  sameAs: string
  routes: { name: string; timings: Record<number, Timing>; bytes: number }[]
}

/** Leaves out a peer that is not installed or does not run, and says why. */
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
