/**
 * A dump of any size as the original's `manage.py dumpdata` writes it, with everything that has been seen in such dumps. For tests and `npm run
 * bench:transfer`.
 */
import { closeSync, openSync, writeSync } from 'node:fs'

export interface Size {
  users: number
  posts: number
  likes: number
  messages: number
}

interface DumpObject {
  model: string
  pk?: number
  fields: Record<string, unknown>
}

/** Everybody's password, hashed in 1,000 rounds by Python's `hashlib.pbkdf2_hmac`. */
export const PASSWORD = 'Zx9!kkqwPlum'
export const HASH = 'pbkdf2_sha256$1000$ab3DEf9xyzQQ$kAX0ddtp9FB0h3BH/L131+3YGiVHniq/75IRzs0Vb8w='

const ODD = [
  '',
  'plain',
  'Ünïcödé «ñandú»',
  '👩‍👩‍👧 \u200d',
  'quote " and \\ and \n line',
  '{"not": [an object]',
  '\u2028\u2029',
  '日本語 العربية',
]
const START = Date.UTC(2024, 0, 1)
const pick = <T>(from: readonly T[], n: number) => from[n % from.length] as T

/** Times as Django writes them: in UTC or in the zone of its settings, with or without milliseconds. */
function time(seconds: number): string {
  const date = new Date(START + seconds * 1_000 + (seconds % 3 === 0 ? 123 : 0))
  if (seconds % 5 !== 0) return date.toISOString().replace('.000Z', 'Z')
  return new Date(date.getTime() + 2 * 3_600_000).toISOString().replace('Z', '+02:00')
}

/** Ids have gaps, from deleted rows. */
const userId = (n: number) => n + Math.floor(n / 50) + 1
const postId = (n: number) => n + Math.floor(n / 100) + 1

export function* inventObjects({ users, posts, likes, messages }: Size): Generator<DumpObject> {
  for (let n = 0; n < users; n++)
    yield {
      model: 'auth.user',
      pk: userId(n),
      fields: {
        password: HASH,
        last_login: n % 2 ? time(n) : null,
        is_superuser: n === 0,
        username: n % 20 === 7 ? `Zoë_${n}` : `user.${n}@+-`,
        first_name: pick(['', 'Ada', 'Ζωή'], n),
        last_name: '',
        email: n % 3 ? `user${n}@example.com` : '',
        is_staff: n === 0,
        is_active: n % 97 !== 96,
        date_joined: time(n),
        groups: [],
        user_permissions: [],
      },
    }
  for (let n = 0; n < users; n++)
    yield {
      model: 'profiles.profile',
      pk: userId(n),
      fields: {
        owner: userId(n),
        created_at: time(n),
        updated_at: time(n + 100),
        name: pick(ODD, n),
        content: pick(ODD, n + 3),
        image: n % 4 === 1 ? `images/face_${n % 9}` : '../default_profile_qdjgyp',
      },
    }
  for (let n = 0; n < posts; n++)
    yield {
      model: 'posts.post',
      pk: postId(n),
      fields: {
        owner: userId((n * 7) % users),
        created_at: time(n * 3),
        updated_at: time(n * 3 + 1),
        title: `${n} ${pick(ODD, n)}`,
        content: pick(ODD, n + 1).repeat(1 + (n % 12)),
        image: n % 3 === 0 ? `media/images/view_${n % 9}` : '../default_post_rgq6aq',
        image_filter: pick(['normal', '_1977', 'walden'], n),
      },
    }
  for (let n = 0; n < posts / 5; n++)
    yield {
      model: 'comments.comment',
      pk: n + 1,
      fields: {
        owner: userId(n % users),
        post: postId((n * 11) % posts),
        created_at: time(n),
        updated_at: time(n),
        content: `${pick(ODD, n)}.`,
      },
    }
  for (let n = 0; n < likes; n++)
    yield {
      model: 'likes.like',
      pk: n + 1,
      // Every pair once: one pass through the posts for each shift of the owners.
      fields: {
        owner: userId((n + Math.floor(n / posts)) % users),
        post: postId(n % posts),
        created_at: time(n),
      },
    }
  for (let n = 0; n < users; n++)
    yield {
      model: 'followers.follower',
      pk: n + 1,
      fields: { owner: userId(n), followed: userId((n + 1) % users), created_at: time(n) },
    }
  for (let n = 0; n < messages; n++) {
    // Ten people in a row talk, in pairs. Whoever writes again has read the earlier messages.
    const pair = Math.floor(n / 10) % (users - 1)
    const [a, b] = [userId(pair), userId(pair + 1)]
    yield {
      model: 'messaging.message',
      pk: n + 1,
      fields: {
        sender: n % 3 ? a : b,
        recipient: n % 3 ? b : a,
        content: n % 17 ? pick(ODD, n) : 'See you',
        image: n % 29 === 0 ? `image/upload/v17${n}/seen_${n % 9}.jpg` : null,
        timestamp: time(n),
        read: n < messages * 0.9,
      },
    }
  }
}

/** As `dumpdata` does, with `--indent` if given. */
export function writeDump(path: string, objects: Iterable<DumpObject>, indent = 0): number {
  const file = openSync(path, 'w')
  let count = 0
  let text = '['
  for (const object of objects) {
    text += `${count > 0 ? ',' : ''}${indent > 0 ? '\n' : count > 0 ? ' ' : ''}${JSON.stringify(object, null, indent)}`
    count++
    if (text.length > 1_000_000) {
      writeSync(file, text)
      text = ''
    }
  }
  writeSync(file, `${text}${indent > 0 ? '\n' : ''}]\n`)
  closeSync(file)
  return count
}
