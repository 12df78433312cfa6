/** What the API is, as its own code has it: paths, inputs and answers come from the type of the app. */
import type { ExtractSchema } from 'hono/types'
import type { routes } from '../src/app'

type Schema = ExtractSchema<typeof routes>

export type Path = keyof Schema & string
export type Method<P extends Path> = keyof Schema[P] & `$${string}`

type Endpoint<P extends Path, M extends Method<P>> = Schema[P][M]

/** What a call takes: `param`, `query` and `json` (files in it make it a form). */
export type Input<P extends Path, M extends Method<P>> = Endpoint<P, M> extends { input: infer I } ? I : never

/** What a call that succeeds gives: a refusal by a validator is not among it. */
export type Output<P extends Path, M extends Method<P>> =
  Endpoint<P, M> extends { output: infer O } ? Exclude<O, { success: false }> : never

export type Body<P extends Path, M extends Method<P>> = Input<P, M> extends { json: infer J } ? J : never
export type Query<P extends Path, M extends Method<P>> = Input<P, M> extends { query: infer Q } ? Q : never
export type Item<P extends Path> = Output<P, Method<P> & '$get'> extends { results: (infer T)[] } ? T : never

/** Query parameters as a caller writes them. */
export type Parameters<P extends Path> = {
  [Name in keyof Query<P, Method<P> & '$get'>]?: string | number | undefined
}

export type User = Output<'/dj-rest-auth/user', '$get'>
export type Post = Item<'/posts'>
export type Profile = Item<'/profiles'>
export type Comment = Item<'/comments'>
export type Like = Item<'/likes'>
export type Follower = Item<'/followers'>
export type Message = Item<'/messages/:id{[0-9]+}'>
export type Conversation = Output<'/messages', '$get'>[number]
