/** `@name` in texts. Who has the name is found out in the statement that stores the text. */
import { type SQL, sql } from 'drizzle-orm'
import { fold } from './text'
import { visibleTo } from './visibility'

/** Of a text, the first so many are mentions. */
export const MAX_MENTIONS = 10
const MAX_USERNAME = 150

/** Not behind a character that names have: that is an address. */
const AT_NAME = /(?<![\p{L}\p{N}@.+\-_])@([\p{L}\p{N}@.+\-_]+)/gu
/** What ends a name may as well end the sentence. */
const PUNCTUATION = /[@.+\-_]+$/

/** Where a text may name somebody, in code points: from the `@` to behind the name, with and without the punctuation that ends it. */
interface Place {
  start: number
  name: string
  end: number
  bareName: string
  bareEnd: number
}

const codePoints = (text: string) => [...text].length

/** Where the text may name somebody: its first `MAX_MENTIONS`. */
function places(text: string): Place[] {
  const found: Place[] = []
  let [unit, point] = [0, 0]
  for (const { index, 1: name = '' } of text.matchAll(AT_NAME)) {
    const bareName = name.replace(PUNCTUATION, '')
    if (bareName === '' || name.length > 2 * MAX_USERNAME) continue
    point += codePoints(text.slice(unit, index))
    unit = index
    const [end, bareEnd] = [name, bareName].map((one) => point + 1 + codePoints(one)) as [number, number]
    found.push({ start: point, name: fold(name), end, bareName: fold(bareName), bareEnd })
    if (found.length === MAX_MENTIONS) break
  }
  return found
}

/**
 * A column of mentions, for this text: JSON, `[[user, start, end], …]` in the order of the text, of whom its author may know. Reads 1 row for
 * each name.
 */
export function mentionsIn(text: string, authorId: number): string | SQL<string> {
  const found = places(text)
  if (found.length === 0) return '[]'
  const of = (name: string) => sql`j.value ->> ${sql.raw(`'${name}'`)}`
  return sql`(select json_group_array(json_array(coalesce(bare.id, whole.id), ${of('start')}, iif(bare.id is null, ${of('end')}, ${of('bareEnd')})))
    from json_each(${JSON.stringify(found)}) j left join users bare on bare.username_key = ${of('bareName')}
    left join users whole on whole.username_key = ${of('name')}
    where coalesce(bare.id, whole.id) is not null and ${visibleTo(authorId).user(sql`coalesce(bare.id, whole.id)`)})`
}

/** A column of mentions, read. */
export const readMentions = (column: string): [user: number, start: number, end: number][] =>
  JSON.parse(column)
