/**
 * Text that is compared without regard to case, names and search alike. Unicode's lower case, but for its one rule that looks at a
 * letter's neighbours: a sigma that ends a word does not end the words that it is a part of.
 */
export const fold = (text: string): string => text.toLowerCase().replaceAll('ς', 'σ')
