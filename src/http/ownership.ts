/** The one rule of ownership: 404 where there is no such row, 403 where it is somebody else's, and only then what is wrong with the body. */
import type { MiddlewareHandler } from 'hono'
import type * as z from 'zod/mini'
import { type Change, deleteOwned, findOwner, type Owned } from '../db/owned'
import { charges } from '../db/rate-limits'
import type { Statement } from '../db/statements'
import { type Limits, readFields } from './body'
import { config } from './config'
import { note } from './describe'
import type { UserContext, UserEnv } from './env'
import { ApiError } from './errors'
import { idParam } from './params'

/** What a route knows behind `requireUser` and `inPath(idParam)`: who asks, and for which row. */
export interface OwnContext extends Omit<UserContext, 'req'> {
  // A property, not a method: methods compile also where there is no validated `param`.
  readonly req: UserContext['req'] & { readonly valid: (target: 'param') => { id: number } }
}

/** The row, if it is there and the user's; `refusal` are the words of the 403. */
export function requireOwn<Row extends { ownerId: number }>(
  row: Row | undefined,
  userId: number,
  refusal?: string,
): Row {
  if (!row) throw new ApiError('not_found')
  if (row.ownerId === userId) return row
  throw new ApiError('permission_denied', refusal === undefined ? {} : { detail: refusal })
}

type OwnBody<S extends z.ZodMiniType> = MiddlewareHandler<
  UserEnv,
  string,
  { in: { param: { id: string }; json: z.input<S> }; out: { param: { id: number }; json: z.output<S> } }
>

/**
 * Validates the id of the path and the body of a change to one's own row; behind `requireUser`. A good body costs no call: whose row it is,
 * the write finds out, and the route checks with `requireOwn`. Only before a 400 is it asked first.
 */
export function ownBody<S extends z.ZodMiniType>(kind: Owned, schema: S, limits: Limits = {}): OwnBody<S> {
  const check: OwnBody<S> = async (c, next) => {
    const { id } = idParam.parse(c.req.param())
    c.req.addValidatedData('param', { id })
    const read = await readFields(c.req.raw, schema, {
      limits,
      before: async () => {
        requireOwn(await findOwner(c.var.db, kind, id, c.var.user.id), c.var.user.id)
      },
    })
    c.set('fields', read.fields)
    c.req.addValidatedData('json', read.json as object)
    await next()
  }
  return note(check, { param: idParam, body: schema })
}

/** What a change of a row brings besides its fields: when, and what it counts against. */
export const changeOf = (c: UserContext, limit: 'edits' | 'settings' = 'edits'): Change => ({
  charges: charges(config(c.env).limits, limit, c.var.user.id),
  now: Date.now(),
})

/** Deletes the user's own row of the path. */
export async function deleteOwn(c: OwnContext, kind: Owned, also: Statement[] = []): Promise<void> {
  const userId = c.var.user.id
  const { id } = c.req.valid('param')
  requireOwn(await deleteOwned(c.var.db, kind, { id, userId }, also), userId)
}
