/** The recording: one request and its answer a line, a subset of one session in its order. */
import recording from '../fixtures/cases.jsonl?raw'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

export interface Case {
  name: string
  request: {
    method: string
    path: string
    headers?: Record<string, string>
    /** Who is signed in, by cookie. */
    as?: string
    cookie?: string
    body?: { json: Json } | { form: JsonObject | string } | { multipart: JsonObject } | { raw: string }
  }
  status: number
  headers: { allow?: string; 'www-authenticate'?: string; 'set-cookie'?: string[] }
  body: Json
}

/** When a message of 366 days was sent: here that is the day of the run, as the clock is put forward instead. */
const YEAR_OLD = '"21 Nov 2025"'

export const CASES: readonly Case[] = recording
  .trim()
  .replaceAll(YEAR_OLD, '"<DD Mon YYYY>"')
  .split('\n')
  .map((line) => JSON.parse(line))

export const ORIGIN = 'https://api.test'
