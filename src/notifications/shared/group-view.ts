/** Notifications as they are shown: those of one kind about one post together. */
import { type NotificationRow, type Seen, WINDOW } from '../queries'

/** Of those who did it, so many are named. */
export const MAX_ACTORS = 3

export interface Group {
  /** The newest of them, by which the others are marked as seen too. */
  newest: NotificationRow
  actors: NotificationRow[]
  count: number
  isSeen: boolean
}

interface Page {
  groups: Group[]
  /** Behind which `seq` the next page begins; undefined where there is none. */
  end: number | undefined
}

/** As many groups as a page has of these rows, newest first. Each row is of one page and one group, and so counted once. */
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
