/** A backup's lines, as `docs/backup.schema.json` describes them: a header, then for each table what its columns are and its rows, the images, and an end. */
import type { Row } from './database'
import type { Digest } from './hash'

export const FORMAT = 'edge-social-api backup 1'

export interface Header {
  format: typeof FORMAT
  /** The last migration of the database that it is of. */
  migration: string
  /** ISO 8601. */
  created: string
  /** Whether the files of images are in it too. */
  images: boolean
}

export interface TableLine {
  table: string
  columns: string[]
}

export interface ImageLine {
  /** Its key in the bucket. */
  image: string
  type: string
  base64: string
}

export interface EndLine {
  end: {
    tables: Record<string, Digest>
    images: number
    /** Nobody wrote while it was made: all of it is of one moment. */
    consistent: boolean
  }
}

export type Line = Row | Header | TableLine | ImageLine | EndLine

/** Rows begin with a bracket, all other lines with a brace. */
export const isRow = (line: string): boolean => line.startsWith('[')
