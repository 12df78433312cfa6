/** Something of everything, by SQL, with the triggers in force. */
import { withSqlite } from './databases'

const HASH = 'a'.repeat(64)
const ODD = `Ünïcödé 👩‍👩‍👧 'quoted' "twice" \\ \u2028 ﷺ`

export function fill(path: string, people = 30): void {
  withSqlite(path, (db) => {
    const user = db.prepare(
      `insert into users (id, username, username_key, search_key, email, email_key, password_hash, created_at, profile_updated_at, profile_name)
        values (?, ?, ?, ?, ?, ?, '!', ?, ?, ?)`,
    )
    const post = db.prepare(
      `insert into posts (id, owner_id, title, title_key, content, image, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    db.exec('begin')
    for (let id = 1; id <= people; id++) {
      const name = `person-${id}`
      user.run(id, name, name, name, `${name}@example.com`, `${name}@example.com`, 1e12 + id, 1e12, ODD)
    }
    for (let id = 1; id <= people * 40; id++)
      post.run(
        id,
        (id % people) + 1,
        `Title ${id}`,
        `title ${id}`,
        ODD,
        id % 5 ? null : HASH,
        1e12 + id,
        1e12,
      )
    db.exec(`insert into likes (id, owner_id, post_id, created_at)
      select id, id % ${people} + 1, id, created_at from posts`)
    db.exec(`insert into comments (id, post_id, owner_id, content, created_at, updated_at)
      select id, id, owner_id, content, created_at, updated_at from posts where id <= 50`)
    db.exec(`insert into followers (id, owner_id, followed_id, created_at)
      select id, id, id % ${people} + 1, created_at from users`)
    db.exec(`insert into conversations (id, user_a, user_b, seq, last_message_id, messages_count, read_a, read_b, unread_b)
      values (1, 1, 2, 2, 2, 2, 2, 1, 1)`)
    db.exec(`insert into messages (id, conversation_id, sender_id, content, created_at, seq, changed_seq)
      values (1, 1, 1, 'Hello', 1, 1, 1), (2, 1, 1, '', 2, 2, 2)`)
    db.exec(`insert into changes (conversation_id, seq, kind, user_id, message_id)
      values (1, 1, 'message', 1, 1), (1, 2, 'message', 1, 2)`)
    db.exec('delete from posts where id in (7, 8)')
    db.exec(`insert into deleted_accounts (user_id, deleted_at) values (3, 5)`)
    db.exec(
      `update users set username = 'renamed', username_key = 'renamed', search_key = 'renamed' where id = 4`,
    )
    db.exec(
      `insert into sessions (jti_hash, user_id, created_at, last_used_at, expires_at) values ('x', 1, 1, 1, 1)`,
    )
    db.exec('commit')
  })
}
