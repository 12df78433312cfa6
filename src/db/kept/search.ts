import { posts, users } from '../schema'
import { nameOf, tableOf } from './triggers'
import type { Kept } from './value'

/**
 * Title and owner's name of each post, folded, for search by any part of them; the rowid is the post's id. Contentless: it stores the index
 * only, hence takes new values for all its columns or none.
 */
export function searchIndex(): Kept {
  const [title, username, owner] = [nameOf(posts.titleKey), nameOf(users.usernameKey), nameOf(posts.ownerId)]
  const [postsTable, usersTable] = [tableOf(posts.id), tableOf(users.id)]
  return {
    table: {
      name: 'post_search',
      sql: `CREATE VIRTUAL TABLE \`post_search\` USING fts5(title, owner, content='', contentless_delete=1, tokenize='trigram case_sensitive 1')`,
    },
    values: [
      {
        name: 'post_search',
        differences: `select id as key, null as kept, 1 as truth from ${postsTable} where id not in (select rowid from post_search)
    union all select rowid, 1, null from post_search where rowid not in (select id from ${postsTable})`,
        repair: [
          `delete from post_search where rowid not in (select id from ${postsTable})`,
          `insert into post_search (rowid, title, owner)
  select p.id, p.${title}, u.${username} from ${postsTable} p join ${usersTable} u on u.id = p.${owner}
  where p.id not in (select rowid from post_search)`,
        ],
      },
    ],
    effects: [
      {
        table: postsTable,
        on: 'insert',
        statements: [
          `INSERT INTO \`post_search\` (rowid, title, owner)
    SELECT NEW.id, NEW.${title}, ${username} FROM \`${usersTable}\` WHERE id = NEW.${owner}`,
        ],
      },
      { table: postsTable, on: 'delete', statements: ['DELETE FROM `post_search` WHERE rowid = OLD.id'] },
      {
        table: postsTable,
        on: 'update',
        where: posts.titleKey,
        statements: [
          `UPDATE \`post_search\` SET title = NEW.${title}, owner = (SELECT ${username} FROM \`${usersTable}\` WHERE id = NEW.${owner})
    WHERE rowid = NEW.id`,
        ],
      },
      {
        table: usersTable,
        on: 'update',
        where: users.usernameKey,
        statements: [
          `UPDATE \`post_search\` SET title = (SELECT ${title} FROM \`${postsTable}\` WHERE id = post_search.rowid), owner = NEW.${username}
    WHERE rowid IN (SELECT id FROM \`${postsTable}\` WHERE ${owner} = NEW.id)`,
        ],
      },
    ],
  }
}
