/** Readers for the fields of the original's models. Each throws `BadField`, with words that follow the field's name. */
import type { Value } from '../database'

export class BadField extends Error {}

export type Reader = (value: unknown) => Value

/** Times as the original writes them, with up to microseconds. A time without a zone is UTC. */
const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?$/
/** D1 accepts values of 2 MB, and a character takes at most three bytes. */
const MAX_CHARACTERS = 600_000
/** R2 accepts keys of 1,024 bytes, and hosts do not use longer names. */
const MAX_PICTURE_CHARACTERS = 300

const DEFAULT_PICTURE = /(^|\/)default_(post|profile)_\w+(\.\w+)?$/

export const FILTERS =
  '_1977 brannan earlybird hudson inkwell lofi kelvin normal nashville rise toaster valencia walden xpro2'.split(
    ' ',
  )

function string(value: unknown, max: number): string {
  if (typeof value !== 'string') throw new BadField(`is ${kindOf(value)}, not a text`)
  if (value.includes('\0') || !value.isWellFormed()) throw new BadField('holds what is no character')
  if (value.length > max && [...value].length > max) throw new BadField(`has more than ${max} characters`)
  return value
}

/** What a missing or null text becomes depends on the field. */
export const text =
  ({ max = MAX_CHARACTERS, blank = true } = {}): Reader =>
  (value) => {
    const read = string(value ?? (blank ? '' : value), max)
    if (!blank && read.trim() === '') throw new BadField('is blank')
    return read
  }

/** Milliseconds since the epoch. */
export const time: Reader = (value) => {
  const [, day, clock, zone = 'Z'] = TIME.exec(typeof value === 'string' ? value : '') ?? []
  const read = Date.parse(`${day}T${clock}${zone}`)
  if (Number.isNaN(read)) throw new BadField(`is ${kindOf(value)}, not a time`)
  return read
}

export const flag =
  (absent: boolean): Reader =>
  (value) => {
    if (value !== undefined && typeof value !== 'boolean')
      throw new BadField(`is ${kindOf(value)}, not true or false`)
    return Number(value ?? absent)
  }

/** An id. A text stays a text: the username of a natural key (`["ada"]`). */
export const reference: Reader = (value) => {
  if (Number.isSafeInteger(value) && Number(value) > 0) return Number(value)
  if (Array.isArray(value) && value.length === 1 && typeof value[0] === 'string') return value[0]
  throw new BadField(`is ${kindOf(value)}, not a reference`)
}

/** An id of a post, which has no natural key. */
export const id: Reader = (value) => {
  if (Number.isSafeInteger(value) && Number(value) > 0) return Number(value)
  throw new BadField(`is ${kindOf(value)}, not an id`)
}

export const filter: Reader = (value) => {
  const read = value === undefined || value === '' ? 'normal' : value
  if (typeof read !== 'string' || !FILTERS.includes(read))
    throw new BadField(`is ${kindOf(value)}, not a filter`)
  return read
}

/** The name that the original stores; null for no picture and for the default pictures. */
export const picture: Reader = (value) => {
  if (value === null || value === undefined || value === '') return null
  const read = string(value, MAX_PICTURE_CHARACTERS)
  return DEFAULT_PICTURE.test(read) ? null : read
}

/** `argon2$argon2id$…` is our format once the prefix is removed. Other hashes are kept: they work for one login, or require a reset. */
export const password: Reader = (value) => string(value, 1_000).replace(/^argon2(?=\$argon2)/, '')

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing'
  const shown = JSON.stringify(value)
  return shown.length > 40 ? `${shown.slice(0, 40)}…` : shown
}
