/**
 * The ids of changes that nothing is known of, kept where they outlive the object's memory: a batch that was given up may arrive when the object
 * that sent it has long been evicted, and the next one must know that it may. Ids only: what was written is in D1 and nowhere else.
 */

const KEY = 'unsettled'

export interface UnsettledIds {
  all(): readonly string[]
  /** Keeps these instead. Never throws: without the storage they are known for as long as the object lives. */
  keep(ids: readonly string[]): void
}

/** What the object before this one has left, and from then on what is kept. */
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
