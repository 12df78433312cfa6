/**
 * What must not compile. `npm run check:types` reads this file; nothing runs it. A line below `@ts-expect-error` that does compile is an error.
 */

import { sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { requireUser } from '../src/auth/credentials'
import type { Db } from '../src/db/client'
import { type RowOf, selectList } from '../src/db/columns'
import { type Creation, createRow } from '../src/db/create'
import { type LeasedImage, markUnreferencedStatement } from '../src/db/image-leases'
import { posts } from '../src/db/schema'
import { build, selectStatement, statement } from '../src/db/statements'
import type { AppEnv, UserContext } from '../src/http/env'
import { Hono } from '../src/http/hono'
import { createOnce } from '../src/http/idempotency'
import { deleteOwn } from '../src/http/ownership'
import { idParam, inPath } from '../src/http/params'
import { OWN_LIKE } from '../src/likes/queries'

declare const db: Db
declare const creation: Creation
declare const c: UserContext
declare const lease: LeasedImage
const p = alias(posts, 'p')
const from = sql`from posts p`

/** Rows have what their columns give. */
export async function rows() {
  const SHORT = selectList({ id: p.id, title: p.title, image: p.image, double: sql<number>`p.id * 2` })
  const [[row]] = await db.batch([selectStatement(SHORT, from)])
  // @ts-expect-error a field that nothing selects
  row?.content
  // @ts-expect-error an image may be missing
  const image: string | undefined = row?.image
  // @ts-expect-error a column that the table does not have
  selectList({ id: p.id, nowhere: p.nowhere })
  // @ts-expect-error a row type that declares more than its columns
  const declared: { id: number; content: string } = {} as RowOf<typeof SHORT>
  const [[unknown]] = await db.batch([selectStatement({ double: sql`p.id * 2` }, from)])
  // @ts-expect-error what is computed has no type until it is given one
  const double: number = unknown?.double
  return { image, declared, double }
}

/** A statement is not a query. */
export async function statements() {
  // @ts-expect-error it has no rows before it is sent
  const [first] = await markUnreferencedStatement()
  // @ts-expect-error a query of the builder goes into `statement` first
  await db.batch([build.select({ id: posts.id }).from(posts)])
  return first
}

/** What comes with a request is dealt with in the batch that makes the row. */
export function creating() {
  // @ts-expect-error a row that was made without its key: only `createRow` makes a `Created` row
  createOnce(c, { limit: 'posts' }, async () => ({ id: 1 }))
  // @ts-expect-error the hash of an image without its lease
  build.update(posts).set({ image: 'a hash' })
  // @ts-expect-error a lease is not a hash: it is given back in the batch that uses it
  build.update(posts).set({ image: lease })
  return createRow(db, creation, {
    columns: selectList({ id: p.id }),
    insert: (image) =>
      statement(
        build
          .insert(posts)
          .values({ ownerId: 1, title: '', titleKey: '', image, createdAt: 0, updatedAt: 0 }),
      ),
    from,
  })
}

/** Whoever deletes is signed in, and the id was checked. */
export const deleting = new Hono<AppEnv>()
  // @ts-expect-error nobody is known to be signed in
  .delete('/:id', inPath(idParam), async (context) => context.json(await deleteOwn(context, OWN_LIKE)))
  // @ts-expect-error no id was checked
  .delete('/:id', requireUser, async (context) => context.json(await deleteOwn(context, OWN_LIKE)))
