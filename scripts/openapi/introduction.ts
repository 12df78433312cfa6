/** What the document says of the API as a whole. */
import { LIMITS } from '../../src/limits/limits'

export const INTRODUCTION = `Accounts, profiles, posts with images, comments, likes, follows and live messages.

**Signing in.** \`POST /dj-rest-auth/login/\` answers two tokens and sets them as cookies. Send the access token as
\`Authorization: Bearer …\`, or let the browser send the cookie, which is renewed by itself. On the reference page, to run
that call is to be signed in: the cookie does the rest. An access token lives 5 minutes, a refresh token a day.

**Bodies** may all be JSON, \`application/x-www-form-urlencoded\` or \`multipart/form-data\`; files need the last. Each call names the one
to prefer. Unknown fields are ignored.

**Lists** come in pages of \`count\`, \`next\`, \`previous\` and \`results\`. \`page\` numbers them from 1. \`cursor\`, empty for the
first page, makes \`next\` carry one: such pages neither skip nor repeat anything while others write, and cost the same however
deep.

**Errors.** 400 names each bad field with its messages; all else is \`{"detail": …}\`, with a \`code\` where it is about a token. In the
calls that send or edit a message every value is a list, \`{"detail": ["…"]}\`.

**Limits.** A body has at most 64 KB (8 KB for accounts, more where long texts or images belong), 100 fields and 20 levels.

**Format.** All is JSON: \`?format=\` with anything else is a 404.

**Doing things once.** What creates something takes an \`Idempotency-Key\`: a request that is sent again creates nothing more.

**Prefix and slash.** All paths work under \`/api\` too, and without their final slash. \`HEAD\` works where \`GET\` does.

**Times** in \`created\`, \`updated\` and \`timestamp\` are ISO 8601, in UTC; \`created_at\` and \`updated_at\` are for people.

${limits()}

**Live messages** go over a WebSocket, which [its own document](asyncapi.json) describes.`

/** Each limit by its name in the headers, as this service has it unless it is configured otherwise. */
function limits(): string {
  const rows = Object.entries(LIMITS).map(
    ([name, { burst, count, seconds }]) => `| \`${name}\` | ${burst} | ${count} in ${seconds} s |`,
  )
  return `**Limits.** What is too much is answered with 429, \`Retry-After\` in seconds, and nothing done. \`RateLimit\` says what is left of the
limit that a write has counted against, \`RateLimit-Policy\` how much it is. Defaults:

| limit | at once | then |
| --- | ---: | ---: |
${rows.join('\n')}`
}

const NAMES: [segment: string, name: string, description: string][] = [
  ['dj-rest-auth', 'Account', 'Signing in and up, tokens, passwords, and the signed-in user.'],
  ['sessions', 'Sessions', 'Where the user is signed in.'],
  ['users', 'Users', 'The directory of accounts.'],
  ['profiles', 'Profiles', 'What users show of themselves; created with the account.'],
  ['posts', 'Posts', 'Images with a title.'],
  ['comments', 'Comments', 'On posts.'],
  ['likes', 'Likes', 'Of posts, one by each user.'],
  ['followers', 'Followers', 'Who follows whom.'],
  ['follow-requests', 'Follow requests', 'To people whose accounts are private.'],
  ['blocks', 'Blocks', 'Whom the user blocks: neither sees anything of the other.'],
  ['mutes', 'Mutes', 'Whom the user mutes: what these write is not in the user’s lists.'],
  ['notifications', 'Notifications', 'What others did that concerns the signed-in user, and what is unread.'],
  ['messages', 'Messages', 'Conversations between two people.'],
  ['media', 'Images', 'What image fields link to.'],
  ['', 'About', 'The API itself.'],
]

export const TAGS = NAMES.map(([, name, description]) => ({ name, description }))

/** By the first segment of the path. */
export function tagOf(path: string): string {
  const segment = path.split('/')[1]
  const aliases: Record<string, string> = { chats: 'messages', 'notification-settings': 'notifications' }
  const found = NAMES.find(([first]) => first === (aliases[segment ?? ''] ?? segment))
  return found?.[1] ?? 'About'
}
