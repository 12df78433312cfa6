/** JSON bodies: an object, with the digits of its numbers as they were sent. */
import { ApiError, ValidationError } from './errors'
import { MAX_DEPTH, MAX_FIELDS } from './limits'
import { pythonType, SentNumber } from './values'

/** The fields of a JSON body. 400 if it is malformed, exceeds a limit, or is not an object. */
export function parseJson(text: string): Record<string, unknown> {
  if (text === '') return {}
  const excess = excessOf(text)
  if (excess !== undefined) throw malformed(excess)
  let value: unknown
  try {
    value = JSON.parse(text, withDigits)
  } catch {
    // Not the error's own message, which quotes the body and could contain a password.
    throw malformed('invalid syntax')
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof SentNumber))
    return value as Record<string, unknown>
  throw new ValidationError({
    non_field_errors: [`Invalid data. Expected a dictionary, but got ${pythonType(value)}.`],
  })
}

const malformed = (why: string) => new ApiError('parse_error', { detail: `JSON parse error - ${why}` })

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c]
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d]

/** The limit that the text exceeds, found without parsing, in one pass over the characters outside strings. */
function excessOf(text: string): string | undefined {
  let depth = 0
  let members = 1
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === COMMA) members++
    else if (code === LIST || code === OBJECT) depth++
    else if (code === LIST_END || code === OBJECT_END) depth--
    if (depth > MAX_DEPTH) return `nested more than ${MAX_DEPTH} deep`
    if (members > MAX_FIELDS) return `more than ${MAX_FIELDS} members`
  }
  return undefined
}

/** Where the string that begins at `start` ends; the end of the text if it is not closed. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE) return at
  }
  return text.length
}

/** A reviver. Its third parameter is TC39's "JSON.parse source text access", which TypeScript does not know yet. */
function withDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  return typeof value === 'number' && source !== undefined && source !== String(value)
    ? new SentNumber(source)
    : value
}
