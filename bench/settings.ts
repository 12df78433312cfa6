/** The size and length of a run. `npm run bench -- --quick` checks in a minute that everything works. */
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')
/** Built bundles and databases, which are deleted after a run. */
export const WORK = join(ROOT, '.wrangler', 'bench')

/** The number of rows in each table. */
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
  /** How many seconds one measurement of a route takes, and how often it is repeated, taking turns with the limit. */
  seconds: number
  rounds: number
  connections: number[]
  /** Requests of each profile. */
  replays: number
  /** The numbers of posts at which growth is measured. */
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
