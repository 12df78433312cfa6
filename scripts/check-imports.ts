/**
 * Imports in src/ point down, and never form a cycle:
 *
 *   index → app → routes → middleware → concepts, views, schemas → images, queries → http → db
 *
 * Domains share only queries and middleware. Prints each import that breaks a rule (`check-imports/rules.ts`), and fails.
 */
import { globSync, readFileSync } from 'node:fs'
import { importProblems } from './check-imports/rules.ts'

const paths = globSync('{src,client}/**/*.ts').map((path) => path.replaceAll('\\', '/'))
const problems = importProblems(new Map(paths.map((path) => [path, readFileSync(path, 'utf8')])))
for (const problem of problems) console.error(problem)
console.log(`Imports of ${paths.length} files: ${problems.length} against the rules.`)
process.exitCode = problems.length > 0 ? 1 : 0
