/**
 * Protection from floods of requests that are not signed in, by address. Both measures are approximate and cost D1 nothing: the platform's rate-limit
 * binding counts requests per location, and each isolate counts the rows read for an address while it lives.
 */
import { createMiddleware } from 'hono/factory'
import { config } from '../http/config'
import type { AppEnv } from '../http/env'
import { addressKey } from '../limits/address'
import { policyOf } from '../limits/gcra'
import { MAX_ADDRESSES } from '../limits/limits'
import { MemoryLimit } from '../limits/memory'
import { Throttled } from '../limits/throttled'

/** The limit that `wrangler.toml` sets for the binding `FLOOD`. */
const FLOOD_POLICY = { name: 'requests', quota: 1_200, windowSeconds: 60 }

const rowsRead = new MemoryLimit<string>(MAX_ADDRESSES)

/** Before anything else, refuses an address that exceeds the platform's limit. Refuses nobody if `rows_read` is off. */
export const refuseFloods = createMiddleware<AppEnv>(async (c, next) => {
  const address = c.req.header('cf-connecting-ip')
  if (address !== undefined && c.env.FLOOD && config(c.env).limits.rows_read) {
    const { success } = await c.env.FLOOD.limit({ key: addressKey(address) })
    if (!success) throw new Throttled(FLOOD_POLICY.windowSeconds * 1000, FLOOD_POLICY)
  }
  await next()
})

/** Refuses an address whose requests without a user have read too many rows. Must come after `authenticate`. */
export const refuseScans = createMiddleware<AppEnv>(async (c, next) => {
  const address = c.req.header('cf-connecting-ip')
  const { limits } = config(c.env)
  const limit = limits.rows_read
  if (c.var.viewer || address === undefined || !limit) return next()
  const key = addressKey(address)
  // The decision depends on earlier requests: how many rows this one reads is known, and counted, only afterwards.
  const waitMs = rowsRead.wait(limit, key, Date.now())
  if (waitMs > 0) throw new Throttled(waitMs, policyOf('rows_read', limit))
  await next()
  rowsRead.charge(limit, key, Date.now(), c.var.db.usage.rowsRead)
})
