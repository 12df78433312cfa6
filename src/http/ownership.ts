/** The ownership rule: 404 if there is no such row, 403 if it belongs to somebody else, and only then errors in the body. */
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

/** What a route has after `requireUser` and `inPath(idParam)`: the user and the row's id. */
export interface OwnContext extends Omit<UserContext, 'req'> {
  // A property, because a method would also compile without a validated `param`.
  readonly req: UserContext['req'] & { readonly valid: (target: 'param') => { id: number } }
}

/** The row, if it exists and belongs to the user; `refusal` is the message of the 403. */
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
 * Validates the path's id and the body of a change to the user's own row; runs after `requireUser`. A valid body costs no call: the write
 * detects whose row it is, and the route checks that with `requireOwn`. Only before a 400 is the row looked up first.
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

/** What a change needs besides its fields: the time, and the limit that it counts against. */
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
