/** README names what the API has. What it says of starting and of the client is run by scripts/readme-session.ts and test/node. */
import { expect, it } from 'vitest'
import * as z from 'zod/mini'
import readme from '../README.md?raw'
import { describedRoutes } from '../scripts/openapi/routes'
import { app } from '../src/app'

/** The rows of the table of endpoints, as one text for each path. */
const rows = readme.split('\n').filter((line) => line.startsWith('| `/'))

/** As README writes it: `/posts/{id}/`. */
const written = (path: string) => path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')
const words = (line: string): string[] => line.match(/[\w-]+/g) ?? []

it('says of every path that there is, and of every field that its bodies take', () => {
  const missing: string[] = []
  for (const { path, method, body, isApi } of describedRoutes(app)) {
    if (!isApi) continue
    // A path's id has another name where it is a user's; what is after it may stand as `…/start/`.
    const segments = written(path).split('/').filter(Boolean)
    const fixed = segments.filter((segment) => !segment.startsWith('{'))
    const row = rows.filter((line) => fixed.every((segment) => words(line).includes(segment)))
    if (row.length === 0) missing.push(`${method} ${path}`)
    const shape = body instanceof z.ZodMiniObject ? body.shape : {}
    for (const field of Object.keys(shape)) {
      if (!row.some((line) => words(line).includes(field))) missing.push(`${method} ${path}: ${field}`)
    }
  }
  expect(missing).toEqual([])
})
