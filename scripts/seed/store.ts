/** Writes an invented world: images first, then rows. Triggers maintain counts, sequences and the search index, as always. */
import { type LastIds, TABLES, type World } from './invent.ts'

/** The used part of the bindings, for which Node has no types. */
interface Statement {
  bind(...values: unknown[]): Statement
  all<Row>(): Promise<{ results: Row[] }>
}

export interface Stores {
  DB: { prepare(query: string): Statement; batch(statements: Statement[]): Promise<unknown> }
  MEDIA: {
    put(
      key: string,
      bytes: Uint8Array,
      options: { sha256: string; httpMetadata: { contentType: string } },
    ): Promise<unknown>
    list(options: { cursor?: string }): Promise<{
      objects: { key: string }[]
      truncated: boolean
      cursor?: string
    }>
    delete(keys: string[]): Promise<void>
  }
}

type Progress = (step: string) => void

/** How many rows one statement inserts. They are one parameter, of at most 2 MB. */
const ROWS = 1000
const PUTS = 16

/** The last assigned id of each table, as src/db/ids.ts reads it. */
export async function lastIds({ DB }: Stores): Promise<LastIds> {
  const selects = TABLES.map(
    (table) =>
      `(select max(last_id, coalesce((select max(id) from ${table}), 0)) from sequences where name = '${table}') as ${table}`,
  )
  const { results } = await DB.prepare(`select ${selects.join(', ')}`).all<LastIds>()
  const [ids] = results
  if (!ids) throw new Error('The sequences could not be read.')
  return ids
}

/** Those of the names that are taken. */
export async function takenNames({ DB }: Stores, usernames: string[]): Promise<string[]> {
  const { results } = await DB.prepare(
    'select username from users where username_key in (select value from json_each(?))',
  )
    .bind(JSON.stringify(usernames))
    .all<{ username: string }>()
  return results.map(({ username }) => username)
}

/** Deletes every row and object. Ids begin at 1 again. */
export async function clear({ DB, MEDIA }: Stores, progress: Progress): Promise<void> {
  progress('Deleting everything')
  // Deleting users deletes what belongs to them. The large tables come first, because deleting them directly is faster than by cascade.
  const tables = [
    'likes',
    'comments',
    'followers',
    'posts',
    'conversations',
    'deleted_accounts',
    'suspended_accounts',
    'account_hidings',
    'users',
    'images',
    'image_fences',
  ]
  await DB.batch([
    ...tables.map((table) => DB.prepare(`delete from ${table}`)),
    DB.prepare('update sequences set last_id = 0, deleted = 0'),
  ])
  let page: Awaited<ReturnType<Stores['MEDIA']['list']>>
  do {
    // Always lists from the start, because the objects listed before are deleted.
    page = await MEDIA.list({})
    if (page.objects.length > 0) await MEDIA.delete(page.objects.map(({ key }) => key))
  } while (page.truncated)
}

export async function store(stores: Stores, world: World, progress: Progress): Promise<void> {
  const images = [...world.images]
  for (let i = 0; i < images.length; i += PUTS) {
    progress(`Images: ${i} of ${images.length}`)
    await Promise.all(
      images.slice(i, i + PUTS).map(([hash, bytes]) =>
        // As src/images/store.ts does.
        stores.MEDIA.put(hash, bytes, { sha256: hash, httpMetadata: { contentType: 'image/png' } }),
      ),
    )
  }

  const insert: Insert = (table, columns, rows) => insertRows(stores, progress, table, columns, rows)
  await insert(
    'users',
    // biome-ignore format: columns and values, side by side
    ['id', 'username', 'username_key', 'search_key', 'email', 'email_key', 'first_name', 'last_name', 'password_hash', 'created_at',
      'profile_name', 'profile_content', 'profile_updated_at'],
    world.users.map((user) => {
      const email = `${user.username}@example.com`
      // biome-ignore format: see above
      return [user.id, user.username, user.username, user.username, email, email, user.firstName, user.lastName, user.passwordHash, user.createdAt,
        `${user.firstName} ${user.lastName}`, user.bio, user.createdAt]
    }),
  )
  // Profile images are set afterwards, because references are only counted when an image changes, and nobody signs up with one.
  const profileImages = JSON.stringify(world.users.map(({ id, image }) => [id, image]))
  await stores.DB.batch([
    stores.DB.prepare(
      `update users set image = j.image from (select value ->> 0 as user, value ->> 1 as image from json_each(?)) j
        where users.id = j.user and j.image is not null`,
    ).bind(profileImages),
  ])
  await insert(
    'posts',
    // biome-ignore format: see above
    ['id', 'owner_id', 'title', 'title_key', 'content', 'image', 'image_filter', 'created_at', 'updated_at'],
    // biome-ignore format: see above
    world.posts.map((post) => [post.id, post.ownerId, post.title, post.title.toLowerCase(), post.content, post.image, post.filter,
      post.createdAt, post.createdAt]),
  )
  await insert(
    'followers',
    ['id', 'owner_id', 'followed_id', 'created_at'],
    world.followers.map(({ id, ownerId, followedId, createdAt }) => [id, ownerId, followedId, createdAt]),
  )
  await insert(
    'likes',
    ['id', 'owner_id', 'post_id', 'created_at'],
    world.likes.map(({ id, ownerId, postId, createdAt }) => [id, ownerId, postId, createdAt]),
  )
  await insert(
    'comments',
    ['id', 'owner_id', 'post_id', 'content', 'created_at', 'updated_at'],
    // biome-ignore format: see above
    world.comments.map(({ id, ownerId, postId, content, createdAt }) => [id, ownerId, postId, content, createdAt, createdAt]),
  )
  await insertTalk(world, insert)
}

type Insert = (table: string, columns: string[], rows: unknown[][]) => Promise<void>

/** Writes what conversation objects write (src/messaging/plan.ts): a log entry for each message. */
async function insertTalk({ conversations, messages }: World, insert: Insert): Promise<void> {
  const threads = Map.groupBy(messages, ({ conversationId }) => conversationId)
  await insert(
    'conversations',
    // biome-ignore format: see above
    ['id', 'user_a', 'user_b', 'seq', 'last_message_id', 'messages_count', 'read_a', 'read_b', 'unread_a', 'unread_b'],
    conversations.map(({ id, userA, userB, readA, readB }) => {
      const thread = threads.get(id) ?? []
      const unread = (reader: number, read: number) =>
        thread.filter(({ senderId, seq }) => senderId !== reader && seq > read).length
      const newest = thread.at(-1)?.id ?? null
      // biome-ignore format: see above
      return [id, userA, userB, thread.length, newest, thread.length, readA, readB, unread(userA, readA), unread(userB, readB)]
    }),
  )
  await insert(
    'messages',
    ['id', 'conversation_id', 'sender_id', 'content', 'created_at', 'seq', 'changed_seq'],
    messages.map((m) => [m.id, m.conversationId, m.senderId, m.content, m.createdAt, m.seq, m.seq]),
  )
  await insert(
    'changes',
    ['conversation_id', 'seq', 'kind', 'user_id', 'message_id'],
    messages.map((m) => [m.conversationId, m.seq, 'message', m.senderId, m.id]),
  )
}

async function insertRows(
  { DB }: Stores,
  progress: Progress,
  table: string,
  columns: string[],
  rows: unknown[][],
): Promise<void> {
  const values = columns.map((_, i) => `value ->> ${i}`)
  const statement = DB.prepare(
    `insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from json_each(?)`,
  )
  for (let i = 0; i < rows.length; i += ROWS) {
    progress(`${table}: ${i} of ${rows.length}`)
    await DB.batch([statement.bind(JSON.stringify(rows.slice(i, i + ROWS)))])
  }
}
