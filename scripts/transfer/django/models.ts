/** The original's models, and where their fields go. */
import { filter, flag, id, password, picture, type Reader, reference, text, time } from './fields'

export interface Model {
  /** Its table in staging (`staging.ts`). */
  table: string
  /** By field, which is also the name of the column. */
  fields: Readonly<Record<string, Reader>>
  /** Fields that are deliberately not imported. */
  leftOut: readonly string[]
}

export const MODELS: Readonly<Record<string, Model>> = {
  'auth.user': {
    table: 'users',
    fields: {
      username: text({ max: 150, blank: false }),
      email: text({ max: 254 }),
      first_name: text({ max: 150 }),
      last_name: text({ max: 150 }),
      password,
      is_active: flag(true),
      date_joined: time,
    },
    leftOut: ['last_login', 'is_staff', 'is_superuser', 'groups', 'user_permissions'],
  },
  'profiles.profile': {
    table: 'profiles',
    fields: {
      owner: reference,
      name: text({ max: 255 }),
      content: text(),
      image: picture,
      updated_at: time,
    },
    leftOut: ['created_at'],
  },
  'posts.post': {
    table: 'posts',
    fields: {
      owner: reference,
      title: text({ max: 255, blank: false }),
      content: text(),
      image: picture,
      image_filter: filter,
      created_at: time,
      updated_at: time,
    },
    leftOut: [],
  },
  'comments.comment': {
    table: 'comments',
    fields: { owner: reference, post: id, content: text(), created_at: time, updated_at: time },
    leftOut: [],
  },
  'likes.like': {
    table: 'likes',
    fields: { owner: reference, post: id, created_at: time },
    leftOut: [],
  },
  'followers.follower': {
    table: 'followers',
    fields: { owner: reference, followed: reference, created_at: time },
    leftOut: [],
  },
  'messaging.message': {
    table: 'messages',
    fields: {
      sender: reference,
      recipient: reference,
      content: text(),
      image: picture,
      timestamp: time,
      read: flag(false),
    },
    leftOut: [],
  },
}

/**
 * What `dumpdata` without a list of apps includes from Django and its packages, which is not needed here. Any other model means that the dump is of
 * another project.
 */
export const NOT_NEEDED =
  /^(contenttypes|auth\.(group|permission)|sessions|admin|sites|authtoken|token_blacklist|account|socialaccount)\b/
