/**
 * Search: words that must each occur, without case, somewhere in the title or the owner's name.
 *
 * The trigram index (https://sqlite.org/fts5.html#the_trigram_tokenizer) holds folded text and compares exactly, so that it alone
 * decides for words of three characters and more.
 */
import { type SQL, sql } from 'drizzle-orm'
import { fold } from '../db/text'

/** D1 takes 100 parameters a statement, and others need some. */
export const MAX_WORDS = 60

/** The words of a query, folded. One that is part of another says nothing more and is left out. */
export function searchWords(search: string | undefined): string[] {
  const all = fold(search?.replaceAll('\0', '') ?? '').split(/[\s,]+/u)
  const words = [...new Set(all)].filter((word) => word !== '').sort((a, b) => b.length - a.length)
  return words.filter((word, i) => !words.slice(0, Math.min(i, 1000)).some((longer) => longer.includes(word)))
}

const isIndexed = (word: string) => [...word].length >= 3

/** The query for the index; undefined where all words are too short for it. */
export function ftsQuery(words: string[]): string | undefined {
  const indexed = words.filter(isIndexed)
  if (indexed.length === 0) return undefined
  return indexed.map((word) => `"${word.replaceAll('"', '""')}"`).join(' AND ')
}

/** The words that the index cannot find: conditions of their own. */
export const unindexed = (words: string[]): string[] => words.filter((word) => !isIndexed(word))

/** Every word is a substring; NUL, which no word holds, keeps one from reaching across both texts. */
export function matchesAll(words: string[]): SQL {
  return sql.join(
    words.map((word) => sql`instr(p.title_key || char(0) || u.username_key, ${word}) > 0`),
    sql` and `,
  )
}
