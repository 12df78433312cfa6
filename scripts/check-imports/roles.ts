/** The role of each file under src/, by its path, and what that role may import. */
import { matchesGlob } from 'node:path/posix'

export type Role = keyof typeof MAY_IMPORT

/**
 * The files of each role, relative to src/. A new file of the same kind takes one of these names, such as `*-routes.ts`; a file for a concept of its
 * domain is added to `concept`. The first role that matches applies.
 */
const FILES = {
  index: ['{index,sweep}.ts'],
  app: ['app.ts'],
  base: ['{crypto,deadline}.ts'],
  /** Arithmetic and numbers, which every role may import. */
  limits: ['limits/**'],
  db: ['db/**'],
  http: ['http/**'],
  routes: ['*/**/{routes,*-routes}.ts'],
  /** Use SQL, and no HTTP. */
  queries: [
    '*/**/{queries,*-queries,*-row,*-rows,*-statements}.ts',
    'posts/{feed,filtered-list,lead,list,search,selection}.ts',
    'profiles/{list,order,sorted-list}.ts',
    'messaging/object/{change-log,missed-changes,own-message,sides}.ts',
    'sockets/live-sessions.ts',
  ],
  schemas: ['*/**/{schemas,*-schemas}.ts', '{live,messaging}/shared/frames.ts'],
  view: ['*/**/{view,*-view}.ts'],
  /** What the routes of every domain may import from another domain. */
  middleware: ['auth/{credentials,floods,staff}.ts'],
  images: ['images/**'],
  concept: [
    'about/{documents,health,page}.ts',
    'account/{erase,export}.ts',
    'boundaries/refusal.ts',
    'auth/{challenge,common-passwords,cookies,device,django-hash,email-keys,hash-turn,new-password,own-password,password,password-rules,pbkdf2,registration,security-mails,sessions,subjects,suspended,tokens}.ts',
    'mail/{links,send}.ts',
    'moderation/{subject,vocabulary}.ts',
    'notifications/kinds.ts',
    'posts/listing.ts',
    'live/object/{client-frames,news,person-channel,replay,sockets}.ts',
    'live/{shared/channel,worker/tell}.ts',
    'messaging/worker/{close-sockets,commit-change,erase-sent,error-lists,moderate-message,open-socket,send-message,thread-page}.ts',
    'messaging/object/{broadcast,catch-up,channels,client-frames,commit-queue,conversation,erase-sent,failures,listening,refused-senders,replay,sockets,typing,unsettled-changes,unsettled-ids}.ts',
    'messaging/shared/{changes,event-frame,frame-actions,pair,refusals,replay,send-path}.ts',
    'sockets/{accept,conversation-stub,frame-rate,incoming,listener,mistakes,open,places,protocol,sessions,socket}.ts',
  ],
} satisfies Record<string, readonly string[]>

const BELOW_CONCEPTS = ['queries', 'images', 'http', 'db', 'limits', 'base'] as const

/** Which roles each role may import: only lower ones. */
export const MAY_IMPORT = {
  index: ['index', 'app', 'concept', 'queries', 'images', 'http', 'db', 'limits', 'base'],
  app: ['routes', 'middleware', 'concept', 'images', 'http', 'limits', 'base'],
  routes: ['middleware', 'view', 'schemas', 'concept', ...BELOW_CONCEPTS],
  middleware: ['concept', ...BELOW_CONCEPTS],
  concept: ['concept', 'middleware', 'view', 'schemas', ...BELOW_CONCEPTS],
  view: ['view', 'schemas', ...BELOW_CONCEPTS],
  schemas: ['schemas', 'concept', 'images', 'http', 'limits', 'base'],
  queries: ['queries', 'concept', 'images', 'db', 'limits', 'base'],
  images: ['images', 'queries', 'http', 'db', 'limits', 'base'],
  http: ['http', 'db', 'limits', 'base'],
  db: ['db', 'limits', 'base'],
  limits: ['limits'],
  base: ['base'],
} as const satisfies Record<keyof typeof FILES, readonly (keyof typeof FILES)[]>

/** The role of a file; undefined if no pattern matches. `path` begins with `src/`. */
export function roleOf(path: string): Role | undefined {
  const inSrc = path.slice('src/'.length)
  const roles = Object.entries(FILES).filter(([, patterns]) =>
    patterns.some((pattern) => matchesGlob(inSrc, pattern)),
  )
  // The keys of `FILES`.
  return roles[0]?.[0] as Role | undefined
}

/** The first folder under src/; empty for a file directly in src/. */
export const domainOf = (path: string): string => /^src\/([^/]+)\//.exec(path)?.[1] ?? ''

/** Folders that belong to no domain, which all may import. */
export const SHARED_FOLDERS: ReadonlySet<string> = new Set([
  '',
  'db',
  'http',
  'images',
  'limits',
  'mail',
  'sockets',
])

/** Where the code of a domain runs: in the Worker, in its Durable Object, or in both. */
export type Side = 'worker' | 'object' | 'shared'
export const sideOf = (path: string): Side | undefined =>
  // The pattern allows only these.
  /^src\/[^/]+\/(worker|object|shared)\//.exec(path)?.[1] as Side | undefined
