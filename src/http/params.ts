/** Paths and query strings: zod checks them, and the OpenAPI document is made of the same schemas. */
import { zValidator } from '@hono/zod-validator'
import type { MiddlewareHandler } from 'hono'
import * as z from 'zod/mini'
import { note } from './describe'
import type { AppEnv } from './env'
import { ValidationError } from './errors'

type Checks<Target extends 'param' | 'query', S extends z.ZodMiniType> = MiddlewareHandler<
  AppEnv,
  string,
  { in: Record<Target, z.input<S>>; out: Record<Target, z.output<S>> }
>

/** Reads the query string: `c.req.valid('query')` is the schema's output. */
export const inQuery = <S extends z.ZodMiniType>(schema: S): Checks<'query', S> =>
  note(zValidator('query', schema) as Checks<'query', S>, { query: schema })

/** Reads the path's parameters: `c.req.valid('param')` is the schema's output. */
export const inPath = <S extends z.ZodMiniType>(schema: S): Checks<'param', S> =>
  note(zValidator('param', schema) as Checks<'param', S>, { param: schema })

/** A parameter of the query string. If it is repeated, the last counts. */
export const queryParam = (description: string) =>
  z
    .optional(
      z.pipe(
        z.transform((value: string | string[]) => (Array.isArray(value) ? value.at(-1) : value)),
        z.string(),
      ),
    )
    .check(z.describe(description))

/** Search text is refused by its length before it is processed. */
export const MAX_SEARCH_CHARACTERS = 1000

/** The parameter's value; 400 if it is too long. */
export function requireShort(name: string, value = ''): string {
  if (value.length <= MAX_SEARCH_CHARACTERS) return value
  throw new ValidationError({
    [name]: [`Ensure this field has no more than ${MAX_SEARCH_CHARACTERS} characters.`],
  })
}

/** `:id{[0-9]+}` of a path. An id that is too large becomes 0, which no row has. */
export const idParam = z.object({
  id: z.pipe(
    z.string(),
    z.transform((digits) => (Number.isSafeInteger(Number(digits)) ? Number(digits) : 0)),
  ),
})
