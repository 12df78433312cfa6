import type { ImageUrls } from '../images/url'
import { deviceName } from './device-view'
import type { Account } from './queries'
import type { SessionListItem, UserAnswer } from './schemas'
import type { SessionListRow } from './session-queries'

/** An account as its owner sees it. */
export const accountView = (account: Account, urls: ImageUrls): UserAnswer => ({
  pk: account.id,
  username: account.username,
  email: account.email,
  first_name: account.firstName,
  last_name: account.lastName,
  profile_id: account.id,
  profile_image: urls.imageOr('profile', account.image),
  ...(account.role !== null && { role: account.role }),
})

/** A session as its user sees it; `current` is the name of the requesting session, if it has one. */
export const sessionView = (
  { name, userAgent, createdAt, lastUsedAt, expiresAt }: SessionListRow,
  current: string | undefined,
): SessionListItem => ({
  id: name,
  device: deviceName(userAgent),
  created: new Date(createdAt).toISOString(),
  last_used: new Date(lastUsedAt).toISOString(),
  ends: new Date(expiresAt).toISOString(),
  is_current: name === current,
})
