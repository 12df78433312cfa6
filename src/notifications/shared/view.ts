import { KINDS, type Kind, STANDARD_LEVEL } from '../../db/notification-kinds'
import { isoDate } from '../../http/dates'
import type { ImageUrls } from '../../images/url'
import type { NotificationRow, SettingRow } from '../queries'
import type { SettingsAnswer } from '../schemas'
import type { NotificationAnswer } from './answer-schemas'
import type { Group } from './group-view'

/** Notifications of one kind about one post. */
export const notificationView = (
  { newest, actors, count, isSeen }: Group,
  urls: ImageUrls,
): NotificationAnswer => ({
  id: newest.seq,
  kind: newest.kind,
  post: newest.postId,
  comment: newest.commentId,
  actors: actors.flatMap((actor) => actorView(actor, urls)),
  count,
  created: isoDate(newest.seq),
  is_seen: isSeen,
})

const actorView = ({ actorId, actor, actorImage }: NotificationRow, urls: ImageUrls) =>
  actorId === null || actor === null
    ? []
    : [{ id: actorId, username: actor, image: urls.imageOr('profile', actorImage) }]

export function settingsView(rows: SettingRow[]): SettingsAnswer {
  const levelOf = (kind: Kind) => rows.find((row) => row.kind === kind)?.level ?? STANDARD_LEVEL
  // `fromEntries` loses the keys' type: there is one for each kind.
  return Object.fromEntries(KINDS.map((kind) => [kind, levelOf(kind)])) as SettingsAnswer
}
