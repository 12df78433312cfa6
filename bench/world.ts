/** The users and posts of the measured requests, and the tokens that the requests carry. */
import { createHash, createHmac } from 'node:crypto'
import { SECRET } from './server.ts'

/** The user who sends the requests. */
export const VIEWER = 137
export const PASSWORD = 'Quiet-harbour-27'
/** The users whom the viewer writes to. Their ids are larger, so the viewer is on the same side of each conversation. */
export const FRIENDS = Array.from({ length: 20 }, (_, i) => 144 + i)
export const PARTNERS = [...Array.from({ length: 20 }, (_, i) => i + 1), ...FRIENDS]
/** Messages in a conversation. */
export const THREAD = 100
/** Users whom the viewer follows and unfollows, one for each connection. */
export const STRANGERS = Array.from({ length: 16 }, (_, i) => 180 + i)
/** Posts that the viewer likes and unlikes. */
export const LIKABLE = Array.from({ length: 16 }, (_, i) => 421 + i)
/** A post with three pages of comments. */
export const COMMENTED_POST = 7
/** The post that gets new comments. */
export const DISCUSSED_POST = 900
/** A word in some titles, and one in 30 titles whatever the number of posts. */
export const WORDS = { common: 'harbour', rare: 'kittiwake' }

const REFRESH_JTI = 'f0e1d2c3b4a5968778695a4b3c2d1e0f'
export const REFRESH_HASH = createHash('sha256').update(REFRESH_JTI).digest('hex')

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token as the API issues it. */
function token(type: 'access' | 'refresh', userId: number, jti: string): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = { token_type: type, exp: now + 86_400, iat: now, jti, user_id: userId }
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
}

/** Only the viewer's token has a session; a token made elsewhere names none. */
export const accessOf = (userId: number) =>
  token('access', userId, userId === VIEWER ? `${REFRESH_HASH.slice(0, 16)}.bench` : 'bench')
export const refreshOfViewer = () => token('refresh', VIEWER, REFRESH_JTI)
