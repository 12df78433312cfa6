/** Calls the API on the page's own origin, so the browser sends the cookies that the ordinary login set. */

const BASE = new URL('..', location.href)

export class ApiError extends Error {
  /** @param fields The errors by field. */
  constructor(status, message, fields) {
    super(message)
    this.status = status
    this.fields = fields
  }
}

/** If the answer to a write was lost, it is unknown whether the write was done. */
const UNKNOWN = 'There was no answer. Look whether it was done before you do it again.'
const NO_ANSWER = 'There was no answer. Try again.'

/** Sends a request and gives the answer's body. Throws `ApiError`, with status 0 if no answer came. */
export async function ask(method, path, body) {
  // Links in lists are absolute, and their origin may be another name of this one.
  const { pathname, search } = new URL(path, BASE)
  const answer = await fetch(pathname + search, {
    method,
    credentials: 'same-origin',
    headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  }).catch(() => undefined)
  const lost = method === 'GET' ? NO_ANSWER : UNKNOWN
  if (!answer) throw new ApiError(0, lost, {})
  const told = await answer.json().catch(() => ({}))
  if (answer.ok) return told
  throw new ApiError(answer.status, answer.status >= 500 ? lost : messageOf(told), told)
}

function messageOf(told) {
  const message = [told.detail, told.non_field_errors].flat().filter((one) => typeof one === 'string')
  return message.join(' ') || 'That was refused.'
}

export const get = (path) => ask('GET', path)
export const post = (path, body = {}) => ask('POST', path, body)
export const patch = (path, body) => ask('PATCH', path, body)
export const remove = (path) => ask('DELETE', path)

/** The path with the parameters that have a value. */
export function withQuery(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value)
  return given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path
}
