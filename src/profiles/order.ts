/** The sort orders of lists of profiles. */
import { type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import { ListOrder, type SortKey } from '../db/list-order'
import { type ProfileRow, u } from './queries'

/** The fields that profiles can be ordered by, with their columns. Ids are in order of creation. */
export const SORT_COLUMNS = {
  id: u.id,
  created_at: u.id,
  owner: u.usernameKey,
  title: u.profileName,
  posts_count: u.postsCount,
  followers_count: u.followersCount,
  following_count: u.followingCount,
  owner__following__created_at: u.lastFollowingId,
  owner__followed__created_at: u.lastFollowedId,
} as const
type SortField = keyof typeof SORT_COLUMNS

const COUNTS: ReadonlySet<SortField> = new Set(['posts_count', 'followers_count', 'following_count'])
/** Unique fields: any field after one of them in an ordering has no effect. */
const UNIQUE: ReadonlySet<SortField> = new Set(['id', 'created_at', 'owner'])
const TEXTS: ReadonlySet<SortField> = new Set(['owner', 'title'])

interface SortTerm {
  field: SortField
  descending: boolean
}

/** `sortKeys` is the JSON list of the values that the profile is sorted by. */
export type SortedProfile = ProfileRow & { sortKeys: string }

export interface ProfileOrder {
  /** The columns of the keys of `list`. */
  columns: readonly SQLiteColumn[]
  list: ListOrder<SortedProfile>
  /** How an unfiltered list is read: by the id; by a unique index; by a count's index, ties newest first; or sorted. */
  by: 'id' | 'unique' | 'count' | 'sorting'
}

/** Orders by these fields in turn, then newest first. */
export function profileOrder(terms: readonly SortTerm[]): ProfileOrder {
  const end = terms.findIndex(({ field }) => UNIQUE.has(field))
  const deciding: SortTerm[] =
    end < 0 ? [...terms, { field: 'id', descending: true }] : terms.slice(0, end + 1)
  const name = deciding.map(({ field, descending }) => `${descending ? '-' : ''}${field}`).join()
  const keys = deciding.map(({ field, descending }, i) => ({
    column: SORT_COLUMNS[field],
    descending,
    of: (row: SortedProfile) => JSON.parse(row.sortKeys)[i],
    isText: TEXTS.has(field),
  }))
  const [first, ...rest]: SortKey<SortedProfile>[] = keys
  // There is at least one term.
  if (!first) throw new Error('an order has no key')
  const field = deciding[0]?.field ?? 'id'
  const isOne = deciding.length === 1
  const by = isOne
    ? field === 'owner'
      ? 'unique'
      : 'id'
    : deciding.length === 2 && COUNTS.has(field) && end < 0
      ? 'count'
      : 'sorting'
  return {
    columns: deciding.map((term) => SORT_COLUMNS[term.field]),
    list: new ListOrder(`profiles:${name}`, [first, ...rest]),
    by,
  }
}

/** The fields of the list that profiles can be ordered by, each once. */
export function readOrdering(value = ''): ProfileOrder {
  const terms = new Map<SortField, SortTerm>()
  for (const term of value.split(',')) {
    const name = term.trim().replace(/^-/, '')
    if (!Object.hasOwn(SORT_COLUMNS, name)) continue
    const field = name as SortField
    if (!terms.has(field)) terms.set(field, { field, descending: term.trim().startsWith('-') })
  }
  return profileOrder([...terms.values()])
}

/** The values of a profile's keys, as a column. */
export const sortKeys = ({ columns }: ProfileOrder): SQL =>
  sql`json_array(${sql.join([...columns], sql`, `)})`
