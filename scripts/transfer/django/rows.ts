/** The rows made from a staged dump: each table's query, with its columns in the database. */
import type { DatabaseSync } from 'node:sqlite'
import type { Table } from '../tables'

/**
 * Creates conversations and orders their messages by id, as the original has no conversations. Each person has read everything before the first
 * message not marked as read. Returns how many messages marked as read come after one that is not.
 */
export function makeConversations(db: DatabaseSync): number {
  db.exec(`
    create table conversations as
      select row_number() over (order by min(id)) as id, min(sender, recipient) as user_a, max(sender, recipient) as user_b, count(*) as seq
        from messages group by user_a, user_b;
    create unique index conversations_pair on conversations (user_a, user_b);
    create unique index conversations_id on conversations (id);
    create table threads as
      select m.id as message_id, c.id as conversation_id, m.sender, m.read,
          row_number() over (partition by c.id order by m.id) as seq
        from messages m join conversations c on c.user_a = min(m.sender, m.recipient) and c.user_b = max(m.sender, m.recipient);
    create unique index threads_seq on threads (conversation_id, seq);
    create unique index threads_message on threads (message_id);
    create index threads_unread on threads (conversation_id, sender, seq) where read = 0;
    alter table conversations add column read_a;
    alter table conversations add column read_b;
    update conversations set read_a = ${readUpTo('user_b')}, read_b = ${readUpTo('user_a')};
    drop index threads_unread`)
  const { n } =
    db
      .prepare(
        `select count(*) as n from threads t join conversations c on c.id = t.conversation_id
          where t.read = 1 and t.seq > iif(t.sender = c.user_a, c.read_b, c.read_a)`,
      )
      .get() ?? {}
  return Number(n)
}

const readUpTo = (sender: string) =>
  `coalesce((select min(t.seq) - 1 from threads t where t.conversation_id = conversations.id and t.sender = conversations.${sender} and t.read = 0), seq)`

export interface Source extends Pick<Table, 'columns' | 'key'> {
  table: string
  /** Selects these columns. */
  query: string
  /** Which of them are ids, and of which table. Ids are shifted if the target has rows already. */
  ids: readonly { column: string; of: string }[]
}

const picture = (column: string) => `(select p.stored from pictures p where p.name = ${column})`

/** Columns that hold ids, by name. */
const IDS: Readonly<Record<string, string>> = {
  owner_id: 'users',
  followed_id: 'users',
  sender_id: 'users',
  user_id: 'users',
  user_a: 'users',
  user_b: 'users',
  post_id: 'posts',
  conversation_id: 'conversations',
  message_id: 'messages',
}

/** In an order in which each table comes after those that it refers to. */
export const SOURCES: readonly Source[] = [
  source(
    'users',
    {
      // biome-ignore format: columns and where they come from
      id: 'u.id',
      username: 'u.username',
      username_key: 'u.username_key',
      search_key: 'u.search_key',
      email: 'u.email',
      email_key: 'u.email_key',
      first_name: 'u.first_name',
      last_name: 'u.last_name',
      password_hash: 'u.password',
      is_active: 'u.is_active',
      created_at: 'u.date_joined',
      profile_name: "coalesce(p.name, '')",
      profile_content: "coalesce(p.content, '')",
      image: picture('p.image'),
      profile_updated_at: 'coalesce(p.updated_at, u.date_joined)',
    },
    'users u left join profiles p on p.owner = +u.id',
  ),
  source('posts', {
    // biome-ignore format: see above
    id: 'id',
    owner_id: 'owner',
    title: 'title',
    title_key: 'title_key',
    content: 'content',
    image: picture('image'),
    image_filter: 'image_filter',
    created_at: 'created_at',
    updated_at: 'updated_at',
  }),
  source('comments', {
    // biome-ignore format: see above
    id: 'id',
    post_id: 'post',
    owner_id: 'owner',
    content: 'content',
    created_at: 'created_at',
    updated_at: 'updated_at',
  }),
  source('likes', { id: 'id', owner_id: 'owner', post_id: 'post', created_at: 'created_at' }),
  source('followers', { id: 'id', owner_id: 'owner', followed_id: 'followed', created_at: 'created_at' }),
  source('conversations', {
    // biome-ignore format: see above
    id: 'id',
    user_a: 'user_a',
    user_b: 'user_b',
    seq: 'seq',
    read_a: 'read_a',
    read_b: 'read_b',
  }),
  source(
    'messages',
    {
      // biome-ignore format: see above
      id: 'm.id',
      conversation_id: 't.conversation_id',
      sender_id: 'm.sender',
      content: 'm.content',
      image: picture('m.image'),
      created_at: 'm.timestamp',
      seq: 't.seq',
      changed_seq: 't.seq',
    },
    'messages m join threads t on t.message_id = m.id',
  ),
  source(
    'changes',
    {
      // biome-ignore format: see above
      conversation_id: 'conversation_id',
      seq: 'seq',
      kind: "'message'",
      user_id: 'sender',
      message_id: 'message_id',
    },
    'threads',
  ),
]

function source(table: string, columns: Record<string, string>, from = table): Source {
  const selected = Object.entries(columns).map(([name, sql]) => `${sql} as ${name}`)
  const names = Object.keys(columns)
  const ids = names.flatMap((column) => {
    const of = column === 'id' ? table : IDS[column]
    return of === undefined ? [] : [{ column, of }]
  })
  const key = names.includes('id') ? ['id'] : ['conversation_id', 'seq']
  return { table, columns: names, key, ids, query: `(select ${selected.join(', ')} from ${from})` }
}
