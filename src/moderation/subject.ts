/** The subject of a report or case, as a request's body names it. */
import * as z from 'zod/mini'
import { optional, pk } from '../http/fields'
import { CASE_KINDS, type CaseKind, type Subject } from './vocabulary'

const named = (what: string) => optional(pk()).check(z.describe(what))

/** A body has exactly one of these fields. */
export const publicSubject = { post: named('Its id.'), comment: named('Its id.'), profile: named('Its id.') }
export const anySubject = {
  ...publicSubject,
  message: named('Its id.'),
  conversation: named('The id of the other person.'),
}

type Named = { [Kind in CaseKind]?: number | undefined }

/** Checks that a body has exactly one of these fields. */
export const namesOne = z.refine<Named>(
  (fields) => CASE_KINDS.filter((kind) => fields[kind] !== undefined).length === 1,
  'Exactly one thing has to be named.',
)

/** The subject that a body names, once `namesOne` has checked it. */
export function subjectOf(fields: Named): Subject {
  const kind = CASE_KINDS.find((kind) => fields[kind] !== undefined) ?? 'post'
  return { kind, id: fields[kind] ?? 0 }
}
