/**
 * Fills dist/assets with the files of public/ that are deployed. They are listed explicitly, so that a file is not published just by being in
 * public/. Examples and test pages are not deployed.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { copyDocsAssets } from './docs-assets.ts'

export const ASSETS = join('dist', 'assets')

const PUBLIC = ['_headers', 'admin', 'asyncapi.json', 'docs', 'media', 'openapi.json']

export function buildAssets(): void {
  copyDocsAssets()
  rmSync(ASSETS, { recursive: true, force: true })
  mkdirSync(ASSETS, { recursive: true })
  for (const name of PUBLIC)
    cpSync(join('public', name), join(ASSETS, name), {
      recursive: true,
      filter: (source) => !source.endsWith('.map'),
    })
}

if (import.meta.main) buildAssets()
