/** The deployed bundle: its size, and the CPU time until it can answer. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ROOT, WORK } from './settings.ts'

/** In bytes and milliseconds. Excludes the list of common passwords and the hashing code, data that every such API needs. */
export const BUDGET = { code: 165 * 1000, startup: 15 }

export interface Bundle {
  /** Gzipped bytes of the scripts, and of the rest. */
  code: number
  data: number
}

export function measureBundle(directory: string): Bundle {
  const sizes = readdirSync(directory)
    .filter((file) => /\.(js|wasm|bin)$/.test(file))
    .map((file) => ({ file, size: gzipSync(readFileSync(join(directory, file)), { level: 9 }).length }))
  const sum = (script: boolean) =>
    sizes.filter(({ file }) => file.endsWith('.js') === script).reduce((total, { size }) => total + size, 0)
  return { code: sum(true), data: sum(false) }
}

interface Profile {
  nodes: { id: number; callFrame: { functionName: string } }[]
  samples: number[]
  timeDeltas: number[]
}

/** The median of several starts, in milliseconds of CPU as `wrangler check startup` samples them. Depends on the machine. */
export function measureStartup(starts: number): number {
  const wrangler = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const outfile = join(WORK, 'startup.cpuprofile')
  const times = Array.from({ length: starts }, () => {
    execFileSync(process.execPath, [wrangler, 'check', 'startup', '--args=--minify', '--outfile', outfile], {
      cwd: ROOT,
      stdio: 'ignore',
    })
    const { nodes, samples, timeDeltas }: Profile = JSON.parse(readFileSync(outfile, 'utf8'))
    const idle = new Set(
      nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id),
    )
    return samples.reduce((sum, id, i) => sum + (idle.has(id) ? 0 : (timeDeltas[i] ?? 0)), 0) / 1000
  })
  return times.sort((a, b) => a - b)[Math.floor(starts / 2)] ?? Number.NaN
}
