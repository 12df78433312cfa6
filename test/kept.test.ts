/** What the database keeps (`src/db/kept.ts`) is true whatever is written, by SQL as by requests, and `recount` finds and mends what is not. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, test } from 'vitest'
import { KEPT, KEPT_VALUES } from '../src/db/kept'
import { KINDS } from '../src/db/notification-kinds'
import { NEVER } from '../src/db/schema'

interface Difference {
  key: string | number
  kept: number | string | null
  truth: number | string | null
}

const run = (...statements: string[]) =>
  env.DB.batch(statements.map((statement) => env.DB.prepare(statement)))

async function row(query: string) {
  return env.DB.prepare(query).first<Record<string, unknown>>()
}

/** As `recount` asks, by the value's name. */
async function differences(): Promise<Record<string, Difference[]>> {
  const answers = await env.DB.batch<Difference>(
    KEPT_VALUES.map((value) => env.DB.prepare(value.differences)),
  )
  const found = KEPT_VALUES.map(({ name }, i) => [name, answers[i]?.results ?? []] as const)
  return Object.fromEntries(found.filter(([, rows]) => rows.length > 0))
}

/** All that refers to users, and they. */
const EVERYBODY = [
  'posts',
  'comments',
  'likes',
  'followers',
  'follow_requests',
  'blocks',
  'mutes',
  'conversations',
  'notifications',
  'users',
].map((table) => `delete from ${table}`)

/** Alice, Bob and Carol with posts, comments, likes, follows, messages, and images "a" to "d" on all that can show one. */
const WORLD = [
  `insert into users (id, username, username_key, password_hash, created_at, profile_updated_at, image) values
    (1, 'Alice', 'alice', '', 0, 0, 'a'), (2, 'Bob', 'bob', '', 0, 0, null), (3, 'Carol', 'carol', '', 0, 0, 'b')`,
  `insert into posts (id, owner_id, title, title_key, image, created_at, updated_at) values
    (1, 1, 'Sea', 'sea', 'a', 0, 0), (2, 1, 'Sky', 'sky', null, 0, 0), (3, 2, 'Sand', 'sand', 'c', 0, 0), (4, 3, 'Snow', 'snow', 'c', 0, 0)`,
  `insert into comments (id, post_id, owner_id, content, created_at, updated_at) values
    (1, 1, 2, 'one', 0, 0), (2, 1, 3, 'two', 0, 0), (3, 3, 1, 'three', 0, 0), (4, 4, 3, 'four', 0, 0)`,
  `insert into likes (id, owner_id, post_id, created_at) values (1, 2, 1, 0), (2, 3, 1, 0), (3, 1, 3, 0), (4, 1, 4, 0)`,
  `insert into followers (id, owner_id, followed_id, created_at) values (1, 1, 2, 0), (2, 1, 3, 0), (3, 2, 1, 0), (4, 3, 2, 0)`,
  'insert into blocks (id, owner_id, blocked_id, created_at) values (1, 1, 3, 0)',
  'insert into follow_requests (id, owner_id, followed_id, created_at) values (1, 3, 1, 0)',
  'insert into mutes (id, owner_id, muted_id, created_at) values (1, 1, 2, 0), (2, 1, 3, 0)',
  // As the conversation's object leaves it.
  `insert into conversations (id, user_a, user_b, seq, last_message_id, messages_count, unread_a, unread_b) values
    (1, 1, 2, 2, 2, 2, 1, 1), (2, 2, 3, 1, 3, 1, 0, 1)`,
  `insert into messages (id, conversation_id, sender_id, content, image, created_at, seq, changed_seq) values
    (1, 1, 1, 'hi', 'd', 0, 1, 1), (2, 1, 2, 'hello', null, 0, 2, 2), (3, 2, 2, 'you', 'a', 0, 1, 1)`,
  `insert into cases (id, kind, subject_id, author_id, opened_at) values (1, 'post', 1, 1, 0)`,
  `insert into reports (id, case_id, reporter_id, category, text, created_at) values (1, 1, 2, 'spam', '', 0), (2, 1, 3, 'spam', '', 0)`,
  `insert into changes (conversation_id, seq, kind, user_id) values (1, 1, 'message', 1), (1, 2, 'message', 2), (2, 1, 'message', 2)`,
]

beforeEach(async () => {
  await run(
    'delete from deleted_accounts',
    'delete from account_hidings',
    ...EVERYBODY,
    'delete from images',
    'update sequences set last_id = 0, deleted = 0',
    ...WORLD,
  )
})

describe('what is written', () => {
  test('inserts: all values are true, and none is trivially so', async () => {
    expect(await differences()).toEqual({})
    expect(
      await row(`select posts_count, likes_given_count, followers_count, following_count, last_following_id, last_followed_id,
        newest_images from users where id = 1`),
    ).toEqual({
      posts_count: 2,
      likes_given_count: 2,
      followers_count: 1,
      following_count: 2,
      last_following_id: 2,
      last_followed_id: 3,
      newest_images: '[null,"a"]',
    })
    expect(await row('select likes_count, comments_count, last_like_id from posts where id = 1')).toEqual({
      likes_count: 2,
      comments_count: 2,
      last_like_id: 2,
    })
    expect(
      await row(
        'select json_group_object(hash, refs) as refs, json_group_object(hash, public_refs) as public from images',
      ),
    ).toEqual({ refs: '{"a":3,"b":1,"c":2,"d":1}', public: '{"a":2,"b":1,"c":2,"d":0}' })
  })

  const WRITES: Record<string, string[]> = {
    'another image of a post': [`update posts set image = 'b' where id = 1`],
    'an image that a post did not have': [`update posts set image = 'new' where id = 2`],
    'no image any more, of post, user and message': [
      'update posts set image = null where id = 1',
      'update users set image = null where id = 1',
      'update messages set image = null where id = 1',
    ],
    'the same image again': [`update users set image = image`],
    'another title': [`update posts set title = 'Ice', title_key = 'ice' where id = 4`],
    'another username': [
      `update users set username = 'Alicia', username_key = 'alicia', search_key = 'alicia' where id = 1`,
    ],
    'a like that is the newest goes, then the last': [
      'delete from likes where id = 2',
      'delete from likes where id = 1',
    ],
    'a like that is not the newest goes': ['delete from likes where id = 1'],
    'a comment goes': ['delete from comments where id = 1'],
    'a follow that is the newest of both goes': ['delete from followers where id = 2'],
    'a follow that is not the newest goes': ['delete from followers where id = 1'],
    'a post goes with its comments and likes': ['delete from posts where id = 1'],
    'the newest post goes': ['delete from posts where id = 4'],
    'a conversation goes with its messages': ['delete from conversations where id = 1'],
    'a user goes, after all they have': [
      'delete from posts where owner_id = 1',
      'delete from comments where owner_id = 1',
      'delete from likes where owner_id = 1',
      'delete from followers where 1 in (owner_id, followed_id)',
      'delete from blocks where 1 in (owner_id, blocked_id)',
      'delete from mutes where 1 in (owner_id, muted_id)',
      'delete from follow_requests where 1 in (owner_id, followed_id)',
      'delete from conversations where 1 in (user_a, user_b)',
      'delete from users where id = 1',
    ],
    'everybody goes': EVERYBODY,
    'an account is deleted, and had back': [
      'insert into deleted_accounts (user_id, deleted_at) values (1, 0), (2, 0)',
      'delete from deleted_accounts where user_id = 1',
    ],
    'seven posts: a profile shows six': [5, 6, 7, 8, 9].map(
      (id) =>
        `insert into posts (id, owner_id, title, title_key, image, created_at, updated_at) values (${id}, 1, 'x', 'x', 'a', 0, 0)`,
    ),
  }
  test.each(Object.entries(WRITES))('%s', async (_, statements) => {
    await run(...statements)
    expect(await differences()).toEqual({})
  })

  test('nothing is newest where nothing is left', async () => {
    await run('delete from likes', 'delete from followers')
    expect(await row('select last_like_id from posts where id = 1')).toEqual({ last_like_id: NEVER })
    expect(await row('select last_followed_id, last_following_id from users where id = 1')).toEqual({
      last_followed_id: NEVER,
      last_following_id: NEVER,
    })
  })

  test('the search index finds new titles and names, and no old ones', async () => {
    await run(WRITES['another title']?.[0] ?? '', WRITES['another username']?.[0] ?? '')
    const found = async (words: string) =>
      (
        await row(
          `select json_group_array(rowid) as ids from post_search where post_search match '"${words}"'`,
        )
      )?.ids
    expect(
      (await row(`select json_group_array(rowid) as ids from user_search where user_search match '"alicia"'`))
        ?.ids,
    ).toBe('[1]')
    expect(await found('alicia')).toBe('[]')
    expect(await found('snow')).toBe('[]')
    expect(await found('ice')).toBe('[4]')
  })
})

describe('what is not true', () => {
  const SEQUENCES = KEPT_VALUES.map(({ name }) => name).filter((name) => name.startsWith('sequences.'))
  /** For each value, something that makes it untrue without the triggers noticing. */
  const PLANTED: Record<string, { by: string; difference: Difference }> = {
    ...Object.fromEntries(
      SEQUENCES.map((name) => {
        const table = name.replace('sequences.', '')
        return [
          name,
          {
            by: `update sequences set deleted = 7 where name = '${table}'`,
            difference: { key: table, kept: 7, truth: 0 },
          },
        ]
      }),
    ),
    'likes.is_owner_hidden': {
      by: 'update likes set is_owner_hidden = 1 where id = 1',
      difference: { key: 1, kept: 1, truth: 0 },
    },
    'comments.is_owner_hidden': {
      by: 'update comments set is_owner_hidden = 1 where id = 1',
      difference: { key: 1, kept: 1, truth: 0 },
    },
    'followers.is_owner_hidden': {
      by: 'update followers set is_owner_hidden = 1 where id = 1',
      difference: { key: 1, kept: 1, truth: 0 },
    },
    'followers.is_followed_hidden': {
      by: 'update followers set is_followed_hidden = 1 where id = 1',
      difference: { key: 1, kept: 1, truth: 0 },
    },
    ...column('users', 'posts_count', 2),
    ...column('users', 'likes_given_count', 2),
    ...column('users', 'following_count', 2),
    ...column('users', 'followers_count', 1),
    ...column('users', 'blocks_count', 1),
    ...column('users', 'mutes_count', 2),
    ...column('users', 'follow_requests_count', 1),
    ...column('users', 'last_following_id', 2),
    ...column('users', 'last_followed_id', 3),
    ...column('users', 'newest_images', '[null,"a"]'),
    ...column('users', 'unread_messages', 1),
    ...Object.fromEntries(
      KINDS.map((kind) => [
        `notifications.${kind}`,
        {
          by: `insert into notifications (recipient_id, seq, kind, cause_id) values (1, 1, '${kind}', 9)`,
          difference: { key: 9, kept: 1, truth: null },
        },
      ]),
    ),
    ...column('posts', 'likes_count', 2),
    ...column('posts', 'comments_count', 2),
    ...column('posts', 'last_like_id', 2),
    ...column('cases', 'reports_count', 2),
    ...column('conversations', 'messages_count', 2),
    ...column('conversations', 'last_message_id', 2),
    ...column('conversations', 'unread_a', 1),
    ...column('conversations', 'unread_b', 1),
    'images.refs': {
      by: `update images set refs = 9 where hash = 'a'`,
      difference: { key: 'a', kept: 9, truth: 3 },
    },
    'images.public_refs': {
      by: `update images set public_refs = 9 where hash = 'a'`,
      difference: { key: 'a', kept: 9, truth: 2 },
    },
    user_search: {
      by: 'delete from user_search where rowid = 3',
      difference: { key: 3, kept: null, truth: 1 },
    },
    post_search: {
      by: 'delete from post_search where rowid = 3',
      difference: { key: 3, kept: null, truth: 1 },
    },
  }

  function column(table: string, name: string, truth: number | string) {
    return {
      [`${table}.${name}`]: {
        by: `update ${table} set ${name} = 99 where id = 1`,
        difference: { key: 1, kept: typeof truth === 'string' ? '99' : 99, truth },
      },
    }
  }

  const repair = () => run(...KEPT_VALUES.flatMap((value) => value.repair))

  test('every value is tried', () => {
    expect(Object.keys(PLANTED).sort()).toEqual(KEPT_VALUES.map(({ name }) => name).sort())
    expect(new Set(KEPT_VALUES.map(({ name }) => name)).size).toBe(KEPT_VALUES.length)
  })

  test.each(Object.entries(PLANTED))('%s is found and repaired', async (name, { by, difference }) => {
    await run(by)
    expect(await differences()).toEqual({ [name]: [difference] })
    await repair()
    expect(await differences()).toEqual({})
  })

  test('rows that are missing, and rows too many', async () => {
    await run(`delete from sequences where name = 'likes'`, `delete from images where hash = 'a'`)
    await run(`insert into images (hash, refs) values ('nobody', 2)`)
    await run(`insert into post_search (rowid, title, owner) values (77, 'ghost', 'ghost')`)
    expect(await differences()).toEqual({
      'sequences.likes': [{ key: 'likes', kept: null, truth: 0 }],
      'images.refs': [
        { key: 'nobody', kept: 2, truth: 0 },
        { key: 'a', kept: null, truth: 3 },
      ],
      'images.public_refs': [{ key: 'a', kept: null, truth: 2 }],
      post_search: [{ key: 77, kept: 1, truth: null }],
    })
    await repair()
    expect(await differences()).toEqual({})
  })

  test('a repair of what is true writes nothing but the sequences', async () => {
    const others = KEPT.flatMap(({ values }) => values).filter(({ name }) => !name.startsWith('sequences.'))
    const answers = await run(...others.flatMap((value) => value.repair))
    expect(answers.map(({ meta }) => meta.changes)).toEqual(answers.map(() => 0))
  })
})
