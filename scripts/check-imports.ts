/**
 * Imports in src/ point down, and never in a circle:
 *
 *   index → app → routes → views, middleware and what else a folder has → pictures, queries → http → db
 *
 * Between folders of the domain (posts, likes …) only queries are shared, and auth's middleware. Queries (whatever speaks
 * drizzle outside of db/) know nothing of HTTP. Prints each import that breaks a rule, and fails.
 */
import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

type Role = keyof typeof MAY_IMPORT

/** Who may import whom. */
const MAY_IMPORT = {
  index: ['app', 'part', 'images', 'queries', 'http', 'db', 'base'],
  app: ['routes', 'part', 'images', 'http', 'base'],
  routes: ['part', 'images', 'queries', 'http', 'db', 'base'],
  part: ['part', 'images', 'queries', 'http', 'db', 'base'],
  images: ['images', 'queries', 'http', 'db', 'base'],
  queries: ['queries', 'images', 'part', 'db', 'base'],
  http: ['http', 'db', 'base'],
  db: ['db', 'base'],
  base: ['base'],
} as const

/** What any folder may use of another, besides queries and pictures. */
const MIDDLEWARE = 'src/auth/credentials.ts'
/** Folders that belong to no domain. */
const SHARED = new Set(['db', 'http', 'images', 'src'])
const HTTP = /^(hono|@hono\/[\w-]+|zod)(\/|$)/

interface Source {
  role: Role
  /** The folder in src/. */
  domain: string
  packages: string[]
  files: string[]
}

const paths = globSync('src/**/*.ts').map((path) => path.replaceAll('\\', '/'))
const sources = new Map(
  paths.filter((path) => !path.endsWith('.d.ts')).map((path) => [path, readSource(path)]),
)

const problems = [...sources].flatMap(([path, source]) => [
  ...source.files.flatMap((file) => importProblem(path, source, file)),
  ...(source.role === 'queries' ? httpProblems(path, source) : []),
])
problems.push(...cycles())
for (const problem of problems) console.error(problem)
console.log(`Imports of ${sources.size} files: ${problems.length} against the rules.`)
process.exitCode = problems.length > 0 ? 1 : 0

function readSource(path: string): Source {
  const text = readFileSync(path, 'utf8')
  const names = [...text.matchAll(/^\s*(?:import|export)\b(?:[^'";]*\bfrom)?\s*'([^']+)'/gm)]
  const dynamic = [...text.matchAll(/\bimport\(\s*'([^']+)'/g)]
  const all = [...names, ...dynamic].map(([, name = '']) => name)
  const packages = all.filter((name) => !name.startsWith('.'))
  const files = all
    .filter((name) => name.startsWith('.') && !name.endsWith('.bin'))
    .map((name) => `${posix.join(posix.dirname(path), name.replace(/\.ts$/, ''))}.ts`)
  return { role: roleOf(path, text, packages), domain: domainOf(path), packages, files }
}

function roleOf(path: string, text: string, packages: string[]): Role {
  if (path === 'src/index.ts') return 'index'
  if (path === 'src/app.ts') return 'app'
  const domain = domainOf(path)
  if (domain === 'src') return 'base'
  if (domain === 'db' || domain === 'http') return domain
  if (/^export const \w+Routes\b/m.test(text)) return 'routes'
  if (packages.some((name) => name.startsWith('drizzle-orm'))) return 'queries'
  return domain === 'images' ? 'images' : 'part'
}

function domainOf(path: string): string {
  return posix.basename(posix.dirname(path))
}

function importProblem(path: string, { role, domain }: Source, file: string): string[] {
  const imported = sources.get(file)
  if (!imported) return [`${path} imports ${file}, which is not there`]
  const allowed: readonly Role[] = MAY_IMPORT[role]
  if (!allowed.includes(imported.role))
    return [`${path} (${role}) must not import ${file} (${imported.role})`]
  const isForeign = imported.domain !== domain && !SHARED.has(domain) && !SHARED.has(imported.domain)
  if (isForeign && imported.role !== 'queries' && file !== MIDDLEWARE)
    return [`${path} must not import ${file}: of another folder only its queries`]
  return []
}

/** HTTP must not come in through another file of the folder either; zod may: it checks more than requests. */
function httpProblems(path: string, { packages, files }: Source): string[] {
  const direct = packages
    .filter((name) => HTTP.test(name))
    .map((name) => `${path} (queries) must not import ${name}`)
  const through = files
    .filter((file) => speaksHttp(file))
    .map((file) => `${path} (queries) must not import ${file}, which speaks HTTP`)
  return [...direct, ...through]
}

function speaksHttp(path: string, seen = new Set<string>()): boolean {
  const source = sources.get(path)
  if (!source || seen.has(path)) return false
  seen.add(path)
  return (
    source.role === 'http' ||
    source.packages.some((name) => HTTP.test(name) && name !== 'zod') ||
    source.files.some((file) => speaksHttp(file, seen))
  )
}

function cycles(): string[] {
  const done = new Set<string>()
  const found: string[] = []
  const visit = (path: string, trail: string[]) => {
    const start = trail.indexOf(path)
    if (start !== -1) found.push(`A circle: ${[...trail.slice(start), path].join(' → ')}`)
    if (start !== -1 || done.has(path)) return
    for (const file of sources.get(path)?.files ?? []) visit(file, [...trail, path])
    done.add(path)
  }
  for (const path of sources.keys()) visit(path, [])
  return found
}
