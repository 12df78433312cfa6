/** Query parameters that name a row by its id. */
import { type FieldErrors, ValidationError } from './errors'

const NO_CHOICE = 'Select a valid choice. That choice is not one of the available choices.'

export interface IdFilters<Name extends string> {
  /** Without blank and invalid ones. */
  ids: Partial<Record<Name, number>>
  /**
   * Throws 400 if a filter is invalid or its id does not exist, with all errors of the query at once. It therefore
   * takes the result of the list's own call, which must be made even if one filter is known to be invalid.
   */
  check(isKnown: (id: number, name: Name) => boolean, others?: FieldErrors): void
}

/** The ids in these parameters. */
export function idFilters<Name extends string>(
  query: Partial<Record<Name, string | undefined>>,
  names: readonly Name[],
): IdFilters<Name> {
  const ids: Partial<Record<Name, number>> = {}
  const malformed: Name[] = []
  for (const name of names) {
    const value = query[name]?.trim()
    if (!value) continue
    if (/^\d{1,15}$/.test(value)) ids[name] = Number(value)
    else malformed.push(name)
  }
  return {
    ids,
    check(isKnown, others = {}) {
      const bad = names.filter((name) => {
        const id = ids[name]
        return malformed.includes(name) || (id !== undefined && !isKnown(id, name))
      })
      const errors = { ...others, ...Object.fromEntries(bad.map((name) => [name, [NO_CHOICE]])) }
      if (Object.keys(errors).length > 0) throw new ValidationError(errors)
    },
  }
}

export interface ChoiceFilters<Choices extends Record<string, readonly string[]>> {
  /** Without blank and invalid ones. */
  values: { [Name in keyof Choices]?: Choices[Name][number] }
  /** Throws 400 if a filter is invalid. Runs after the list's own call, which first checks whether the user may read the list. */
  check(): void
}

/** The values of these parameters. */
export function choiceFilters<const Choices extends Record<string, readonly string[]>>(
  query: { [Name in keyof Choices]?: string | undefined },
  choices: Choices,
): ChoiceFilters<Choices> {
  const values: Record<string, string> = {}
  const errors: FieldErrors = {}
  for (const [name, allowed] of Object.entries(choices)) {
    const value = query[name]?.trim()
    if (!value) continue
    if (allowed.includes(value)) values[name] = value
    else errors[name] = [NO_CHOICE]
  }
  return {
    // Its values are among the choices.
    values: values as ChoiceFilters<Choices>['values'],
    check() {
      if (Object.keys(errors).length > 0) throw new ValidationError(errors)
    },
  }
}
