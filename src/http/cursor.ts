/** Cursors: where a page of a list begins, opaque to clients and worth nothing to forge. */
import type { ListOrder } from '../db/list-order'
import type { PageRequest, Position } from '../db/page'
import { ValidationError } from './errors'

type Start = Pick<PageRequest, 'after' | 'count' | 'isBackward'>

export const START: Start = { after: undefined, count: undefined, isBackward: false }

/** A longer one is nobody's: a position holds a title at most. */
const MAX_CURSOR_CHARACTERS = 20_000

/**
 * Base64url of `[list, count, ...position]`: behind the row at this position, or (`isBackward`) before it.
 *
 * @param count The list's size, so that the next page needs not count it again.
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

/** Where the cursor leads; an empty one to the beginning. 400 for one that cannot be read, or was made for another list, filter or order. */
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
    // Not base64, not JSON or not a list: told below.
  }
  throw new ValidationError({ cursor: ['Invalid cursor.'] })
}

/** Names the list that a cursor is good for, and the direction. */
function nameOf<Row>({ name }: ListOrder<Row>, filter: unknown, isBackward: boolean): string {
  const list = filter === undefined ? name : `${name}:${fingerprint(JSON.stringify(filter))}`
  return isBackward ? `${list}:back` : list
}

/** FNV-1a, 32 bits: short, as it stands in every link, and made for telling apart what is not meant to collide. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(36)
}
