/** Pages of a thread from any message, in either direction, so that a client can show the end first. */
import type * as z from 'zod/mini'
import { fitting } from '../../http/answer-size'
import type { UserContext } from '../../http/env'
import { ValidationError } from '../../http/errors'
import { pageLink, pageSize } from '../../http/page-links'
import type { PageOf } from '../../http/paging'
import type { MessageRow } from '../shared/message-row'
import { listThread } from './queries'
import type { threadQuery } from './schemas'

interface Shown<T> {
  view: (message: MessageRow) => T
  sizes: { standard: number; max: number }
}

/** The messages just before `before` (blank: the newest) or just after `after`, oldest first either way. `previous` and `next` link to more. */
export async function threadPage<T>(
  c: UserContext,
  query: z.output<typeof threadQuery>,
  otherId: number,
  { view, sizes }: Shown<T>,
): Promise<PageOf<T>> {
  const size = pageSize(query.page_size, sizes)
  const before = messageId('before', query.before)
  const after = messageId('after', query.after)
  const backward = after === undefined
  const from = after ?? before
  const { rows, count = 0 } = await listThread(c.var.db, c.var.user.id, otherId, {
    limit: size + 1,
    offset: 0,
    looks: size + 1,
    count: undefined,
    isBackward: backward,
    olderThan: before,
    after: from === undefined ? undefined : [from],
  })
  const wanted = backward ? rows.slice(-size) : rows.slice(0, size)
  const { first, results } = fitting(wanted.map(view), backward)
  const page = wanted.slice(first, first + results.length)
  const oldest = page[0]
  const newest = page.at(-1)
  const isMore = rows.length > page.length
  const older = oldest && (backward ? isMore : true)
  const newer = newest && (backward ? before !== undefined : isMore)
  const elsewhere = { before: undefined, after: undefined, page: undefined, cursor: undefined }
  return {
    count,
    next: newer ? pageLink(c, { ...elsewhere, after: String(newest.id) }) : null,
    previous: older ? pageLink(c, { ...elsewhere, before: String(oldest.id) }) : null,
    results,
  }
}

function messageId(name: string, value: string | undefined): number | undefined {
  if (!value) return undefined
  if (!/^\d{1,15}$/.test(value)) throw new ValidationError({ [name]: ['A valid integer is required.'] })
  return Number(value)
}
