/**
 * What routes and their validators say about themselves, kept beside the functions that serve requests. scripts/openapi.ts makes
 * the OpenAPI document of it, and the tests hold every answer against it; serving a request, nobody looks.
 */
import type { MiddlewareHandler } from 'hono'
import type * as z from 'zod/mini'
import type { AppEnv } from './env'
import type { ErrorCode } from './errors'

/** JSON by this schema, bytes of this media type, or no body. */
export type AnswerBody = z.ZodMiniType | string | null

/** What the document says of a route that its handlers do not tell already. */
export interface Description {
  /** Names the call in generated clients; no other route has it. */
  id: string
  summary: string
  /** In Markdown. */
  description?: string
  /** By status; several where the client has the choice. */
  answers: Record<number, AnswerBody | AnswerBody[]>
  /** Besides those of being signed in, of bodies, pages and Idempotency-Key, which are told by the handlers. */
  errors?: ErrorCode[]
  /** Takes an Idempotency-Key. */
  isIdempotent?: true
}

export interface Notes {
  about?: Description
  /** The schemas of the request's parts. */
  param?: z.ZodMiniType
  query?: z.ZodMiniType
  body?: z.ZodMiniType
  /** Errors have lists for values, whatever they are. */
  errorsInLists?: true
}

const notes = new WeakMap<object, Notes>()

/** Keeps what is to be said of a handler, and gives it back. */
export function note<Handler extends object>(handler: Handler, about: Notes): Handler {
  notes.set(handler, about)
  return handler
}

export const notesOf = (handler: object): Notes => notes.get(handler) ?? {}

/** Describes the route; a middleware that passes on. */
export const describe = (about: Description): MiddlewareHandler<AppEnv> =>
  note((_c, next) => next(), { about })
