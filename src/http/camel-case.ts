/** From the names that fields have on the wire to those of rows: `image_filter` becomes `imageFilter`. */

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

export type CamelCased<Fields> = {
  [Name in keyof Fields as Name extends string ? CamelCase<Name> : never]: Fields[Name]
}

/** The same fields, renamed: whatever a body's schema has reaches the row, on creating and on changing alike. */
export const camelCased = <Fields extends object>(fields: Fields): CamelCased<Fields> =>
  // What the names become, the type says as well as the code.
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name.replace(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()),
      value,
    ]),
  ) as CamelCased<Fields>
