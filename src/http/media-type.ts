/** Values of the form `type; name=value; name="value"`: Content-Type and Content-Disposition. */

export interface MediaType {
  /** In lower case: `multipart/form-data`. */
  type: string
  /** By name, in lower case; of one given twice the first. */
  parameters: ReadonlyMap<string, string>
}

/** A name, blanks around the `=`, then a quoted text or whatever comes before the next semicolon. */
const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/gs

/** Reads what stacks really send: names in any case, values with or without quotes, blanks where none belong. */
export function parseMediaType(header: string): MediaType {
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, bare = ''] of header.matchAll(PARAMETER)) {
    const key = name.toLowerCase()
    // Only a quote is ever escaped in earnest: a backslash is also what a path of Windows has.
    if (!parameters.has(key)) parameters.set(key, quoted?.replaceAll('\\"', '"') ?? bare.trim())
  }
  return { type: header.split(';', 1)[0]?.trim().toLowerCase() ?? '', parameters }
}
