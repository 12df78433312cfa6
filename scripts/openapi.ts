/**
 * Generates public/openapi.json and public/asyncapi.json from the Worker's source. With `--check`, only reports whether they are current. Run by `npm
 * run openapi` and `npm run check:openapi`. The client's types are generated from both.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { app } from '../src/app'
import { asyncApi } from './openapi/asyncapi'
import { openApi } from './openapi/document'

const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'))
const isCheck = process.argv.includes('--check')

const documents = {
  'public/openapi.json': openApi(app, version),
  'public/asyncapi.json': asyncApi(version),
}
for (const [path, document] of Object.entries(documents)) {
  const text = `${JSON.stringify(document, null, 1)}\n`
  if (!isCheck) writeFileSync(path, text)
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${path} is not current: run \`npm run openapi\`.`)
    process.exitCode = 1
  }
}

await import('./client-schema')
