/** Messages as they are read: one set of columns for lists, single messages, frames and remembered answers. */
import { type SQL, sql } from 'drizzle-orm'
import { type Columns, fixed, jsonObject, selectList } from '../db/columns'

/** Two people: what names a conversation. */
export interface Pair {
  /** The smaller id. */
  a: number
  b: number
}

export const pairOf = (one: number, other: number): Pair => ({
  a: Math.min(one, other),
  b: Math.max(one, other),
})

/** A message with what its view shows of the two people and of the conversation. */
export interface MessageRow {
  id: number
  senderId: number
  recipientId: number
  content: string
  image: string | null
  createdAt: number
  editedAt: number | null
  seq: number
  /** 1 if the recipient has read it. */
  isRead: number
  senderImage: string | null
  recipientImage: string | null
  lastContent: string
  lastAt: number
}

/** Of `messages m`, `conversations c`, its `users a` and `users b`, and its newest message `messages l`. */
export const messageColumns: Columns = {
  id: sql`m.id`,
  senderId: sql`m.sender_id`,
  recipientId: sql`c.user_a + c.user_b - m.sender_id`,
  content: sql`m.content`,
  image: sql`m.image`,
  createdAt: sql`m.created_at`,
  editedAt: sql`m.edited_at`,
  seq: sql`m.seq`,
  isRead: sql`m.seq <= case m.sender_id when c.user_a then c.read_b else c.read_a end`,
  senderImage: sql`case m.sender_id when c.user_a then a.image else b.image end`,
  recipientImage: sql`case m.sender_id when c.user_a then b.image else a.image end`,
  lastContent: sql`l.content`,
  lastAt: sql`l.created_at`,
}

/** `messageColumns` to select, and as JSON. */
export const selectedMessage = fixed(selectList(messageColumns))
export const messageJson = fixed(jsonObject(messageColumns))

const people = sql`cross join users a on a.id = c.user_a cross join users b on b.id = c.user_b
  cross join messages l on l.id = c.last_message_id`

/** From one message: reads 5 rows. */
export const fromMessage: SQL = fixed(
  sql`from messages m cross join conversations c on c.id = m.conversation_id ${people}`,
)

/** From a conversation to its messages: reads 4 rows and one for each message. */
export const fromConversation: SQL = fixed(
  sql`from conversations c ${people} cross join messages m on m.conversation_id = c.id`,
)

/** The conversation of a pair, in a table of this name. */
export const ofPair = ({ a, b }: Pair, table = 'c'): SQL =>
  sql`${sql.raw(table)}.user_a = ${a} and ${sql.raw(table)}.user_b = ${b}`
