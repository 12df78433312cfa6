/** Reads what the files of src/ and client/ import. */
import { posix } from 'node:path'

export interface Import {
  /** The path of a project file, or the name of a package. */
  name: string
  isFile: boolean
  /** Erased at run time. */
  isTypeOnly: boolean
}

/** The imports of each file, by its path. */
export type Sources = ReadonlyMap<string, Import[]>

const STATIC = /^\s*(?:import|export)\b(\s+type\b(?!\s*(?:,|from\b)))?(?:[^'";]*\bfrom)?\s*['"]([^'"]+)['"]/gm
/** These modules are not code. */
const DATA = /\.(bin|wasm)$/
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g

/** Takes the text of each file by its path. */
export function readSources(files: ReadonlyMap<string, string>): Sources {
  const code = [...files].filter(([path]) => !path.endsWith('.d.ts'))
  return new Map(code.map(([path, text]) => [path, importsIn(path, text)]))
}

function importsIn(path: string, text: string): Import[] {
  const found = [
    ...[...text.matchAll(STATIC)].map(([, type, name = '']) => ({ name, isTypeOnly: type !== undefined })),
    ...[...text.matchAll(DYNAMIC)].map(([, name = '']) => ({ name, isTypeOnly: false })),
  ]
  return found
    .filter(({ name }) => !DATA.test(name))
    .map(({ name, isTypeOnly }) =>
      name.startsWith('.')
        ? { name: resolved(path, name), isFile: true, isTypeOnly }
        : { name, isFile: false, isTypeOnly },
    )
}

const resolved = (path: string, name: string) =>
  `${posix.join(posix.dirname(path), name.replace(/\.ts$/, ''))}.ts`
