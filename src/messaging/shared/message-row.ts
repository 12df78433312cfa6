/** Reads messages. Lists, single messages, frames and remembered answers all use the same columns. */
import { type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { fixed, jsonObject, type RowOf, selectList } from '../../db/columns'
import { conversations, messages, users } from '../../db/schema'
import { isShown } from '../../db/visibility'

export const m = alias(messages, 'm')
export const c = alias(conversations, 'c')
const userA = alias(users, 'user_a')
const userB = alias(users, 'user_b')
/** The newest message of the conversation. */
const newest = alias(messages, 'newest')

/** Whether `messages m` has not been cleared from its `conversations c`. */
export const isLeft = sql`${m.id} > ${c.clearedTo}`

/** Of a deleted account only its messages are shown, so no profile image. */
const imageA = sql`iif(${isShown(userA.id)}, ${userA.image}, null)`
const imageB = sql`iif(${isShown(userB.id)}, ${userB.image}, null)`

/** A message, with what its view shows of the two users and of the conversation. */
export const MESSAGE = selectList({
  id: m.id,
  senderId: m.senderId,
  recipientId: sql<number>`${c.userA} + ${c.userB} - ${m.senderId}`,
  content: m.content,
  image: m.image,
  imageWidth: m.imageWidth,
  imageHeight: m.imageHeight,
  imageThumbhash: m.imageThumbhash,
  createdAt: m.createdAt,
  editedAt: m.editedAt,
  seq: m.seq,
  /** 1 if the recipient has read it. */
  isRead: sql<number>`${m.seq} <= case ${m.senderId} when ${c.userA} then ${c.readB} else ${c.readA} end`,
  senderImage: sql<string | null>`case ${m.senderId} when ${c.userA} then ${imageA} else ${imageB} end`,
  recipientImage: sql<string | null>`case ${m.senderId} when ${c.userA} then ${imageB} else ${imageA} end`,
  lastContent: newest.content,
  lastAt: newest.createdAt,
})
export type MessageRow = RowOf<typeof MESSAGE>

/** The joins that `MESSAGE` needs besides `messages m` and `conversations c`. */
const people = sql`cross join users user_a on ${userA.id} = ${c.userA} cross join users user_b on ${userB.id} = ${c.userB}
  cross join messages newest on ${newest.id} = ${c.lastMessageId}`

/** For one message. Reads 5 rows. */
export const fromMessage: SQL = fixed(
  sql`from messages m cross join conversations c on ${c.id} = ${m.conversationId} and ${isLeft} ${people}`,
)

/** For a conversation's messages. Reads 4 rows, and one for each message. */
export const fromConversation: SQL = fixed(
  sql`from conversations c ${people} cross join messages m on ${m.conversationId} = ${c.id} and ${isLeft}`,
)

const messageAsJson = fixed(sql`${jsonObject(MESSAGE.columns)} from messages m ${people}`)

/** One message as JSON, in a statement that reads `conversations c`. Null if there is none. Reads 4 rows. */
export const messageJson = (where: SQL): SQL<string | null> =>
  sql<string | null>`(select ${messageAsJson} where ${isLeft} and ${where})`

/** Parses the result of `messageJson`, or the answer stored under a message's key. */
export const parseMessage = (json: string): MessageRow => JSON.parse(json)

/** The columns that hold a new message's text. Two, because it is also the conversation's newest message. */
export const givenText = (content: string) => ({ content, lastContent: content })
