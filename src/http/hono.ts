/** Hono with the one of its routers that takes our paths. */
import { HonoBase, type HonoOptions } from 'hono/hono-base'
import { TrieRouter } from 'hono/router/trie-router'
import type { BlankSchema, Env, Schema } from 'hono/types'

/**
 * Hono's own class tries a router of regular expressions first, which refuses paths like ours, and this one after it. Both in the bundle would
 * be 2 kB that nothing uses, and start-up builds what it uses only.
 */
export class Hono<
  E extends Env,
  S extends Schema = BlankSchema,
  BasePath extends string = '/',
> extends HonoBase<E, S, BasePath> {
  constructor(options: HonoOptions<E> = {}) {
    super(options)
    this.router = options.router ?? new TrieRouter()
  }
}
