/** Type-checks every project in this repository, so that none is forgotten: each folder with a tsconfig.json. */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { dirname } from 'node:path'

const NOT_OURS = /(^|\/)(node_modules|dist|\.wrangler)\//
const projects = globSync('**/tsconfig.json', { exclude: (path) => NOT_OURS.test(`${path}/`) })
  .map((path) => dirname(path.replaceAll('\\', '/')))
  .sort()

const failed = projects.filter((project) => {
  const { status } = spawnSync('tsc', ['--noEmit', '-p', project], { stdio: 'inherit' })
  return status !== 0
})
console.log(
  `Types of ${projects.length} projects: ${failed.length === 0 ? 'all right' : `wrong in ${failed.join(', ')}`}.`,
)
process.exitCode = failed.length > 0 ? 1 : 0
