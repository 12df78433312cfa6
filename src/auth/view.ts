import type { ImageUrls } from '../images/url'
import type { Account } from './queries'
import type { UserAnswer } from './schemas'

/** An account as its owner sees it. */
export const accountView = (account: Account, urls: ImageUrls): UserAnswer => ({
  pk: account.id,
  username: account.username,
  email: account.email,
  first_name: account.firstName,
  last_name: account.lastName,
  profile_id: account.id,
  profile_image: urls.imageOr('profile', account.image),
})
