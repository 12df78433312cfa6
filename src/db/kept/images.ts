import type { Column } from 'drizzle-orm'
import { type Effect, nameOf, tableOf } from './triggers'
import { columnValue, type Kept, type KeptValue } from './value'

/**
 * How many rows show each image, and how many of them are public. An image without rows is waiting for its deletion (`image-leases.ts`).
 */
export function imageReferences(columns: Column[], isPublic: (column: Column) => boolean): Kept {
  return {
    values: [references('refs', columns), references('public_refs', columns.filter(isPublic))],
    effects: columns.flatMap((column) =>
      referenceEffects(column, isPublic(column) ? ['refs', 'public_refs'] : ['refs']),
    ),
  }
}

function references(count: string, columns: Column[]): KeptValue {
  const shown = columns.map((column) => `select ${nameOf(column)} as hash from ${tableOf(column)}`)
  const truth = `select hash, count(*) as refs from (${shown.join(' union all ')})
    where hash is not null group by hash`
  return {
    name: `images.${count}`,
    differences: `with t as materialized (${truth})
  select hash as key, i.${count} as kept, coalesce(t.refs, 0) as truth from images i left join t using (hash)
    where i.${count} <> coalesce(t.refs, 0)
  union all select hash, null, refs from t where hash not in (select hash from images)`,
    repair: [
      `update images set ${count} = 0 where ${count} <> 0 and hash not in (select hash from (${truth}))`,
      `insert into images (hash, ${count}) select hash, refs from (${truth}) where true
  on conflict (hash) do update set ${count} = excluded.${count} where ${count} <> excluded.${count}`,
    ],
  }
}

function referenceEffects(column: Column, counts: string[]): Effect[] {
  const [table, name] = [tableOf(column), nameOf(column)]
  const each = (sign: string) => counts.map((count) => `${count} = ${count} ${sign} 1`).join(', ')
  const add = `INSERT INTO \`images\` (hash, ${counts.join(', ')}) SELECT NEW.${name}, ${counts.map(() => 1).join(', ')} WHERE NEW.${name} IS NOT NULL
    ON CONFLICT (hash) DO UPDATE SET ${each('+')}`
  const subtract = `UPDATE \`images\` SET ${each('-')} WHERE hash = OLD.${name}`
  return [
    { table, on: 'insert', where: column, statements: [add] },
    { table, on: 'delete', where: column, statements: [subtract] },
    { table, on: 'update', where: column, statements: [subtract, add] },
  ]
}

/** JSON: the images of the newest rows that reference a row, newest first, null for one without an image. */
export function newestImages({
  image,
  of,
  kept,
  limit,
  hidden,
}: {
  image: Column
  /** The referencing column. It must never change. */
  of: Column
  /** The column of the referenced row that stores them. */
  kept: Column
  limit: number
  /** A table with a row for each row that is left out: its columns for that row's id, and for the row which that references. */
  hidden: { row: Column; of: Column }
}): Kept {
  const [table, name, reference] = [tableOf(image), nameOf(image), nameOf(of)]
  const newest = (parentId: string) => `(SELECT json_group_array(${name}) FROM
    (SELECT ${name} FROM \`${table}\` WHERE ${reference} = ${parentId}
      AND NOT EXISTS (SELECT 1 FROM \`${tableOf(hidden.row)}\` h WHERE h.${nameOf(hidden.row)} = \`${table}\`.id)
      ORDER BY id DESC LIMIT ${limit}))`
  const updateOf = (parentId: string) => [
    `UPDATE \`${tableOf(kept)}\` SET ${nameOf(kept)} = ${newest(parentId)} WHERE id = ${parentId}`,
  ]
  const update = (row: 'NEW' | 'OLD') => updateOf(`${row}.${reference}`)
  const hiding = (row: 'NEW' | 'OLD') => updateOf(`${row}.${nameOf(hidden.of)}`)
  return {
    values: [columnValue(kept, newest('t.id'))],
    effects: [
      { table, on: 'insert', statements: update('NEW') },
      { table, on: 'delete', statements: update('OLD') },
      { table, on: 'update', where: image, statements: update('NEW') },
      { table: tableOf(hidden.row), on: 'insert', statements: hiding('NEW') },
      { table: tableOf(hidden.row), on: 'delete', statements: hiding('OLD') },
    ],
  }
}
