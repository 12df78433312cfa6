/**
 * The kinds of fields that bodies are made of, with the messages that clients know from Django REST framework.
 * Each takes what JSON and forms send alike: a form's blank value arrives as `BLANK`.
 */
import * as z from 'zod'
import type { FieldErrors } from './errors'
import { BLANK, pythonType } from './values'

export const REQUIRED = 'This field is required.'
export const NOT_BLANK = 'This field may not be blank.'
export const NOT_NULL = 'This field may not be null.'

export const tooLong = (max: number) => `Ensure this field has no more than ${max} characters.`
export const noSuchPk = (id: number | string) => `Invalid pk "${id}" - object does not exist.`

/** Says what is wrong with a value of the wrong type. */
const typeError = (otherwise: string) => (issue: { input?: unknown }) =>
  issue.input === undefined ? REQUIRED : issue.input === null ? NOT_NULL : otherwise

/** A code point takes one or two units: only where that leaves it open are they counted, which costs memory. */
const fits = (text: string, max: number) =>
  text.length <= max || (text.length <= 2 * max && [...text].length <= max)

/** Prepares any value for a schema; typed as taking what the schema takes, which is what clients are meant to send. */
function preparing<S extends z.ZodType>(prepare: (value: unknown) => unknown, schema: S) {
  // preprocess says that it takes `unknown`.
  return z.preprocess(prepare, schema) as unknown as z.ZodPipe<z.ZodTransform<z.input<S>, z.input<S>>, S>
}

interface TextOptions {
  /** In code points. */
  max?: number
  /** Whether it may be empty once trimmed. */
  blank?: boolean
}

/** Text, trimmed; a number is taken as its digits. */
export function text({ max, blank = false }: TextOptions = {}) {
  let schema = z.string({ error: typeError('Not a valid string.') }).trim()
  // Not `min`, which measures whatever has a length: an empty list would be called blank, too.
  if (!blank) {
    schema = schema.refine((value) => value !== '', { error: NOT_BLANK, abort: true }).meta({ minLength: 1 })
  }
  if (max !== undefined) {
    schema = schema.refine((value) => fits(value, max), tooLong(max)).meta({ maxLength: max })
  }
  schema = schema.refine((value) => !value.includes('\0'), 'Null characters are not allowed.')
  return preparing(
    (value) => (value === BLANK ? '' : typeof value === 'number' ? String(value) : value),
    schema,
  )
}

/** An e-mail address of at most 254 characters (RFC 5321, 4.5.3.1.3). */
export const email = () =>
  text({ max: 254 }).pipe(z.email('Enter a valid email address.')).meta({ format: 'email' })

/** A field that may be left out, which a form does by leaving it blank. */
export const optional = <S extends z.ZodType>(schema: S) =>
  preparing((value) => (value === BLANK ? undefined : value), schema.optional())

/** One of a fixed list, or nothing; a form's blank value counts as not sent. */
export function choice<const T extends [string, ...string[]]>(values: T) {
  return preparing(
    (value) => (value === BLANK ? undefined : typeof value === 'number' ? String(value) : value),
    z
      .enum(values, {
        error: (issue) =>
          issue.input === null ? NOT_NULL : `"${shown(issue.input)}" is not a valid choice.`,
      })
      .optional(),
  )
}

/** A value inside a message: only what is short and plain is repeated. */
const shown = (value: unknown) =>
  typeof value === 'string' || typeof value === 'boolean' ? value : pythonType(value)

/** The id of another row, as a number or its digits. One that no row can have is said not to exist. */
export const pk = () =>
  preparing(
    (value) => {
      if (value === BLANK || value === '') return null
      return typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value
    },
    z
      .number({
        error: (issue) =>
          typeError(`Incorrect type. Expected pk value, received ${pythonType(issue.input)}.`)(issue),
      })
      .superRefine((value, context) => {
        if (Number.isSafeInteger(value)) return
        const message = Number.isInteger(value)
          ? noSuchPk(value)
          : 'Incorrect type. Expected pk value, received float.'
        context.addIssue({ code: 'custom', message })
      })
      .meta({ type: 'integer' }),
  )

/** A number that counts something: zero or more, also as digits. */
export const wholeNumber = () =>
  preparing(
    (value) => {
      if (value === BLANK) return null
      return typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? Number(value) : value
    },
    z.int({ error: typeError('A valid integer is required.') }).min(0, 'A valid integer is required.'),
  )

/** zod's issues as messages by field. */
export function fieldErrors(error: z.ZodError): FieldErrors {
  const errors: FieldErrors = {}
  for (const issue of error.issues) {
    const field = issue.path.length > 0 ? String(issue.path[0]) : 'non_field_errors'
    const messages = errors[field] ?? []
    errors[field] = messages
    messages.push(issue.message)
  }
  return errors
}
