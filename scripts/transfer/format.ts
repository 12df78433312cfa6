/**
 * The lines of a backup, as described in `docs/backup.schema.json`: a header, then for each table its columns and its rows, the images, and an end.
 */
import type { Row } from './database'
import type { Digest } from './hash'

export const FORMAT = 'edge-social-api backup 1'

export interface Header {
  format: typeof FORMAT
  /** The last migration of the backed-up database. */
  migration: string
  /** ISO 8601. */
  created: string
  /** Whether it includes the image files. */
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
    /** Whether nobody wrote during the backup, so that all of it is of one moment. */
    consistent: boolean
  }
}

export type Line = Row | Header | TableLine | ImageLine | EndLine

/** Rows begin with a bracket, all other lines with a brace. */
export const isRow = (line: string): boolean => line.startsWith('[')
