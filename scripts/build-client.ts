/**
 * Builds the client's package in dist/client: code for `import` and for `require`, each with one type file, and no dependencies. `npm run
 * build:client`, then `npm publish dist/client`.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { rollUp } from './roll-up-types.ts'

const TARGET = 'dist/client'
/** By what follows the package's name in an import. Old resolvers look for a folder of that name. */
const ENTRIES = {
  client: 'client/index.ts',
  'client/images': 'client/images/index.ts',
  'client/live': 'client/channel/index.ts',
}
const FORMATS = { esm: 'js', cjs: 'cjs' } as const

const { name, version, license } = JSON.parse(readFileSync('package.json', 'utf8'))

rmSync(TARGET, { recursive: true, force: true })
mkdirSync(join(TARGET, 'client'), { recursive: true })
const declarations = mkdtempSync('dist/types-')
try {
  execFileSync('tsc', [
    '-p',
    'client',
    '--noEmit',
    'false',
    '--declaration',
    '--emitDeclarationOnly',
    '--outDir',
    declarations,
  ])
  const exports: Record<string, object | string> = { './package.json': './package.json' }
  for (const [path, source] of Object.entries(ENTRIES)) {
    const file = path === 'client' ? 'client/index' : path
    for (const [format, extension] of Object.entries(FORMATS)) {
      buildSync({
        entryPoints: [source],
        outfile: join(TARGET, `${file}.${extension}`),
        bundle: true,
        minify: true,
        format: format as keyof typeof FORMATS,
        target: 'es2022',
        legalComments: 'none',
      })
    }
    const types = rollUp(join(declarations, source.replace(/^client\//, '').replace(/\.ts$/, '.d.ts')))
    for (const extension of ['d.ts', 'd.cts']) writeFileSync(join(TARGET, `${file}.${extension}`), types)
    exports[`./${path}`] = {
      import: { types: `./${file}.d.ts`, default: `./${file}.js` },
      require: { types: `./${file}.d.cts`, default: `./${file}.cjs` },
    }
  }
  const manifest = {
    name,
    version,
    description: 'The client of edge-social-api, for pages, Node, workers and React Native.',
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20' },
    exports,
  }
  writeFileSync(join(TARGET, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  copyFileSync('docs/client.md', join(TARGET, 'README.md'))
  copyFileSync('LICENSE', join(TARGET, 'LICENSE'))
} finally {
  rmSync(declarations, { recursive: true })
}
