/**
 * Fills dist/assets with what is deployed of public/: a list of what is meant for everybody, so that nothing else is served by being put
 * there. Examples and test pages stay on the laptop.
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
