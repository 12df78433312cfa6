/**
 * The kinds of fields that bodies have, with the messages of Django REST framework.
 * Each accepts JSON and form values: a form's blank value arrives as `BLANK`.
 */
import * as z from 'zod/mini'
import { isEmail } from '../db/email'
import type { FieldErrors } from './errors'
import { BLANK, pythonType, SentNumber } from './values'
import { CONTROL, trimmed, withLineFeeds } from './visible'

export const REQUIRED = 'This field is required.'
export const NOT_BLANK = 'This field may not be blank.'
export const NOT_NULL = 'This field may not be null.'
const NOT_A_STRING = 'Not a valid string.'

export const tooLong = (max: number) => `Ensure this field has no more than ${max} characters.`
export const noSuchPk = (id: number | string) => `Invalid pk "${id}" - object does not exist.`

/** The message for a value of the wrong type. */
const typeError = (otherwise: string) => (issue: { input?: unknown }) =>
  issue.input === undefined ? REQUIRED : issue.input === null ? NOT_NULL : otherwise

/** A code point takes one or two units. Counting takes memory, so it is done only if the number of units does not decide. */
const fits = (text: string, max: number) =>
  text.length <= max || (text.length <= 2 * max && [...text].length <= max)

/** Prepares any value for a schema. Its input type is that of the schema, which is what clients should send. */
export function preparing<S extends z.ZodMiniType>(prepare: (value: unknown) => unknown, schema: S) {
  // The transform's own input type is `unknown`.
  return z.pipe(z.transform(prepare), schema) as unknown as z.ZodMiniPipe<
    z.ZodMiniTransform<z.input<S>, z.input<S>>,
    S
  >
}

interface TextOptions {
  /** In code points. */
  max?: number
  /** Whether it may be empty after trimming. */
  blank?: boolean
}

/**
 * Text for people: trimmed, empty if nothing in it is visible, with line feeds as line breaks and no other control characters.
 * A number becomes the digits that were sent.
 */
export function text(options: TextOptions = {}) {
  return textSchema((value) => trimmed(withLineFeeds(value)), options).check(
    z.refine((value) => !CONTROL.test(value), 'Control characters are not allowed.'),
  )
}

/** Text that nobody reads, such as a password: trimmed as in the original, and otherwise unchanged. */
export const secret = (options: TextOptions = {}) => textSchema(trimmed, options)

function textSchema(tidy: (value: string) => string, { max, blank = false }: TextOptions) {
  let schema = z
    .string({ error: typeError(NOT_A_STRING) })
    // JSON can contain half a surrogate pair, which is not a character.
    .check(z.refine((value) => value.isWellFormed(), { error: NOT_A_STRING, abort: true }))
  // Not `min`, which applies to anything with a length: an empty list would be reported as blank too.
  if (!blank) {
    schema = schema.check(
      z.refine((value) => value !== '', { error: NOT_BLANK, abort: true }),
      z.meta({ minLength: 1 }),
    )
  }
  if (max !== undefined) {
    schema = schema.check(
      z.refine((value) => fits(value, max), tooLong(max)),
      z.meta({ maxLength: max }),
    )
  }
  schema = schema.check(z.refine((value) => !value.includes('\0'), 'Null characters are not allowed.'))
  return preparing((value) => {
    const sent = value === BLANK ? '' : asText(value)
    return typeof sent === 'string' ? tidy(sent) : sent
  }, schema)
}

/** A number as its digits, anything else as it is. */
const asText = (value: unknown) =>
  typeof value === 'number' ? String(value) : value instanceof SentNumber ? value.source : value

/** An e-mail address of at most 254 characters (RFC 5321, 4.5.3.1.3). */
export const email = () =>
  text({ max: 254 }).check(z.refine(isEmail, 'Enter a valid email address.'), z.meta({ format: 'email' }))

/** An optional field; a form's blank value counts as not sent. */
export const optional = <S extends z.ZodMiniType>(schema: S) =>
  preparing((value) => (value === BLANK ? undefined : value), z.optional(schema))

/** One of a fixed list; a form's blank value counts as not sent. */
export const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  preparing(choiceOrNothing, enumOf(values))

/** One of a fixed list, or nothing. */
export const choice = <const T extends readonly [string, ...string[]]>(values: T) =>
  preparing(choiceOrNothing, z.optional(enumOf(values)))

const choiceOrNothing = (value: unknown) => (value === BLANK ? undefined : asText(value))

const enumOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, {
    error: (issue) => typeError(`"${shown(issue.input)}" is not a valid choice.`)(issue),
  })

/** A value quoted in an error message, if it is short and printable. */
const shown = (value: unknown) =>
  typeof value === 'string' || typeof value === 'boolean' ? value : pythonType(value)

/** The id of another row, as a number or its digits. An impossible id is reported as not existing, with the digits that were sent. */
export const pk = () =>
  preparing(
    (value) => {
      if (value === BLANK || value === '') return null
      const digits = value instanceof SentNumber ? value.source : value
      if (typeof digits !== 'string' || !/^\s*[+-]?\d+\s*$/.test(digits)) return value
      return Number.isSafeInteger(Number(digits)) ? Number(digits) : new SentNumber(digits.trim())
    },
    z
      .custom<number>((value: unknown) => typeof value === 'number' || value instanceof SentNumber, {
        error: (issue) =>
          typeError(`Incorrect type. Expected pk value, received ${pythonType(issue.input)}.`)(issue),
      })
      .check(
        z.superRefine((value: unknown, context) => {
          if (Number.isSafeInteger(value)) return
          const type = pythonType(value)
          const message =
            type === 'int'
              ? noSuchPk(value instanceof SentNumber ? value.source : String(value))
              : `Incorrect type. Expected pk value, received ${type}.`
          context.addIssue({ code: 'custom', message })
        }),
        z.meta({ type: 'integer' }),
      ),
  )

/** A number that counts something: zero or more, also as digits. */
export const wholeNumber = () =>
  preparing(
    (value) => {
      if (value === BLANK) return null
      const digits = asText(value)
      return typeof digits === 'string' && /^\s*\d+\s*$/.test(digits) ? Number(digits) : value
    },
    z
      .int({ error: typeError('A valid integer is required.') })
      .check(z.minimum(0, 'A valid integer is required.')),
  )

/** A boolean, including the values that forms use. */
export const flag = () =>
  preparing(
    (value) => {
      const sent = asText(value)
      const word = typeof sent === 'string' ? sent.trim().toLowerCase() : sent
      return word === 'true' || word === 'on' || word === '1'
        ? true
        : word === 'false' || word === 'off' || word === '0'
          ? false
          : value
    },
    z.boolean({ error: typeError('Must be a valid boolean.') }),
  )

/** zod's issues as messages by field. */
export function fieldErrors(error: z.core.$ZodError): FieldErrors {
  const errors: FieldErrors = {}
  for (const issue of error.issues) {
    const field = issue.path.length > 0 ? String(issue.path[0]) : 'non_field_errors'
    const messages = errors[field] ?? []
    errors[field] = messages
    messages.push(issue.message)
  }
  return errors
}
