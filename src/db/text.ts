/**
 * Text that is compared without regard to case: names that must be unique. Unicode's lower case, but for its one rule that looks at a
 * letter's neighbours: a sigma that ends a word does not end the words that it is a part of.
 */
export const fold = (text: string): string => text.toLowerCase().replaceAll('ς', 'σ')

/** What a username's key may be: as it was typed, for a name from before names were kept in NFKC, and in NFKC. */
export const usernameForms = (typed: string): string[] => [...new Set([typed, typed.normalize('NFKC')])]

/**
 * Without regard to case, in full: ß is ss, İ and ı are i. Lower case first, as ẞ has no upper case but itself; upper case then writes ß, ſ and
 * ligatures out, and the iota below a vowel beside it.
 */
export const caseFold = (text: string): string => fold(text.toLowerCase().toUpperCase())

/**
 * Marks that people leave out when they type: accents and the like of Latin, Greek and Cyrillic, the points of Hebrew and Arabic. The marks of
 * other scripts (vowels of Devanagari or Thai, the voicing of kana) make other words, and stay.
 */
const MARKS =
  /[\u{300}-\u{36f}]|[\u{591}-\u{5bd}]|[\u{5bf}]|[\u{5c1}-\u{5c2}]|[\u{5c4}-\u{5c5}]|[\u{5c7}]|[\u{610}-\u{61a}]|[\u{64b}-\u{65f}]|[\u{670}]|[\u{1ab0}-\u{1aff}]|[\u{1dc0}-\u{1dff}]|[\u{20d0}-\u{20ff}]|[\u{fe20}-\u{fe2f}]/gu
/** Joiners, variation selectors, soft hyphens: not seen, hence not searched for. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu

/**
 * Text as it is searched: what looks or reads the same to who types is the same. Compatibility forms (full width, ligatures), case in full (ß is
 * ss, final sigma is sigma, İ and ı are i) and marks make no difference, on either side: "cafe" finds "café", and "café" finds "cafe".
 */
export function searchKey(text: string): string {
  return caseFold(text.normalize('NFKD'))
    .normalize('NFKD')
    .replace(IGNORABLE, '')
    .replace(MARKS, '')
    .normalize('NFKC')
}
