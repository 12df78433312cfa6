/**
 * Copies the files of swagger-ui next to public/docs/index.html, so that the reference page loads nothing from elsewhere. Existing files stay
 * untouched, because a running server would restart.
 */
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export function copyDocsAssets(): void {
  const from = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png', 'LICENSE', 'NOTICE']) {
    const [source, target] = [join(from, file), join('public/docs', file)]
    if (!existsSync(target) || !readFileSync(source).equals(readFileSync(target)))
      copyFileSync(source, target)
  }
}

if (import.meta.main) copyDocsAssets()
