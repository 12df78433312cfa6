/** From the names that fields have on the wire to those of rows: `image_filter` becomes `imageFilter`. */

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

export type CamelCased<Fields> = {
  [Name in keyof Fields as Name extends string ? CamelCase<Name> : never]: Fields[Name]
}

/** The same fields, renamed. Every field of a body's schema reaches the row, in creations and changes alike. */
export const camelCased = <Fields extends object>(fields: Fields): CamelCased<Fields> =>
  // The type describes the renaming exactly as the code does it.
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()),
      value,
    ]),
  ) as CamelCased<Fields>
