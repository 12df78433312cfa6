import { isCommonPassword } from './common-passwords'

const MIN_CHARACTERS = 8
const MAX_SIMILARITY = 0.7

/**
 * Python's `str.isdigit`, which also accepts digits that are not used in numbers, such as superscripts. No Unicode property that JavaScript supports
 * includes them.
 */
const ENTIRELY_NUMERIC =
  /^[\p{Nd}²³¹፩-፱᧚⁰⁴-⁹₀-₉①-⑨⑴-⑼⒈-⒐⓪⓵-⓽⓿❶-❾➀-➈➊-➒\u{10A40}-\u{10A43}\u{10E60}-\u{10E68}\u{11052}-\u{1105A}\u{1F100}-\u{1F10A}]+$/u

/** Python's `\W+`: unlike JavaScript's, it keeps letters of any script, and splits at combining marks. */
const NON_WORD = /[^\p{L}\p{N}_]+/u

/** The messages for everything that is wrong with the password itself, in the original's order. */
export async function passwordProblems(password: string): Promise<string[]> {
  const problems: string[] = []
  if ([...password].length < MIN_CHARACTERS) {
    problems.push(`This password is too short. It must contain at least ${MIN_CHARACTERS} characters.`)
  }
  if (await isCommonPassword(password)) problems.push('This password is too common.')
  if (ENTIRELY_NUMERIC.test(password)) problems.push('This password is entirely numeric.')
  return problems
}

interface PersonalDetails {
  username: string
  email: string
  firstName: string
  lastName: string
}

const COMPARED: ReadonlyArray<readonly [keyof PersonalDetails, string]> = [
  ['username', 'username'],
  ['firstName', 'first name'],
  ['lastName', 'last name'],
  ['email', 'email address'],
]

/**
 * The message for the first personal detail that the password resembles, as a whole or one of its words; undefined if none. Follows Django 3.2's
 * `UserAttributeSimilarityValidator`.
 */
export function similarTo(password: string, user: PersonalDetails): string | undefined {
  const characters = [...password.toLowerCase()]
  for (const [field, name] of COMPARED) {
    const value = user[field].toLowerCase()
    if ([value, ...value.split(NON_WORD)].some((part) => isSimilar(characters, [...part]))) {
      return `The password is too similar to the ${name}.`
    }
  }
  return undefined
}

/** Python's `SequenceMatcher.quick_ratio`: twice the number of common characters, in any order, divided by the number of all characters. */
function isSimilar(a: readonly string[], b: readonly string[]): boolean {
  const reaches = (common: number) => (2 * common) / (a.length + b.length) >= MAX_SIMILARITY
  // Skips words that are too short or too long, so that the work grows with the value's length, not with its number of words times the password's
  // length.
  if (!reaches(Math.min(a.length, b.length))) return false

  const available = new Map<string, number>()
  for (const character of b) available.set(character, (available.get(character) ?? 0) + 1)
  let common = 0
  for (const character of a) {
    const left = available.get(character) ?? 0
    if (left === 0) continue
    available.set(character, left - 1)
    common++
  }
  return reaches(common)
}
