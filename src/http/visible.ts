/** Visible and invisible text. */

/** Unicode's White_Space, and the byte order mark, which JavaScript trims too. All take one unit. */
const SPACE = /[\p{White_Space}\ufeff]/u

/**
 * Anything that shows: not a space, not a C1 control (those of C0 are refused by name), and nothing that Unicode says to ignore where it has no effect (soft
 * hyphens, joiners, fillers of Hangul, variation selectors, tags …). Besides these there are the marks around interlinear notes,
 * the joiners of hieroglyphs, the filler of Khitan script, and two signs that are blank: a braille pattern and a note without a head.
 */
const VISIBLE =
  /[^\p{White_Space}\x80-\x9f\p{Default_Ignorable_Code_Point}\ufff9-\ufffb\u{13430}-\u{1343f}\u{16fe4}\u2800\u{1d159}]/u

/** C0 and DEL except tab and line feed; NUL has its own message. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const CONTROL = /[\x01-\x08\x0b-\x1f\x7f]/

/** Characters that are invisible or only change how others look: not allowed in names that identify people. */
export const IGNORABLE = /\p{Default_Ignorable_Code_Point}/u

/**
 * Trimmed; empty if nothing is visible. Joiners inside visible text stay, because scripts and emoji need them.
 * (A regular expression that looks for spaces at the end takes quadratic time for many that are not at the end.)
 */
export function trimmed(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && SPACE.test(text.charAt(start))) start++
  while (end > start && SPACE.test(text.charAt(end - 1))) end--
  const rest = text.slice(start, end)
  return VISIBLE.test(rest) ? rest : ''
}

/** One line break is one character, however it was sent: forms send CR LF. */
export const withLineFeeds = (text: string): string => text.replace(/\r\n?/g, '\n')
