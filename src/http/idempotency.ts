/** The Idempotency-Key header of requests that create something. */

import { sha256 } from '../crypto'
import type { Created, Creation } from '../db/create'
import { ForeignKeyViolation, Unavailable, UniqueViolation } from '../db/errors'
import { findRemembered, type IdempotencyKey, type Remembered } from '../db/idempotency'
import { charges } from '../db/rate-limits'
import type { LimitName } from '../limits/limits'
import { config } from './config'
import type { UserContext } from './env'
import { ApiError } from './errors'
import { Upload } from './values'

const MAX_LENGTH = 255

/** The request's key, if it has one; behind `body`. 400 for one that is empty or too long. */
export async function idempotencyKey(c: UserContext): Promise<IdempotencyKey | undefined> {
  const key = c.req.header('idempotency-key')
  if (key === undefined) return undefined
  if (key === '' || [...key].length > MAX_LENGTH) throw new ApiError('bad_idempotency_key')
  const route = `${c.req.method} ${c.req.path}`
  return { userId: c.var.user.id, route, key, requestHash: await hashFields(c.var.fields) }
}

/** The hash of what is asked: the same for the same fields, however a form's parts were bounded and ordered. */
export async function hashFields(fields: Record<string, unknown>): Promise<string> {
  const parts: [string, unknown][] = []
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name]
    if (value instanceof Upload) parts.push([name, { file: await sha256(value.bytes) }])
    else parts.push([name, typeof value === 'symbol' ? '' : value])
  }
  return sha256(JSON.stringify(parts))
}

interface Kind {
  /** The limit that it counts against. */
  limit: LimitName
  /** Columns that hold text of the request. */
  given?: Readonly<Record<string, string>>
}

/**
 * Creates what the request asks for, remembered under its key, if it has one. If the key was used before, the row of the first answer;
 * 422 if it was used for something else. 429 beyond the limit.
 */
export async function createOnce<Row>(
  c: UserContext,
  { limit, given = {} }: Kind,
  create: (creation: Creation) => Promise<Created<Row>>,
): Promise<Row> {
  const key = await idempotencyKey(c)
  try {
    const charged = charges(config(c.env).limits, limit, c.var.user.id)
    return await create({ key, charges: charged, given, now: Date.now() })
  } catch (error) {
    if (!key || !mayBeRemembered(error)) throw error
    const remembered = await findRemembered(c.var.db, key).catch(() => undefined)
    if (!remembered) throw error
    return rememberedRow(key, remembered, given)
  }
}

/**
 * What is unique may be the key, or the thing itself that the first request made; and what that was for may be gone since. Where a store was out
 * of reach, this very request may have been remembered, and only its answer lost.
 */
const mayBeRemembered = (error: unknown): boolean =>
  error instanceof UniqueViolation ||
  error instanceof ForeignKeyViolation ||
  error instanceof Unavailable ||
  (error instanceof ApiError && error.code === 'unavailable')

/** The row of the first answer. 422 if the request differs from the first. */
export function rememberedRow<Row>(
  key: IdempotencyKey,
  { requestHash, answer }: Remembered,
  given: Readonly<Record<string, string>>,
): Row {
  if (requestHash !== key.requestHash) throw new ApiError('idempotency_key_reused')
  return { ...JSON.parse(answer), ...given }
}
