import { ownerToken } from '../owner-token'
import { posts, users } from '../schema'
import { nameOf, tableOf } from './triggers'
import type { Kept } from './value'

/**
 * A full-text index that finds any substring; its rowid is that of the indexed row. Contentless: it stores only the index, so updates need values
 * for all columns or none.
 */
const indexOf = (name: string, columns: string) =>
  `CREATE VIRTUAL TABLE \`${name}\` USING fts5(${columns}, content='', contentless_delete=1, tokenize='trigram case_sensitive 1')`

/** Rows missing from the index, and surplus ones. */
const differences = (index: string, table: string) =>
  `select id as key, null as kept, 1 as truth from ${table} where id not in (select rowid from ${index})
    union all select rowid, 1, null from ${index} where rowid not in (select id from ${table})`

/**
 * Each post's title, and a token for its owner: a post's owner never changes, so renaming a user updates none of
 * them.
 */
export function postSearch(): Kept {
  const [table, title, owner] = [tableOf(posts.id), nameOf(posts.titleKey), nameOf(posts.ownerId)]
  const values = (row: string) => `${row}.${title}, ${ownerToken(`${row}.${owner}`)}`
  return {
    table: { name: 'post_search', sql: indexOf('post_search', 'title, owner') },
    values: [
      {
        name: 'post_search',
        differences: differences('post_search', table),
        repair: [
          `delete from post_search where rowid not in (select id from ${table})`,
          `insert into post_search (rowid, title, owner)
  select p.id, ${values('p')} from ${table} p where p.id not in (select rowid from post_search)`,
        ],
      },
    ],
    effects: [
      {
        table,
        on: 'insert',
        statements: [`INSERT INTO \`post_search\` (rowid, title, owner) VALUES (NEW.id, ${values('NEW')})`],
      },
      { table, on: 'delete', statements: ['DELETE FROM `post_search` WHERE rowid = OLD.id'] },
      {
        table,
        on: 'update',
        where: posts.titleKey,
        statements: [
          `UPDATE \`post_search\` SET title = NEW.${title}, owner = ${ownerToken(`NEW.${owner}`)} WHERE rowid = NEW.id`,
        ],
      },
    ],
  }
}

/** Each user's name. */
export function userSearch(): Kept {
  const [table, name] = [tableOf(users.id), nameOf(users.searchKey)]
  return {
    table: { name: 'user_search', sql: indexOf('user_search', 'name') },
    values: [
      {
        name: 'user_search',
        differences: differences('user_search', table),
        repair: [
          `delete from user_search where rowid not in (select id from ${table})`,
          `insert into user_search (rowid, name)
  select id, ${name} from ${table} where id not in (select rowid from user_search)`,
        ],
      },
    ],
    effects: [
      {
        table,
        on: 'insert',
        statements: [`INSERT INTO \`user_search\` (rowid, name) VALUES (NEW.id, NEW.${name})`],
      },
      { table, on: 'delete', statements: ['DELETE FROM `user_search` WHERE rowid = OLD.id'] },
      {
        table,
        on: 'update',
        where: users.searchKey,
        statements: [`UPDATE \`user_search\` SET name = NEW.${name} WHERE rowid = NEW.id`],
      },
    ],
  }
}
