/** Compares an answer with a recorded one, whose placeholders stand for what differs from run to run. */
import type { Json, JsonObject } from './cases'
import { ORIGIN } from './cases'
import { servedType } from './files'
import { read } from './tokens'

/** An image of ours, and the type that it must have when fetched. */
export interface Image {
  url: string
  type: string
}

export interface Comparison {
  /** Days that count as today: the run's first and, after midnight, its last. */
  today: ReadonlySet<string>
  /** Recorded names of images and what they are called here: each name stays the same image throughout. */
  images: Map<string, string>
  /** Images that this answer shows. */
  shown: Image[]
  /** No fields beyond the expected ones: for errors. */
  exact: boolean
}

/** Everything in which `actual` differs; fields that were not recorded may be there. */
export function differences(expected: Json, actual: unknown, comparison: Comparison, at = 'body'): string[] {
  const differs = [`${at}: expected ${show(expected)}, got ${show(actual)}`]
  if (Array.isArray(expected)) {
    return Array.isArray(actual) ? listDifferences(expected, actual, comparison, at) : differs
  }
  if (expected !== null && typeof expected === 'object') {
    return isObject(actual) ? fieldDifferences(expected, actual, comparison, at) : differs
  }
  if (typeof expected === 'string') {
    return typeof actual === 'string' && textMatches(expected, actual, comparison) ? [] : differs
  }
  return expected === actual ? [] : differs
}

function fieldDifferences(expected: JsonObject, actual: JsonObject, comparison: Comparison, at: string) {
  const { _results_length: length, ...fields } = expected
  const found = Object.entries(fields).flatMap(([field, value]) => {
    const where = `${at}.${field}`
    if (!Object.hasOwn(actual, field)) return [`${where}: missing, expected ${show(value)}`]
    // Of a list that was cut to its first rows, the whole length was noted beside it.
    const cut = field === 'results' && typeof length === 'number' && Array.isArray(value)
    return differences(cut ? [...value, `… ${length} in all`] : value, actual[field], comparison, where)
  })
  if (!comparison.exact) return found
  const more = Object.keys(actual).filter((field) => !Object.hasOwn(expected, field))
  return [...found, ...more.map((field) => `${at}.${field}: unexpected ${show(actual[field])}`)]
}

/** A last item `… N in all` says how many there were before the list was cut. */
function listDifferences(expected: Json[], actual: unknown[], comparison: Comparison, at: string): string[] {
  const total = /^… (\d+) in all$/.exec(String(expected.at(-1)))?.[1]
  const items = total === undefined ? expected : expected.slice(0, -1)
  const length = total === undefined ? expected.length : Number(total)
  const found = items.flatMap((item, i) => differences(item, actual[i], comparison, `${at}[${i}]`))
  return actual.length === length
    ? found
    : [`${at}: expected ${length} items, got ${actual.length}`, ...found]
}

type TextRule = [
  pattern: RegExp,
  matches: (actual: string, parts: string[], comparison: Comparison) => boolean,
]

const TEXT_RULES: TextRule[] = [
  [/^<DD Mon YYYY>$/, (actual, _, { today }) => today.has(actual)],
  [/^<HH:MM>$/, (actual) => /^([01]\d|2[0-3]):[0-5]\d$/.test(actual)],
  [/^<now>$/, (actual) => /^(now|a second ago|[1-5]?\d\u00a0seconds ago)$/.test(actual)],
  [/^<iso-datetime>$/, (actual) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(actual)],
  [/^<empty>$/, (actual) => actual === ''],
  [/^<jwt alg=(\S+) (\S+) ttl=(\d+) claims=(\S+)>$/, tokenMatches],
  [
    /^(.*)…<(\d+) chars>$/s,
    (actual, [start = '', length]) => actual.startsWith(start) && [...actual].length === Number(length),
  ],
  [/^<BASE>\/media\/(images|messages)\/(\S+)_<rand>\.(\w+)$/, imageMatches],
  [/^<by cursor>(.*)$/s, linkMatches],
  [/^<BASE>(.*)$/s, (actual, [path]) => actual === ORIGIN + path],
  [/^JSON parse error - /, (actual) => /^JSON parse error - ./.test(actual)],
]

function textMatches(expected: string, actual: string, comparison: Comparison): boolean {
  for (const [pattern, matches] of TEXT_RULES) {
    const found = pattern.exec(expected)
    if (found) return matches(actual, found.slice(1), comparison)
  }
  return expected === actual
}

function tokenMatches(actual: string, [alg, type, ttl, names]: string[]): boolean {
  const token = read(actual)
  if (!token) return false
  const { header, claims } = token
  return (
    header.alg === alg &&
    claims.token_type === type &&
    Number(claims.exp) - Number(claims.iat) === Number(ttl) &&
    Object.keys(claims).sort().join() === names
  )
}

/** The same URL, but for a cursor instead of the number of a page. */
function linkMatches(actual: string, [path]: string[]): boolean {
  const url = new URL(actual)
  const hasCursor = url.searchParams.get('cursor') !== null
  url.searchParams.delete('cursor')
  const expected = new URL(`${ORIGIN}${path}`)
  return (
    hasCursor &&
    url.pathname === expected.pathname &&
    url.searchParams.toString() === expected.searchParams.toString()
  )
}

/** Ours are called by their content, but for those of messages, so they are told apart by what was uploaded under that name. */
function imageMatches(actual: string, [folder, stem, extension]: string[], comparison: Comparison): boolean {
  const name = `${stem}.${extension}`
  if (folder === 'messages') {
    if (!new RegExp(`^${ORIGIN}/media/messages/\\d+/[\\w.-]+$`).test(actual)) return false
    const type = servedType(extension === 'bin' ? 'pic' : `small.${extension}`)
    comparison.shown.push({ url: actual, type })
    return true
  }
  if (!new RegExp(`^${ORIGIN}/media/[0-9a-f]{64}$`).test(actual)) return false
  const known = comparison.images.get(name) ?? actual
  comparison.images.set(name, known)
  comparison.shown.push({ url: actual, type: servedType(name) })
  return known === actual
}

/** Set-Cookie lines: those of the two tokens; when they expire is told by Max-Age too. */
export function cookieDifferences(
  expected: readonly string[],
  actual: readonly string[],
  comparison: Comparison,
): string[] {
  const parsed = (lines: readonly string[]) =>
    lines.map(parseCookie).filter(({ name }) => name.startsWith('my-'))
  return differences(parsed(expected) as never, parsed(actual), { ...comparison, exact: true }, 'set-cookie')
}

function parseCookie(line: string) {
  const [pair = '', ...attributes] = line.split('; ')
  const equals = pair.indexOf('=')
  const kept = attributes.filter((attribute) => !/^expires=/i.test(attribute)).sort()
  return { name: pair.slice(0, equals), value: pair.slice(equals + 1), attributes: kept }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
