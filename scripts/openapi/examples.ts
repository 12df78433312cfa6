/** Examples, built from one value for each name of a field or parameter. */
import { PASSWORD } from '../seed/account'
import type { Components, JsonSchema } from './schemas'

const ORIGIN = 'https://api.example.com'
const ACCESS = 'eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.c2lnbmF0dXJl'
const REFRESH = 'eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl'
const IMAGE = `${ORIGIN}/media/4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a`

const VALUES: Record<string, unknown> = {
  'cf-turnstile-response': '0.zrSnRHO7h0HwSjSCU8oyzbjEtD8p',
  access: ACCESS,
  author_suspended_until: null,
  action: 'hide',
  actor: 'mona',
  access_token: ACCESS,
  access_token_expiration: '2024-08-27T09:36:00.000Z',
  answered: null,
  appeal: null,
  asyncapi: `${ORIGIN}/asyncapi.json`,
  blocked_mail: 'spam.example',
  case: 1,
  category: 'spam',
  claimed_by: null,
  closed: null,
  comments_closed: false,
  comments_count: 2,
  content: 'Taken on the way to work.',
  count: 1,
  created: '2024-08-27T09:31:00.000Z',
  created_at: '27 Aug 2024',
  date: '27 Aug 2024',
  day: '2024-08-27',
  description: 'Accounts, profiles, posts with images, comments, likes, follows and live messages.',
  detail: 'Successfully done.',
  device: 'Firefox on Linux',
  device_token: 'aaf939bb3c6fccf60e91096004bd868e.eo-VqFzV8t9BuCkhemys_w',
  docs: `${ORIGIN}/docs/`,
  edited_at: null,
  ends: '2024-09-26T09:31:00.000Z',
  erased_at: null,
  email: 'alice@example.com',
  evidence: null,
  excerpt: 'Taken on the way to work.',
  evidence_image: null,
  failed: [],
  first_name: 'Alice',
  blocked: 2,
  blocked_name: 'bob',
  followed: 2,
  followed_name: 'bob',
  muted: 2,
  muted_name: 'bob',
  followers_count: 12,
  following_count: 7,
  following_id: null,
  follow_request_id: null,
  health: `${ORIGIN}/health`,
  image: IMAGE,
  image_alt: 'A lighthouse in the fog.',
  image_filter: 'normal',
  image_height: 1080,
  image_thumbhash: '1QcSHQRnh493V4dIh4eXh1h4kJUI',
  image_width: 1620,
  key: 'b8a1c1f0',
  last_message: 'See you at nine.',
  last_message_at: '2024-08-27T09:31:00.000Z',
  last_message_time: '09:31',
  last_name: 'Liddell',
  last_used: '2024-08-27T09:31:00.000Z',
  like_id: null,
  is_private: false,
  likes_count: 5,
  message_policy: 'everyone',
  name: 'alice',
  new_password1: 'Early-lighthouse-31',
  new_password2: 'Early-lighthouse-31',
  next: null,
  old_password: PASSWORD,
  opened: '2024-08-27T09:31:00.000Z',
  openapi: `${ORIGIN}/openapi.json`,
  owner: 'alice',
  password: PASSWORD,
  password1: 'Early-lighthouse-31',
  password2: 'Early-lighthouse-31',
  posts: [IMAGE],
  pending_email: 'alice@example.org',
  previous: null,
  profile_image: `${ORIGIN}/media/images/default_profile_dqcubz.jpg`,
  reason: 'spam',
  reserved_names: 'admin',
  recipient_profile_image: `${ORIGIN}/media/images/default_profile_dqcubz.jpg`,
  refresh: REFRESH,
  request_id: null,
  refresh_token: REFRESH,
  sender_profile_image: `${ORIGIN}/media/images/default_profile_dqcubz.jpg`,
  seq: 3,
  session: '9f86d081884c7d65',
  source: null,
  suspended_until: null,
  text: 'This is an advertisement.',
  time: '09:31',
  timestamp: '2024-08-27T09:31:00.000Z',
  title: 'Sunrise over the harbour',
  token: ACCESS,
  uid: '1',
  until: null,
  up_to: 3,
  updated: '2024-08-27T09:31:00.000Z',
  updated_at: '27 Aug 2024',
  username: 'alice',
}

/** Relative times ("3 hours ago"), in schemas where the field of that name has a date elsewhere. */
const OF: Record<string, Record<string, unknown>> = {
  Comment: { created_at: '5\u00a0minutes ago', updated_at: '5\u00a0minutes ago', content: 'What a view!' },
  Notification: { id: 1_724_751_060_000, post: 1, comment: null, count: 3 },
  Actor: { id: 2, username: 'bob' },
  NotificationSettings: { device: 'list' },
  NotificationSettingsPatch: { device: 'list' },
  SeenBody: { up_to: 1_724_751_060_000 },
  Message: { content: 'See you at nine.', image: null },
  MessageBody: { content: 'See you at nine.' },
  // A report names one target.
  ReportBody: { comment: undefined, message: undefined, profile: undefined, conversation: undefined },
  CaseBody: { comment: undefined, profile: undefined },
  ModerationActionBody: { until: undefined },
  AppealBody: { text: 'It shows my holiday.' },
  CommentBody: { content: 'What a view!' },
  // Alice already exists (scripts/seed).
  RegistrationBody: { username: 'newcomer', email: 'newcomer@example.com' },
  About: { name: 'edge-social-api' },
  SessionListItem: { id: '9f86d081884c7d65' },
  PersonSession: { id: '9f86d081884c7d65' },
  User: { role: undefined },
  UserSummary: { username: 'bob' },
}

/** An example that the schema accepts. */
export function exampleOf(schemas: Components, schema: JsonSchema, name = ''): unknown {
  const component = schema.$ref?.split('/').at(-1)
  const resolved = schemas.resolve(schema)
  if (resolved.const !== undefined) return resolved.const
  if (resolved.properties) {
    const fields = Object.entries(resolved.properties)
    return Object.fromEntries(
      fields.flatMap(([field, property]) => {
        // A form without a file is equivalent to JSON, and null would remove the image.
        if (property.format === 'binary' || property.type === 'null') return []
        const special = OF[component ?? '']
        const value = special && field in special ? special[field] : exampleOf(schemas, property, field)
        return [[field, value]]
      }),
    )
  }
  if (resolved.prefixItems) return resolved.prefixItems.map((item) => exampleOf(schemas, item))
  const [first] = resolved.oneOf ?? resolved.anyOf ?? []
  if (first && (first.items || resolved.oneOf)) return exampleOf(schemas, first, name)
  const value = VALUES[name]
  const types = [resolved.type].flat()
  if (resolved.items && !(Array.isArray(value) && resolved.items.type === 'string'))
    return [exampleOf(schemas, resolved.items, name)]
  if (value !== undefined && (types.includes(typeOf(value)) || !resolved.type)) return value
  if (resolved.enum) return resolved.enum[0]
  if (types.includes('integer')) return 1
  if (types.includes('boolean')) return true
  if (types.includes('null')) return null
  if (types.includes('object')) return {}
  throw new Error(`There is no example of ${name || 'a schema'}: ${JSON.stringify(resolved)}`)
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'number' ? 'integer' : typeof value
}
