/** Cursors: where a page of a list begins. They are opaque to clients, and forging one gains nothing. */
import type { ListOrder } from '../db/list-order'
import type { PageRequest, Position } from '../db/page'
import { ValidationError } from './errors'

type Start = Pick<PageRequest, 'after' | 'count' | 'isBackward'>

export const START: Start = { after: undefined, count: undefined, isBackward: false }

/** No valid cursor is longer: the longest value in a position is a title. */
const MAX_CURSOR_CHARACTERS = 20_000

/**
 * Base64url of `[list, count, ...position]`: behind the row at this position, or (`isBackward`) before it.
 *
 * @param count The list's size, so that the next page need not count it again.
 */
export const writeCursor = <Row>(
  order: ListOrder<Row>,
  filter: unknown,
  count: number,
  position: Position,
  isBackward: boolean,
): string =>
  new TextEncoder()
    .encode(JSON.stringify([nameOf(order, filter, isBackward), count, ...position]))
    .toBase64({ alphabet: 'base64url', omitPadding: true })

/** The position that a cursor encodes; an empty cursor means the beginning. 400 if it is malformed, or belongs to another list, filter or order. */
export function readCursor<Row>(cursor: string, order: ListOrder<Row>, filter: unknown): Start {
  if (cursor === '') return START
  try {
    if (cursor.length <= MAX_CURSOR_CHARACTERS) {
      const bytes = Uint8Array.fromBase64(cursor, { alphabet: 'base64url' })
      const [list, count, ...after]: unknown[] = JSON.parse(new TextDecoder().decode(bytes))
      const isBackward = list === nameOf(order, filter, true)
      const isOurs = isBackward || list === nameOf(order, filter, false)
      if (isOurs && Number.isSafeInteger(count) && order.isPosition(after))
        return { count: Math.max(Number(count), 0), after, isBackward }
    }
  } catch {
    // Not base64, JSON or a list: refused below.
  }
  throw new ValidationError({ cursor: ['Invalid cursor.'] })
}

/** Identifies the list that a cursor belongs to, and the direction. */
function nameOf<Row>({ name }: ListOrder<Row>, filter: unknown, isBackward: boolean): string {
  const list = filter === undefined ? name : `${name}:${fingerprint(JSON.stringify(filter))}`
  return isBackward ? `${list}:back` : list
}

/** FNV-1a, 32 bits: short, because every link contains it. It only detects mistakes and need not resist attacks. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(36)
}
