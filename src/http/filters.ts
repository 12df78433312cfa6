/** Query parameters that name a row by its id. */
import { type FieldErrors, ValidationError } from './errors'

const NO_CHOICE = 'Select a valid choice. That choice is not one of the available choices.'

/** The ids in these parameters; blank ones are left out. 400 for one that is no id. */
export function idFilters<Name extends string>(
  query: Partial<Record<Name, string | undefined>>,
  names: readonly Name[],
) {
  const ids: Partial<Record<Name, number>> = {}
  const errors: FieldErrors = {}
  for (const name of names) {
    const value = query[name]?.trim()
    if (!value) continue
    if (/^\d{1,15}$/.test(value)) ids[name] = Number(value)
    else errors[name] = [NO_CHOICE]
  }
  if (Object.keys(errors).length > 0) throw new ValidationError(errors)
  return ids
}

/** 400 for ids that are nobody's. */
export function requireExisting(ids: Partial<Record<string, number>>, existing: ReadonlySet<number>): void {
  const missing = Object.entries(ids).filter(([, id]) => id !== undefined && !existing.has(id))
  if (missing.length > 0)
    throw new ValidationError(Object.fromEntries(missing.map(([name]) => [name, [NO_CHOICE]])))
}
