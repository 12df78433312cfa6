/**
 * The ids of unsettled changes, kept in the object's storage: a batch that was given up may arrive after the object that sent it was evicted, and
 * the next one must know that. Only ids are stored here: messages are in D1 and nowhere else.
 */

const KEY = 'unsettled'

export interface UnsettledIds {
  all(): readonly string[]
  /** Replaces the stored ids. Never throws: without storage they are known for as long as the object is in memory. */
  keep(ids: readonly string[]): void
}

/** Starts with the ids that were stored before the object's last eviction. */
export function unsettledIdsIn({ kv }: DurableObjectStorage): UnsettledIds {
  let known: readonly string[] = kv.get<string[]>(KEY) ?? []
  return {
    all: () => known,
    keep(ids) {
      if (known.length + ids.length === 0) return
      known = ids
      try {
        if (ids.length > 0) kv.put(KEY, ids)
        else kv.delete(KEY)
      } catch (error) {
        console.error(JSON.stringify({ error: 'Ids of changes could not be kept.', why: String(error) }))
      }
    },
  }
}
