/** The document's general description of the API. */
import { LIMITS } from '../../src/limits/limits'

export const INTRODUCTION = `Accounts, profiles, posts with images, comments, likes, follows and live messages.

**Signing in.** \`POST /dj-rest-auth/login/\` answers two tokens and sets them as cookies. Send the access token as
\`Authorization: Bearer …\`, or let the browser send the cookie, which is renewed automatically. On the reference page, run that
call once: the cookie then signs you in. By default an access token is valid for 5 minutes, and a refresh token for 30 days.

**Bodies** may be JSON, \`application/x-www-form-urlencoded\` or \`multipart/form-data\`; files require the last. Each call lists the
preferred one first. Unknown fields are ignored.

**Lists** are paged; a page has \`count\`, \`next\`, \`previous\` and \`results\`. \`page\` is a number from 1. With \`cursor\`, empty for the
first page, \`next\` has a cursor: such pages neither skip nor repeat anything while others write, and cost the same at any
depth.

**Errors.** 400 gives messages for each invalid field. Other errors are \`{"detail": …}\`, with a \`code\` if they concern a token. In
calls that send or edit a message, every value is a list, \`{"detail": ["…"]}\`.

**Limits.** A body has at most 64 KB (8 KB for accounts, more where long texts or images are accepted), 100 fields and 20 levels of nesting.

**Format.** Answers are JSON: \`?format=\` with any other value is a 404.

**Idempotency.** Calls that create something accept an \`Idempotency-Key\`: repeating the request creates nothing more.

**Prefix and slash.** All paths also work under \`/api\`, and without the trailing slash. \`HEAD\` works where \`GET\` does.

**Times** in \`created\`, \`updated\` and \`timestamp\` are ISO 8601, in UTC; \`created_at\` and \`updated_at\` are formatted for people.

${limits()}

**Live messages** use WebSockets, which have [their own document](asyncapi.json).`

/** Each limit by its name in the headers, with its default value. */
function limits(): string {
  const rows = Object.entries(LIMITS).map(
    ([name, { burst, count, seconds }]) => `| \`${name}\` | ${burst} | ${count} in ${seconds} s |`,
  )
  return `**Rate limits.** A request beyond a limit is answered with 429 and \`Retry-After\` in seconds, and changes nothing. \`RateLimit\` says how much is
left of the limit that a write counts against, and \`RateLimit-Policy\` what the limit is. Defaults:

| limit | at once | then |
| --- | ---: | ---: |
${rows.join('\n')}`
}

const NAMES: [segment: string, name: string, description: string][] = [
  ['dj-rest-auth', 'Account', 'Signing in and up, tokens, passwords, and the signed-in user.'],
  ['sessions', 'Sessions', 'The devices where the user is signed in.'],
  ['users', 'Users', 'The directory of accounts.'],
  ['profiles', 'Profiles', 'The public side of users; created with the account.'],
  ['posts', 'Posts', 'Images with a title.'],
  ['comments', 'Comments', 'On posts.'],
  ['likes', 'Likes', 'On posts, one per user.'],
  ['followers', 'Followers', 'Who follows whom.'],
  ['follow-requests', 'Follow requests', 'Requests to follow private accounts.'],
  ['blocks', 'Blocks', 'Users that the user blocks: neither can see the other.'],
  ['mutes', 'Mutes', 'Users that the user mutes: what they write is not in the user’s lists.'],
  ['notifications', 'Notifications', 'What others did that concerns the signed-in user, and unread counts.'],
  ['messages', 'Messages', 'Conversations between two people.'],
  ['media', 'Images', 'What image fields link to.'],
  ['', 'About', 'The API itself.'],
]

export const TAGS = NAMES.map(([, name, description]) => ({ name, description }))

/** The tag for the first segment of the path. */
export function tagOf(path: string): string {
  const segment = path.split('/')[1]
  const aliases: Record<string, string> = { chats: 'messages', 'notification-settings': 'notifications' }
  const found = NAMES.find(([first]) => first === (aliases[segment ?? ''] ?? segment))
  return found?.[1] ?? 'About'
}
