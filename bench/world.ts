/** Who and what the measured requests are about, and the tokens that they come with. */
import { createHash, createHmac } from 'node:crypto'
import { SECRET } from './server.ts'

/** The one who asks. */
export const VIEWER = 137
export const PASSWORD = 'Quiet-harbour-27'
/** Whom they write to: larger, so that both are the same side of each conversation. */
export const FRIENDS = Array.from({ length: 20 }, (_, i) => 144 + i)
export const PARTNERS = [...Array.from({ length: 20 }, (_, i) => i + 1), ...FRIENDS]
/** Messages of a conversation. */
export const THREAD = 100
/** Whom they follow and leave again, one for each connection. */
export const STRANGERS = Array.from({ length: 16 }, (_, i) => 180 + i)
/** What they like and let go again. */
export const LIKABLE = Array.from({ length: 16 }, (_, i) => 421 + i)
/** Has three pages of comments. */
export const COMMENTED_POST = 7
/** Gets new comments. */
export const DISCUSSED_POST = 900
/** In some titles, and in 30 whatever the number of posts. */
export const WORDS = { common: 'harbour', rare: 'kittiwake' }

const REFRESH_JTI = 'f0e1d2c3b4a5968778695a4b3c2d1e0f'
export const REFRESH_HASH = createHash('sha256').update(REFRESH_JTI).digest('hex')

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token as the API issues them. */
function token(type: 'access' | 'refresh', userId: number, jti: string): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = { token_type: type, exp: now + 86_400, iat: now, jti, user_id: userId }
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}

/** Only the viewer's has a session; a token made elsewhere names none. */
export const accessOf = (userId: number) =>
  token('access', userId, userId === VIEWER ? `${REFRESH_HASH.slice(0, 16)}.bench` : 'bench')
export const refreshOfViewer = () => token('refresh', VIEWER, REFRESH_JTI)
