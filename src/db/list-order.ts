/**
 * The order of a list: its name in cursors, ORDER BY, the condition for "behind this row", and the position of a row, which must agree.
 */
import { type Column, type SQL, sql } from 'drizzle-orm'
import type { PageRequest, Position } from './page'

/** One value that a list is sorted by. */
export interface SortKey<Row> {
  column: Column | SQL
  descending: boolean
  /** The value in a row. */
  of: (row: Row) => number | string
  /** Text is compared by code points. */
  isText?: boolean
}

export class ListOrder<Row> {
  /**
   * @param name The list and the order: a cursor that was made for another is refused.
   * @param keys From the first to the last, which no two rows share.
   */
  constructor(
    readonly name: string,
    readonly keys: readonly [SortKey<Row>, ...SortKey<Row>[]],
  ) {}

  /** How many values a position has. */
  get arity(): number {
    return this.keys.length
  }

  positionOf(row: Row): Position {
    return this.keys.map((key) => key.of(row))
  }

  /** Whether these are the values of a position: integers, and text where the key is text. */
  isPosition(values: readonly unknown[]): values is Position {
    return (
      values.length === this.arity &&
      values.every((value, i) =>
        this.keys[i]?.isText ? typeof value === 'string' : Number.isSafeInteger(value),
      )
    )
  }

  /** The order in which the rows of this page are read: from the end, or the position it is to end before, backwards. */
  towards({ isBackward }: Pick<PageRequest, 'isBackward'>): ListOrder<Row> {
    if (!isBackward) return this
    const [first, ...rest] = this.keys
    const reverse = (key: SortKey<Row>) => ({ ...key, descending: !key.descending })
    return new ListOrder(this.name, [reverse(first), ...rest.map(reverse)])
  }

  /** `order by …`. Other columns of the same values may stand for the keys' own, where an index gives those in order. */
  orderBy(columns: readonly (Column | SQL)[] = this.columns): SQL {
    const terms = this.keys.map(
      ({ descending }, i) => sql`${columns[i]} ${descending ? sql`desc` : sql`asc`}`,
    )
    return sql`order by ${sql.join(terms, sql`, `)}`
  }

  /** The condition for rows behind this position: beyond it in the first key in which they differ. */
  after(position: Position, columns: readonly (Column | SQL)[] = this.columns): SQL {
    const behind = (i: number): SQL => {
      // D1 binds numbers as floats, and the search index can begin only at an integer.
      const value = this.keys[i]?.isText ? sql`${position[i]}` : sql`cast(${position[i]} as integer)`
      const further = sql`${columns[i]} ${this.keys[i]?.descending ? sql`<` : sql`>`} ${value}`
      return i === this.arity - 1
        ? further
        : sql`(${further} or (${columns[i]} = ${value} and ${behind(i + 1)}))`
    }
    return behind(0)
  }

  private get columns(): readonly (Column | SQL)[] {
    return this.keys.map(({ column }) => column)
  }
}

/** The order of lists that show the newest first: larger ids are newer. */
export const newestFirst = <Row extends { id: number }>(list: string, id: Column) =>
  new ListOrder<Row>(`${list}:newest`, [{ column: id, descending: true, of: (row) => row.id }])

/** Oldest first, or in the order of ids where that is the same. */
export const oldestFirst = <Row extends { id: number }>(list: string, id: Column) =>
  new ListOrder<Row>(`${list}:oldest`, [{ column: id, descending: false, of: (row) => row.id }])

/** Rows that were read backwards, in the order of the list. */
export const inListOrder = <Row>(rows: Row[], { isBackward }: Pick<PageRequest, 'isBackward'>): Row[] =>
  isBackward ? rows.toReversed() : rows
