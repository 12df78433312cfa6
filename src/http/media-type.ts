/** Values of the form `type; name=value; name="value"`: Content-Type and Content-Disposition. */

export interface MediaType {
  /** In lower case: `multipart/form-data`. */
  type: string
  /** By lower-case name; if a name is repeated, the first counts. */
  parameters: ReadonlyMap<string, string>
}

/** A name, blanks around the `=`, then a quoted text or whatever comes before the next semicolon. */
const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/gs

/** Accepts what clients actually send: names in any case, values with or without quotes, misplaced blanks. */
export function parseMediaType(header: string): MediaType {
  const parameters = new Map<string, string>()
  for (const [, name = '', quoted, bare = ''] of header.matchAll(PARAMETER)) {
    const key = name.toLowerCase()
    // Only escaped quotes are unescaped, because Windows paths contain backslashes too.
    if (!parameters.has(key)) parameters.set(key, quoted?.replaceAll('\\"', '"') ?? bare.trim())
  }
  return { type: header.split(';', 1)[0]?.trim().toLowerCase() ?? '', parameters }
}
