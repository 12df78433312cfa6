/** The client's package as others have it: packed, and installed into an empty folder. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

export interface Ran {
  status: number | null
  output: string
}

export function run(folder: string, command: string, ...args: string[]): Ran {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

export interface App {
  folder: string
  tarball: string
  write(path: string, text: string): string
  remove(): void
}

/** Builds, packs and installs. */
export function install(): App {
  const folder = mkdtempSync(join(tmpdir(), 'client-app-'))
  const done = (step: Ran) => {
    if (step.status !== 0) throw new Error(step.output)
    return step.output
  }
  const write = (path: string, text: string) => {
    const target = join(folder, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
    return target
  }
  done(run('.', 'npm', 'run', 'build:client'))
  const [{ filename }]: [{ filename: string }] = JSON.parse(
    run(resolve('dist/client'), 'npm', 'pack', '--json', '--pack-destination', folder).output,
  )
  write('package.json', '{"name": "app", "private": true, "type": "module"}')
  done(run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--offline', `./${filename}`))
  return {
    folder,
    write,
    tarball: join(folder, filename),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Options of a strict app that checks the types of its packages, too. */
export const strict = (types: string[], lib: string[], module: 'nodenext' | 'bundler') => ({
  compilerOptions: {
    strict: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    target: 'es2022',
    lib,
    types,
    typeRoots: [resolve('node_modules/@types'), resolve('node_modules')],
    ...(module === 'nodenext' ? { module } : { module: 'esnext', moduleResolution: module }),
    outDir: 'out',
  },
})
