import { isoDate, shortDate } from '../http/dates'
import type { ListedRow } from './list-queries'
import type { BlockAnswer, MuteAnswer } from './schemas'

/** Neither ever changes, so `updated_at` is `created_at`. */
const rowView = ({ id, owner, createdAt }: ListedRow) => ({
  id,
  owner,
  created_at: shortDate(createdAt),
  created: isoDate(createdAt),
  updated: isoDate(createdAt),
})

export const blockView = (row: ListedRow): BlockAnswer => ({
  ...rowView(row),
  blocked: row.otherId,
  blocked_name: row.otherName,
})

export const muteView = (row: ListedRow): MuteAnswer => ({
  ...rowView(row),
  muted: row.otherId,
  muted_name: row.otherName,
})
