/** Stores messages that could not be sent yet, so that they survive a reload. */
import { type ImageFile, isBlob } from './files'
import { platform } from './platform'
import type { TokenStorage } from './tokens'

export interface Draft {
  /** The same in every attempt, so that the API accepts the message only once. */
  key: string
  /** The base URL of the API that the draft is for. */
  api: string
  /** The user ids of the author and the recipient. */
  owner: number
  recipient: number
  content: string
  image?: ImageFile | undefined
  image_thumbhash?: string | undefined
  /** Sorts the drafts of one device; roughly when the draft was written, in milliseconds since the epoch. */
  order: number
  /** When it was first sent, if there has been no answer so far. */
  attemptedAt?: number | undefined
}

/** The interface that a custom store implements. */
export interface OutboxStorage {
  /** In any order. */
  all(): Promise<Draft[]>
  /** Adds the draft, or replaces the one with the same key. */
  put(draft: Draft): Promise<unknown>
  delete(key: string): Promise<unknown>
}

const NAME = 'edge-social-api'
const STORE = 'drafts'

/** Also stores images, and is shared by all tabs. */
function indexedDbOutbox(): OutboxStorage {
  function run<T>(mode: IDBTransactionMode, act: (drafts: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const opening = indexedDB.open(NAME, 1)
      opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'key' })
      opening.onerror = () => reject(opening.error)
      opening.onsuccess = () => {
        const db = opening.result
        const transaction = db.transaction(STORE, mode)
        const request = act(transaction.objectStore(STORE))
        transaction.onabort = () => reject(transaction.error)
        transaction.oncomplete = () => resolve(request.result)
        db.close()
      }
    })
  }
  return {
    all: () => run<Draft[]>('readonly', (drafts) => drafts.getAll()),
    put: (draft) => run('readwrite', (drafts) => drafts.put(draft)),
    delete: (key) => run('readwrite', (drafts) => drafts.delete(key)),
  }
}

/**
 * Uses one item of React Native's `AsyncStorage` or a similar store. An image is stored as its `uri`, so drafts whose image is a Blob are not stored.
 */
function keyValueOutbox(storage: TokenStorage): OutboxStorage {
  const name = `${NAME}:outbox`
  let last: Promise<unknown> = Promise.resolve()
  const all = async () => parse(await storage.getItem(name))
  const change = (how: (drafts: Draft[]) => Draft[]) => {
    const done = last.then(async () => storage.setItem(name, JSON.stringify(how(await all()))))
    // One write at a time, because each writes all drafts; a failed write does not block the next.
    last = done.catch(() => undefined)
    return done
  }
  return {
    all,
    // It is better to lose the draft with the page than to send it without its image.
    put: async (draft) =>
      isBlob(draft.image) || change((drafts) => [...drafts.filter(({ key }) => key !== draft.key), draft]),
    delete: (gone) => change((drafts) => drafts.filter(({ key }) => key !== gone)),
  }
}

/** Treats garbage as an empty list. */
function parse(text: string | null | undefined): Draft[] {
  try {
    const drafts: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(drafts) ? drafts : []
  } catch {
    return []
  }
}

/** The given store, the platform's own, or none. Without a store, drafts last as long as their conversation. */
export function outboxStorage(
  given: OutboxStorage | TokenStorage | false | undefined,
): OutboxStorage | undefined {
  if (given) return 'getItem' in given ? keyValueOutbox(given) : given
  return given === undefined && platform.document && platform.indexedDB ? indexedDbOutbox() : undefined
}

/** Unlike the store, this never fails: a draft that cannot be stored lasts as long as the page. */
export interface Drafts {
  of(owner: number, recipient?: number): Promise<Draft[]>
  put(draft: Draft): Promise<unknown>
  delete(key: string): Promise<unknown>
}

export function drafts(storage: OutboxStorage | undefined, api: string): Drafts {
  let last: Promise<unknown> = Promise.resolve()
  // Runs calls in order, so that a slow `put` cannot bring back a deleted draft.
  const next = <T>(run: () => Promise<T> | undefined): Promise<T | undefined> => {
    const done = last.then(run).catch(() => undefined)
    last = done
    return done
  }
  return {
    async of(owner, recipient) {
      const all = (await next(async () => storage?.all())) ?? []
      return all
        .filter(
          (draft) =>
            draft.api === api && draft.owner === owner && (recipient ?? draft.recipient) === draft.recipient,
        )
        .sort((a, b) => a.order - b.order)
    },
    put: (draft) => next(async () => storage?.put(draft)),
    delete: (key) => next(async () => storage?.delete(key)),
  }
}
