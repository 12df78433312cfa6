/**
 * Merges the type files that TypeScript emits for each module into one: what the entry exports, and everything that depends on. TypeScript 7 has no
 * compiler API that the usual tools could use. Its output is regular enough to be read by line: a declaration begins in the first column, and its
 * other lines are indented, except for its closing brace.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

interface Declaration {
  name: string
  /** Without `export`. */
  text: string
}

/** Throws if two modules give different things the same name, or if the entry exports something that is not declared. */
export function rollUp(entry: string): string {
  const modules = new Map<string, string>()
  load(entry, modules)
  const declarations = new Map<string, Declaration[]>()
  const exported = new Set<string>()
  for (const [path, text] of modules) {
    const own = new Set<string>()
    for (const statement of statementsOf(text)) {
      const head = /^export (?:type )?(?:\*|\{([^}]*)\})/m.exec(statement)
      if (head && path === entry) {
        const names = head[1]?.split(',') ?? namesIn(join(dirname(path), source(statement)), modules)
        for (const name of names) if (name.trim()) exported.add(name.replace(/^\s*type /, '').trim())
      }
      const declared =
        /^(export )?(?:declare )?(?:abstract )?(?:class|const|function|interface|type) (\w+)/m.exec(statement)
      const name = declared?.[2]
      if (!declared || !name) continue
      if (declared[1] && path === entry) exported.add(name)
      // The same name twice in a module is a value and its type, or an overload.
      if (declarations.has(name) && !own.has(name))
        throw new Error(`${name} is declared by ${path} and by another module`)
      own.add(name)
      const text = statement.replace(/^export /m, '').replace(/^(class|const|function)/m, 'declare $1')
      declarations.set(name, [...(declarations.get(name) ?? []), { name, text }])
    }
  }
  const wanted = new Set<string>()
  const want = (name: string) => {
    if (wanted.has(name)) return
    wanted.add(name)
    for (const { text } of declarations.get(name) ?? [])
      for (const word of mentioned(text)) if (declarations.has(word)) want(word)
  }
  for (const name of exported) {
    if (!declarations.has(name)) throw new Error(`${entry} exports ${name}, which is not declared`)
    want(name)
  }
  const body = [...declarations.values()]
    .flat()
    .filter(({ name }) => wanted.has(name))
    .map(({ text }) => text.replace(/\bimport\("\.[^"]*"\)\./g, ''))
  return `${body.join('\n')}\nexport { ${[...exported].sort().join(', ')} }\n`
}

/** The module and everything that it imports, by path. */
function load(path: string, modules: Map<string, string>): void {
  if (modules.has(path)) return
  const text = readFileSync(path, 'utf8')
  modules.set(path, text)
  for (const [, name = ''] of text.matchAll(/\bfrom ["'](\.[^"']*)["']/g))
    load(resolve(join(dirname(path), name)), modules)
}

const resolve = (path: string) => (existsSync(`${path}.d.ts`) ? `${path}.d.ts` : join(path, 'index.d.ts'))

const source = (statement: string) => /from ["']([^"']*)["']/.exec(statement)?.[1] ?? ''

const namesIn = (path: string, modules: Map<string, string>) =>
  [
    ...(modules.get(resolve(path)) ?? '').matchAll(
      /^export (?:declare )?(?:class|const|function|interface|type) (\w+)/gm,
    ),
  ].map(([, name = '']) => name)

/** Finds types by their names, which are capitalised, and values by `typeof`. */
function mentioned(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '')
  return [...code.matchAll(/\b[A-Z]\w*|\btypeof (\w+)/g)].map(([word, value]) => value ?? word)
}

function statementsOf(text: string): string[] {
  const statements: string[] = []
  let comment: string[] = []
  for (const line of text.split('\n')) {
    if (/^(\/\*\*| \*)/.test(line)) comment.push(line)
    else {
      const lines = [...comment, line].join('\n')
      // A comment may also be inside a union.
      if (/^[a-z]/.test(line) || statements.length === 0) statements.push(lines)
      else statements[statements.length - 1] += `\n${lines}`
      comment = []
    }
  }
  return statements
}
