/** Values of a body beyond JSON's own, and the original's names for JSON's types. */

/** A form's empty value, which each field interprets (`fields.ts`). */
export const BLANK = Symbol('blank form value')

/** A file part, already read. */
export class Upload {
  constructor(
    readonly bytes: Uint8Array<ArrayBuffer>,
    readonly name: string,
  ) {}
}

/** A number in a JSON body that JavaScript would write differently: `12345678901234567890`, `1e400`, `1.50`. */
export class SentNumber {
  constructor(
    /** The digits as they were sent. */
    readonly source: string,
  ) {}

  toJSON(): string {
    return this.source
  }
}

/** A JSON value's type, as the original's messages call it. */
export function pythonType(value: unknown): string {
  if (value === null) return 'NoneType'
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'string') return 'str'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  if (value instanceof SentNumber) return /^-?\d+$/.test(value.source) ? 'int' : 'float'
  return 'dict'
}
