/**
 * Every number that is kept where it is read, and how it would be counted: what `recount` compares and repairs.
 * Triggers keep them (migrations/), those of conversations their object (src/messaging/changes.ts): a difference is a fault of
 * these, or of hand-written SQL.
 */

export interface Count {
  /** `table.column` */
  name: string
  /** Selects `(key, kept, truth)` where the two differ; null stands for a row that is not there. */
  differences: string
  /** Statements that make the one the other, whatever happens meanwhile. */
  repair: string[]
}

/** NEVER of src/db/schema.ts. */
const NEVER = 9_007_199_254_740_991

/** A column of each row of a table; `truth` is an expression over that row, `t`. */
function column(table: string, name: string, truth: string): Count {
  return {
    name: `${table}.${name}`,
    differences: `select id as key, ${name} as kept, ${truth} as truth from ${table} t where ${name} is not ${truth}`,
    repair: [`update ${table} as t set ${name} = ${truth} where ${name} is not ${truth}`],
  }
}

const count = (table: string, column: string) => `(select count(*) from ${table} where ${column} = t.id)`
const newest = (table: string, column: string) =>
  `coalesce((select max(id) from ${table} where ${column} = t.id), ${NEVER})`

/** Messages of the other person that one of the two, `a` or `b`, has not read. */
const unread = (side: string) =>
  `(select count(*) from messages where conversation_id = t.id and sender_id <> t.user_${side} and seq > t.read_${side})`

/** How many rows a table has lost: the ids that it gave out less the rows that it has (src/db/ids.ts). */
function deletions(table: string): Count {
  const kept = (column: string) => `(select ${column} from tallies where name = '${table}')`
  const truth = `(select max(coalesce(max(id), 0), coalesce(${kept('last_id')}, 0)) - count(*) from ${table})`
  return {
    name: `tallies.${table}`,
    differences: `select '${table}' as key, ${kept('deleted')} as kept, ${truth} as truth where kept is not truth`,
    repair: [
      `insert into tallies (name, deleted) select '${table}', ${truth} where true
        on conflict (name) do update set deleted = excluded.deleted`,
    ],
  }
}

/** Every column that holds a picture's hash. */
const PICTURES = [
  ['posts', 'image'],
  ['users', 'image'],
  ['messages', 'image'],
]
const shown = PICTURES.map(([table, column]) => `select ${column} as hash from ${table}`).join(' union all ')
const references = `select hash, count(*) as refs from (${shown}) where hash is not null group by hash`

/** A row of `images` without references only waits for its deletion. */
const pictures: Count = {
  name: 'images.refs',
  differences: `with t as materialized (${references})
    select hash as key, i.refs as kept, coalesce(t.refs, 0) as truth from images i left join t using (hash)
      where i.refs <> coalesce(t.refs, 0)
    union all select hash, null, refs from t where hash not in (select hash from images)`,
  repair: [
    `update images set refs = 0 where refs <> 0 and hash not in (select hash from (${references}))`,
    `insert into images (hash, refs) select hash, refs from (${references}) where true
      on conflict (hash) do update set refs = excluded.refs where refs <> excluded.refs`,
  ],
}

/** One entry of the search index for each post. */
const search: Count = {
  name: 'post_search',
  differences: `select id as key, null as kept, 1 as truth from posts where id not in (select rowid from post_search)
    union all select rowid, 1, null from post_search where rowid not in (select id from posts)`,
  repair: [
    'delete from post_search where rowid not in (select id from posts)',
    `insert into post_search (rowid, title, owner)
      select p.id, p.title_key, u.username_key from posts p join users u on u.id = p.owner_id
      where p.id not in (select rowid from post_search)`,
  ],
}

export const COUNTS: Count[] = [
  column('users', 'posts_count', count('posts', 'owner_id')),
  column('users', 'likes_given_count', count('likes', 'owner_id')),
  column('users', 'followers_count', count('followers', 'followed_id')),
  column('users', 'following_count', count('followers', 'owner_id')),
  column('users', 'last_following_id', newest('followers', 'owner_id')),
  column('users', 'last_followed_id', newest('followers', 'followed_id')),
  column(
    'users',
    'newest_pictures',
    `(select json_group_array(image) from
      (select image from posts where owner_id = t.id order by id desc limit 6))`,
  ),
  column('posts', 'likes_count', count('likes', 'post_id')),
  column('posts', 'comments_count', count('comments', 'post_id')),
  column('posts', 'last_like_id', newest('likes', 'post_id')),
  column('conversations', 'messages_count', count('messages', 'conversation_id')),
  column('conversations', 'last_message_id', '(select max(id) from messages where conversation_id = t.id)'),
  column('conversations', 'unread_a', unread('a')),
  column('conversations', 'unread_b', unread('b')),
  ...['users', 'posts', 'comments', 'likes', 'followers', 'conversations', 'messages'].map(deletions),
  pictures,
  search,
]
