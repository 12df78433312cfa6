/**
 * How a session is referred to outside of its table: by the first characters of its key. They are enough to find the row, and too few to be
 * a credential, so they may stand in access tokens.
 */
import { type SQL, sql } from 'drizzle-orm'
import { sessions } from './schema'

/** In hexadecimal digits: 64 bits. */
export const SESSION_NAME_LENGTH = 16

const NAME_IN_JTI = new RegExp(`^([0-9a-f]{${SESSION_NAME_LENGTH}})\\.`)

/** The name of the session whose refresh token's `jti` has this hash. */
export const sessionName = (jtiHash: string): string => jtiHash.slice(0, SESSION_NAME_LENGTH)

/** The name of the session that an access token's `jti` begins with; undefined for a token that was made elsewhere. */
export const sessionOf = (jti: string): string | undefined => NAME_IN_JTI.exec(jti)?.[1]

/** The condition for a row of `sessions`, as a range of the primary key: `g` sorts right after the last hexadecimal digit. */
export const sessionNamed = (name: string | SQL): SQL =>
  sql`(${sessions.jtiHash} >= ${name} and ${sessions.jtiHash} < ${name} || 'g')`
