/**
 * What an app in React Native runs on: the real URL, URLSearchParams and FormData of the package `react-native`, and the `fetch` that it
 * comes with, in a context that has nothing else of a browser or of Node. Only what is native on a phone is played here.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import { buildSync } from 'esbuild'

const require = createRequire(import.meta.url)
const removeTypes: (code: string, options: { all: boolean; ignoreUninitializedFields: boolean }) => object =
  require('flow-remove-types')

const VERSION = '0.88.1'
/** Of the registry: the package is taken by itself, as installing it brings 300 more that none of this needs. */
const INTEGRITY =
  'sha512-wajWcLZ93GCN7k4Uwh4CS4L2Ah8ohcvkOXnvIYmh4Yvuqho5j3APZ9qozK+nQrHWSgauq4h8D3HN5DKK84SrHA=='
const CACHE = 'node_modules/.cache/react-native'

/** The text of a file of the package `react-native`. */
export function readReactNative(path: string): string {
  const folder = `${CACHE}/${VERSION}`
  const tarball = `${folder}/react-native-${VERSION}.tgz`
  if (!existsSync(tarball)) {
    mkdirSync(folder, { recursive: true })
    execFileSync('npm', ['pack', `react-native@${VERSION}`, '--pack-destination', folder], { stdio: 'pipe' })
  }
  const found = createHash('sha512').update(readFileSync(tarball)).digest('base64')
  if (`sha512-${found}` !== INTEGRITY) throw new Error(`react-native ${VERSION} is not what it was: ${found}`)
  execFileSync('tar', ['xzf', tarball, '-C', folder, `package/${path}`])
  return readFileSync(`${folder}/package/${path}`, 'utf8')
}

const MODULES = [
  'Libraries/Blob/URLSearchParams.js',
  'Libraries/Blob/URL.js',
  'Libraries/Network/FormData.js',
]

/** Its globals as one script. Flow's types are taken away; the native module of blobs is not there, as in an app without them. */
function globals(): string {
  const folder = `${CACHE}/${VERSION}/plain`
  for (const path of MODULES) {
    const plain = String(removeTypes(readReactNative(path), { all: true, ignoreUninitializedFields: true }))
    mkdirSync(dirname(`${folder}/${path}`), { recursive: true })
    writeFileSync(`${folder}/${path}`, plain)
  }
  writeFileSync(`${folder}/Libraries/Blob/NativeBlobModule.js`, 'export default null')
  const entry = `
    import { URL, URLSearchParams } from './Libraries/Blob/URL'
    import FormData from './Libraries/Network/FormData'
    Object.assign(globalThis, { URL, URLSearchParams, FormData })`
  const { outputFiles } = buildSync({
    stdin: { contents: entry, resolveDir: folder },
    bundle: true,
    write: false,
    format: 'iife',
  })
  return outputFiles[0]?.text ?? ''
}

interface Part {
  fieldName: string
  string?: string
  uri?: string
  name?: string
  type?: string
}

/** What is native there: sends strings, and forms of parts whose files it reads by itself. */
class NativeXMLHttpRequest {
  readonly upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {}
  status = 0
  statusText = ''
  responseText = ''
  responseURL = ''
  withCredentials = false
  onload?: () => void
  onerror?: () => void
  onabort?: () => void
  readonly #headers: Record<string, string> = {}
  readonly #abort = new AbortController()
  #request: [string, string] = ['', '']
  #answer = new Headers()

  open(method: string, url: string) {
    this.#request = [method, url]
  }

  setRequestHeader(name: string, value: string) {
    this.#headers[name] = value
  }

  getResponseHeader(name: string) {
    return this.#answer.get(name)
  }

  getAllResponseHeaders() {
    return [...this.#answer].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  }

  get response() {
    return this.responseText
  }

  abort() {
    this.#abort.abort()
    this.onabort?.()
  }

  async send(body: string | { getParts(): Part[] } | null) {
    const [method, url] = this.#request
    try {
      const content = body !== null && typeof body !== 'string' ? nativeForm(body.getParts()) : body
      const total = 1000
      for (const loaded of [100, 500, total]) this.upload.onprogress?.({ loaded, total })
      const answer = await fetch(url, {
        method,
        headers: this.#headers,
        body: content,
        signal: this.#abort.signal,
      })
      this.#answer = answer.headers
      this.responseText = await answer.text()
      this.status = answer.status
    } catch {
      if (!this.#abort.signal.aborted) this.onerror?.()
      return
    }
    this.onload?.()
  }
}

function nativeForm(parts: Part[]): FormData {
  const form = new FormData()
  for (const { fieldName, string, uri, name, type } of parts) {
    if (uri === undefined) form.append(fieldName, string ?? '')
    else form.append(fieldName, new Blob([readFileSync(fileURLToPath(uri))], { type: type ?? '' }), name)
  }
  return form
}

/** Signals there have no reason. */
class PlainAbortController {
  readonly signal = Object.assign(new EventTarget(), { aborted: false })

  abort() {
    this.signal.aborted = true
    this.signal.dispatchEvent(new Event('abort'))
  }
}

let script: string | undefined

/** Runs a script as an app, and gives its globals, which `more` are added to. */
export function runApp(app: string, more: object = {}): vm.Context {
  const context = vm.createContext({
    XMLHttpRequest: NativeXMLHttpRequest,
    WebSocket,
    AbortController: PlainAbortController,
    navigator: { product: 'ReactNative' },
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
    console,
    ...more,
  })
  vm.runInContext('globalThis.self = globalThis.global = globalThis.window = globalThis', context)
  script ??= globals()
  vm.runInContext(script, context)
  vm.runInContext(readFileSync(require.resolve('whatwg-fetch/dist/fetch.umd.js'), 'utf8'), context)
  vm.runInContext(app, context)
  return context
}
