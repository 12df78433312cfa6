/** Where messages wait that could not be sent yet, so that they outlive a reload. */
import { type ImageFile, isBlob } from './files'
import { platform } from './platform'
import type { TokenStorage } from './tokens'

export interface Draft {
  /** The same in every attempt: the API takes it once. */
  key: string
  /** The API it is for. */
  api: string
  /** Who wrote it, and to whom: ids of users. */
  owner: number
  recipient: number
  content: string
  image?: ImageFile | undefined
  image_thumbhash?: string | undefined
  /** Orders the drafts of one device; about when it was written, in milliseconds since the epoch. */
  order: number
  /** When it was first sent, without an answer so far. */
  attemptedAt?: number | undefined
}

/** The interface of a store of one's own. */
export interface OutboxStorage {
  /** In any order. */
  all(): Promise<Draft[]>
  /** Adds it, or replaces the one with its key. */
  put(draft: Draft): Promise<unknown>
  delete(key: string): Promise<unknown>
}

const NAME = 'edge-social-api'
const STORE = 'drafts'

/** Keeps images, too, and is shared by all tabs. */
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

/** In one item of React Native's `AsyncStorage`, or of the like. An image is kept by its `uri`; one that is a Blob is not. */
function keyValueOutbox(storage: TokenStorage): OutboxStorage {
  const name = `${NAME}:outbox`
  let last: Promise<unknown> = Promise.resolve()
  const all = async () => parse(await storage.getItem(name))
  const change = (how: (drafts: Draft[]) => Draft[]) => {
    const done = last.then(async () => storage.setItem(name, JSON.stringify(how(await all()))))
    // One after the other, as each writes all of them; also behind one that failed.
    last = done.catch(() => undefined)
    return done
  }
  return {
    all,
    // Better lost with the page than sent without its image.
    put: async (draft) =>
      isBlob(draft.image) || change((drafts) => [...drafts.filter(({ key }) => key !== draft.key), draft]),
    delete: (gone) => change((drafts) => drafts.filter(({ key }) => key !== gone)),
  }
}

/** Garbage is nothing. */
function parse(text: string | null | undefined): Draft[] {
  try {
    const drafts: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(drafts) ? drafts : []
  } catch {
    return []
  }
}

/** What it is called with, the platform's own, or nothing: then drafts last as long as their conversation. */
export function outboxStorage(
  given: OutboxStorage | TokenStorage | false | undefined,
): OutboxStorage | undefined {
  if (given) return 'getItem' in given ? keyValueOutbox(given) : given
  return given === undefined && platform.document && platform.indexedDB ? indexedDbOutbox() : undefined
}

/** Unlike its store, it never fails: what cannot be kept lasts as long as the page. */
export interface Drafts {
  of(owner: number, recipient?: number): Promise<Draft[]>
  put(draft: Draft): Promise<unknown>
  delete(key: string): Promise<unknown>
}

export function drafts(storage: OutboxStorage | undefined, api: string): Drafts {
  let last: Promise<unknown> = Promise.resolve()
  // In the order of the calls: what is deleted must not come back by a `put` that took longer.
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
