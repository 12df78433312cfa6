/** Query parameters that name a row by its id. */
import { type FieldErrors, ValidationError } from './errors'

const NO_CHOICE = 'Select a valid choice. That choice is not one of the available choices.'

export interface IdFilters<Name extends string> {
  /** Blank ones, and those that are no id, are left out. */
  ids: Partial<Record<Name, number>>
  /**
   * Throws where a filter is no id, or one that nobody has: 400, all of them at once, and what else is wrong with the query. So it
   * takes what the list's own call found, which has to be made even if one filter is known to be bad.
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
  /** Blank ones, and those that are no choice, are left out. */
  values: { [Name in keyof Choices]?: Choices[Name][number] }
  /** Throws where a filter is no choice: 400. Behind the list's own call, which says first whether whoever asks may. */
  check(): void
}

/** What these parameters choose. */
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
