/**
 * Search: words that must each occur, without case, somewhere in the title or the owner's name.
 *
 * The trigram index (https://sqlite.org/fts5.html#the_trigram_tokenizer) finds words of three characters and more; every word is
 * then compared exactly, as the index folds case a little more widely than `fold` does.
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

/** The query for the index; undefined where all words are too short for it. */
export function ftsQuery(words: string[]): string | undefined {
  const indexed = words.filter((word) => [...word].length >= 3)
  if (indexed.length === 0) return undefined
  return indexed.map((word) => `"${word.replaceAll('"', '""')}"`).join(' AND ')
}

/** Every word is a substring; NUL, which no word holds, keeps one from reaching across both texts. */
export function matchesAll(words: string[]): SQL {
  return sql.join(
    words.map((word) => sql`instr(p.title_key || char(0) || u.username_key, ${word}) > 0`),
    sql` and `,
  )
}
