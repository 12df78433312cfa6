/** Groups notifications for display: those of one kind about one post go together. */
import { type NotificationRow, type Seen, WINDOW } from '../queries'

/** How many actors a group names. */
export const MAX_ACTORS = 3

export interface Group {
  /** The newest of the group. Marking it as seen marks the others too. */
  newest: NotificationRow
  actors: NotificationRow[]
  count: number
  isSeen: boolean
}

interface Page {
  groups: Group[]
  /** The `seq` after which the next page begins. Undefined on the last page. */
  end: number | undefined
}

/** Groups these rows, newest first, up to `size` groups. Each row belongs to one page and one group, so it is counted once. */
export function grouped(rows: NotificationRow[], seen: Seen, size: number): Page {
  const groups = new Map<string, Group>()
  let end: number | undefined
  for (const row of rows.slice(0, WINDOW)) {
    if (row.isVisible) {
      const isSeen = row.seq <= (row.kind === 'like' ? seen.likesSeenTo : seen.seenTo)
      const name = [row.kind, row.postId, isSeen].join()
      const group = groups.get(name) ?? { newest: row, actors: [], count: 0, isSeen }
      if (group.count === 0 && groups.size === size) return { groups: [...groups.values()], end }
      groups.set(name, group)
      group.count += 1
      if (group.actors.length < MAX_ACTORS && group.actors.every(({ actorId }) => actorId !== row.actorId))
        group.actors.push(row)
    }
    end = row.seq
  }
  return { groups: [...groups.values()], end: rows.length > WINDOW ? end : undefined }
}
