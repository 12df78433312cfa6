/**
 * Descriptions of routes and their validators, attached to the functions that serve requests. scripts/openapi.ts generates
 * the OpenAPI document from them, and the tests check every answer against them. Serving a request does not use them.
 */
import type { MiddlewareHandler } from 'hono'
import type * as z from 'zod/mini'
import type { AppEnv } from './env'
import type { ErrorCode } from './errors'

/** JSON by this schema, bytes of this media type, or no body. */
export type AnswerBody = z.ZodMiniType | string | null

/** What the document says about a route beyond what its handlers describe. */
export interface Description {
  /** The unique name of the call in generated clients. */
  id: string
  summary: string
  /** In Markdown. */
  description?: string
  /** By status; several if the client may choose. */
  answers: Record<number, AnswerBody | AnswerBody[]>
  /** Other than errors of authentication, bodies, pages and Idempotency-Key, which the handlers describe. */
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
  /** In errors, every value is a list. */
  errorsInLists?: true
}

const notes = new WeakMap<object, Notes>()

/** Attaches a description to a handler, and returns the handler. */
export function note<Handler extends object>(handler: Handler, about: Notes): Handler {
  notes.set(handler, about)
  return handler
}

export const notesOf = (handler: object): Notes => notes.get(handler) ?? {}

/** Describes the route. As a middleware it does nothing. */
export const describe = (about: Description): MiddlewareHandler<AppEnv> =>
  note((_c, next) => next(), { about })
