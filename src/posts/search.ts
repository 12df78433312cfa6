/**
 * Search: words that must each occur, whatever their case and marks, somewhere in the title or the owner's name.
 *
 * The trigram indexes (https://sqlite.org/fts5.html#the_trigram_tokenizer) hold folded text and compare exactly, so that they alone
 * decide for words of three characters and more. Names have an index of their own: first the owners are found whose name holds a word, then the
 * posts whose title holds it or that are of one of these.
 */
import { type SQL, sql } from 'drizzle-orm'
import { ownerToken } from '../db/owner-token'
import { searchKey } from '../db/text'

/** All words share one list of parameters; more words would not improve the search. */
export const MAX_WORDS = 60

/** How many owners a search considers for all its words together, the newest accounts of each word, besides those named exactly so. */
export const MAX_OWNERS = 120

/** The words of a query, folded. A word that is part of another is redundant and left out. */
export function searchWords(search: string): string[] {
  const all = searchKey(search.replaceAll('\0', '')).split(/[\s,]+/u)
  const words = [...new Set(all)].filter((word) => word !== '').sort((a, b) => b.length - a.length)
  return words.filter((word, i) => !words.slice(0, i).some((longer) => longer.includes(word)))
}

const isIndexed = (word: string) => [...word].length >= 3

/** The query for the index of posts, as SQL; undefined where all words are too short for it. Reads up to `MAX_OWNERS` rows and one for each word. */
export function ftsQuery(words: string[], owner: number | SQL | undefined): SQL | undefined {
  const indexed = words.filter(isIndexed)
  if (indexed.length === 0) return undefined
  const owners = Math.max(1, Math.floor(MAX_OWNERS / indexed.length))
  const quoted = sql`'"' || replace(word.value, '"', '""') || '"'`
  const token = sql.raw(ownerToken('named.id'))
  const named = sql`select group_concat('"' || ${token} || '"', ' OR ') from (
    select id from (select rowid as id from user_search where user_search match ${quoted} order by rowid desc limit ${owners})
    union all select id from users where username_key = word.value) named`
  const every = sql`select group_concat('(title : ' || ${quoted} || coalesce(' OR owner : (' || (${named}) || ')', '') || ')', ' AND ')
    from json_each(${JSON.stringify(indexed)}) word`
  return owner === undefined
    ? sql`(${every})`
    : sql`((${every}) || ' AND owner : "' || (select ${token} from (select ${owner} as id) named) || '"')`
}

/** The words that the index cannot find: conditions of their own. */
export const unindexed = (words: string[]): string[] => words.filter((word) => !isIndexed(word))

/** Every word is a substring; NUL, which no word holds, keeps one from reaching across both texts. */
export function matchesAll(words: string[]): SQL {
  return sql.join(
    words.map((word) => sql`instr(p.title_key || char(0) || u.search_key, ${word}) > 0`),
    sql` and `,
  )
}
