/**
 * Lets Node import the Worker's source unchanged: `node --import ./scripts/worker-source.ts …`. Compiles TypeScript, resolves imports, and replaces
 * what only the Workers runtime has by stubs that are never called.
 */
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'

const STUB = 'data:text/javascript,export class DurableObject {}; export const env = {}; export default {}'
const OWN = /^(?!.*\/node_modules\/).*\.ts$/

// Node warns that each of these functions is experimental.
process.removeAllListeners('warning')

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('cloudflare:') || /\.(bin|wasm)$/.test(specifier)) {
      return { url: STUB, shortCircuit: true }
    }
    const isOwn = OWN.test(context.parentURL ?? '')
    if (isOwn && specifier.startsWith('.') && !/\.\w+$/.test(specifier))
      return next(`${specifier}.ts`, context)
    return next(specifier, context)
  },
  load(url, context, next) {
    if (!url.startsWith('file:') || !OWN.test(url)) return next(url, context)
    const source = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'), { mode: 'transform' })
    return { format: 'module', source, shortCircuit: true }
  },
})
