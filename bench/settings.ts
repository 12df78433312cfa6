/** How large and how long a run is: `npm run bench -- --quick` shows in a minute whether everything works. */
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')
/** Built bundles and databases; nothing of it outlives a run. */
export const WORK = join(ROOT, '.wrangler', 'bench')

/** What one table holds. */
export interface Sizes {
  people: number
  posts: number
  likes: number
  comments: number
  follows: number
  messages: number
}

export interface Settings {
  sizes: Sizes
  /** Seconds that one measurement of one route lasts, and how often it is taken, in turns with the limit's. */
  seconds: number
  rounds: number
  connections: number[]
  /** Requests of each profile. */
  replays: number
  /** Numbers of posts for the growth of cost. */
  growth: number[]
}

const SIZES: Sizes = {
  people: 200,
  posts: 5_000,
  likes: 20_000,
  comments: 20_000,
  follows: 2_000,
  messages: 10_000,
}

export const FULL: Settings = {
  sizes: SIZES,
  seconds: 0.8,
  rounds: 3,
  connections: [1, 16],
  replays: 3_000,
  growth: [1_000, 30_000, 1_000_000],
}

export const QUICK: Settings = {
  sizes: SIZES,
  seconds: 0.2,
  rounds: 1,
  connections: [1, 16],
  replays: 200,
  growth: [1_000, 5_000],
}
