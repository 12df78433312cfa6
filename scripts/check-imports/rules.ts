/** The rules. Each returns a message for every import that breaks it. */
import { domainOf, MAY_IMPORT, type Role, roleOf, SHARED_FOLDERS, sideOf } from './roles.ts'
import { type Import, readSources, type Sources } from './sources.ts'

const HTTP_PACKAGE = /^(hono|@hono\/[\w-]+)(\/|$)/
const DRIZZLE = /^drizzle-orm(\/|$)/
const SQL_FILES = new Set(['src/db/columns.ts', 'src/db/schema.ts', 'src/db/statements.ts'])
const SQL_ROLES: ReadonlySet<Role> = new Set(['queries', 'db'])

type Rule = (path: string, one: Import, sources: Sources) => string | undefined

const RULES: readonly Rule[] = [
  function existing(path, { name, isFile }, sources) {
    return isFile && !sources.has(name) ? `${path} imports ${name}, which does not exist` : undefined
  },

  function downwards(path, { name, isFile }) {
    const [from, to] = [roleOf(path), isFile ? roleOf(name) : undefined]
    if (!from || !to) return undefined
    const allowed: readonly Role[] = MAY_IMPORT[from]
    return allowed.includes(to) ? undefined : `${path} (${from}) must not import ${name} (${to})`
  },

  /** A file may only import another domain's queries, middleware and `shared/` files. */
  function withinTheDomain(path, { name, isFile }) {
    const [from, to] = [domainOf(path), domainOf(name)]
    if (!isFile || from === to || SHARED_FOLDERS.has(from) || SHARED_FOLDERS.has(to)) return undefined
    const role = roleOf(name)
    if (!role || role === 'queries' || role === 'middleware' || /^src\/[^/]+\/shared\//.test(name))
      return undefined
    return `${path} must not import ${name}: of another domain only its queries`
  },

  function sqlInQueries(path, { name, isTypeOnly }) {
    const role = roleOf(path)
    if (!role || SQL_ROLES.has(role) || isTypeOnly) return undefined
    if (!DRIZZLE.test(name) && !SQL_FILES.has(name)) return undefined
    return `${path} (${role}) must not import ${name}: SQL belongs in queries`
  },

  /** Queries may not use HTTP, neither directly nor through another file. */
  function queriesWithoutHttp(path, { name, isFile }, sources) {
    if (roleOf(path) !== 'queries') return undefined
    if (!isFile && (HTTP_PACKAGE.test(name) || name === 'zod'))
      return `${path} (queries) must not import ${name}`
    const speaksHttp = (file: string) =>
      roleOf(file) === 'http' || importsOf(file, sources).some((one) => HTTP_PACKAGE.test(one.name))
    const through = isFile && reached(name, sources, () => true).find(speaksHttp)
    return through ? `${path} (queries) must not import ${name}: ${through} speaks HTTP` : undefined
  },

  /** `shared/` may import neither side. The Worker may import an object's types, because they type its stub. */
  function onItsSide(path, { name, isFile, isTypeOnly }) {
    const [from, to] = [sideOf(path), isFile ? sideOf(name) : undefined]
    if (!from || !to || to === 'shared' || from === to || domainOf(path) !== domainOf(name)) return undefined
    if (from === 'worker' && isTypeOnly) return undefined
    return `${path} (${from}) must not import ${name} (${to})${from === 'worker' ? ', but for its types' : ''}`
  },

  /** An object may not load Hono at run time, neither directly nor through another file. */
  function objectWithoutHono(path, { name, isFile, isTypeOnly }, sources) {
    if (sideOf(path) !== 'object') return undefined
    if (HTTP_PACKAGE.test(name)) return `${path} (object) must not import ${name}`
    if (!isFile || isTypeOnly) return undefined
    const through = reached(name, sources, (one) => !one.isTypeOnly).find((file) =>
      importsOf(file, sources).some((one) => HTTP_PACKAGE.test(one.name) && !one.isTypeOnly),
    )
    return through ? `${path} (object) must not import ${name}: ${through} imports Hono` : undefined
  },

  function clientTakesTypes(path, { name, isTypeOnly }) {
    if (!path.startsWith('client/') || !name.startsWith('src/') || isTypeOnly) return undefined
    return `${path} must not import ${name}, but for its types (\`import type\`)`
  },
]

/** Takes the text of each file of src/ and client/ by its path, and returns every violation. */
export function importProblems(files: ReadonlyMap<string, string>): string[] {
  const sources = readSources(files)
  const nameless = [...sources.keys()]
    .filter((path) => path.startsWith('src/') && !roleOf(path))
    .map((path) => `${path} has no role: name it as scripts/check-imports/roles.ts says, or add it there`)
  const broken = [...sources].flatMap(([path, imports]) =>
    imports.flatMap((one) => RULES.flatMap((rule) => rule(path, one, sources) ?? [])),
  )
  return [...nameless, ...new Set(broken), ...cycles(sources)]
}

const importsOf = (path: string, sources: Sources): Import[] => sources.get(path) ?? []

/** The file and everything that it imports, directly or indirectly, by imports that `follow` allows. */
function reached(path: string, sources: Sources, follow: (one: Import) => boolean): string[] {
  const found = new Set([path])
  for (const file of found) {
    for (const one of importsOf(file, sources)) if (one.isFile && follow(one)) found.add(one.name)
  }
  return [...found]
}

/** In src/, a cycle of types counts too. The few files of the client may import each other's types. */
const counts = (path: string, { isFile, isTypeOnly }: Import) =>
  isFile && !(isTypeOnly && path.startsWith('client/'))

function cycles(sources: Sources): string[] {
  const done = new Set<string>()
  const found: string[] = []
  const visit = (path: string, trail: string[]) => {
    const start = trail.indexOf(path)
    if (start !== -1) found.push(`A cycle: ${[...trail.slice(start), path].join(' → ')}`)
    if (start !== -1 || done.has(path)) return
    for (const one of importsOf(path, sources)) if (counts(path, one)) visit(one.name, [...trail, path])
    done.add(path)
  }
  for (const path of sources.keys()) visit(path, [])
  return found
}
