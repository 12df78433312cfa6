/**
 * The changes of a conversation, in SQL.
 *
 * Each change is a list of statements of one transaction: it writes its entry of the log under the next `seq`, changes the messages,
 * and moves the conversation to that `seq`. A change that does not apply (somebody else's message, nothing left to read, a key that was
 * used) writes no entry, and so nothing. The object runs them one after the other; nobody else writes here.
 */
import { eq, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Db } from '../db/client'
import { isUnused, type Remembered, rememberRow, selectRemembered } from '../db/idempotency'
import { nextId } from '../db/ids'
import { messages } from '../db/schema'
import { type Marked, markUnreferenced, releaseClaim } from '../images/store'
import type { Change, Event, Outcome, Planned } from './changes'
import { fromMessage, type MessageRow, messageColumns, ofPair, type Pair, selectedMessage } from './rows'

type LogRow = Omit<Event, 'message'>

/** The statements of a change. A text message without a key writes 4 rows, with one 6. */
export function plan(db: Db, pair: Pair, change: Change, now: number): Planned {
  switch (change.type) {
    case 'send':
      return send(db, pair, change, now)
    case 'edit':
      return edit(db, change, now)
    case 'delete':
      return remove(db, change, now)
    case 'clear':
      return clear(db, pair, change, now)
    case 'read':
      return read(db, pair, change)
  }
}

/** The entry under the next `seq`, where `from` finds the conversation `c`. */
function log(
  db: Db,
  kind: Event['kind'],
  userId: number,
  from: SQL,
  columns: { messageId?: SQL; upTo?: SQL } = {},
) {
  const { messageId = sql`null`, upTo = sql`null` } = columns
  return db.rows<LogRow>(sql`insert into changes (conversation_id, seq, kind, user_id, message_id, up_to)
    select c.id, c.seq + 1, ${kind}, ${userId}, ${messageId}, ${upTo} ${from}
    returning seq, kind, user_id as "userId", message_id as "messageId", up_to as "upTo"`)
}

/** Reads a plan's answers by position; drizzle's types end where statements are put together at run time. */
const rowsAt = <Row>(results: unknown[][], index: number) => (results[index] ?? []) as Row[]

const nothing: Omit<Outcome, 'event'> = { message: undefined, remembered: undefined, unread: 0, marked: [] }

function send(db: Db, pair: Pair, change: Extract<Change, { type: 'send' }>, now: number): Planned {
  const { userId, content, image, key } = change
  const theirs = sql.raw(userId === pair.a ? 'b' : 'a')
  const unused = key ? sql`and ${isUnused(key)}` : sql``
  const newest = sql`changes.conversation_id = conversations.id and changes.seq = conversations.seq + 1`
  const statements: BatchItem<'sqlite'>[] = [
    log(db, 'message', userId, sql`from conversations c where ${ofPair(pair)} ${unused}`, {
      messageId: nextId('messages'),
    }),
    db.rows<never>(sql`insert into messages (id, conversation_id, sender_id, content, image, created_at, seq, changed_seq)
      select changes.message_id, changes.conversation_id, ${userId}, ${content}, ${image ?? null}, ${now}, changes.seq, changes.seq
      from conversations cross join changes on ${newest} where ${ofPair(pair, 'conversations')}`),
    db.rows<never>(sql`update conversations set seq = conversations.seq + 1, last_message_id = changes.message_id,
      messages_count = messages_count + 1, unread_${theirs} = unread_${theirs} + 1
      from changes where ${newest} and ${ofPair(pair, 'conversations')}`),
  ]
  const sent = sql`${fromMessage} where m.id = (select last_message_id from conversations c where ${ofPair(pair)})`
  if (key) statements.push(rememberRow(db, key, messageColumns, sql`${sent} ${unused}`, now))
  const shown = statements.push(
    key ? selectRemembered(db, key) : db.rows<MessageRow>(sql`select ${selectedMessage} ${sent}`),
  )
  if (image) statements.push(releaseClaim(db, image), markUnreferenced(db, now))
  return {
    statements,
    outcome(results) {
      const [entry] = rowsAt<LogRow>(results, 0)
      const [found] = rowsAt<MessageRow & Remembered>(results, shown - 1)
      const message: MessageRow | undefined = key && entry && found ? JSON.parse(found.answer) : found
      return {
        ...nothing,
        event: entry && message && { ...entry, message },
        message,
        remembered: key && found,
        marked: image ? rowsAt(results, statements.length - 1) : [],
      }
    },
  }
}

function edit(db: Db, change: Extract<Change, { type: 'edit' }>, now: number): Planned {
  const { userId, messageId, content, image } = change
  const newContent = content === undefined ? sql`messages.content` : sql`${content}`
  const newImage = image === undefined ? sql`messages.image` : sql`${image}`
  // A message keeps content or a picture, whatever another edit has done meanwhile.
  const mine = sql`messages.id = ${messageId} and messages.sender_id = ${userId}
    and (${newContent} <> '' or ${newImage} is not null)`
  const itsConversation = sql`c.id = messages.conversation_id`
  const statements: BatchItem<'sqlite'>[] = [
    log(
      db,
      'edited',
      userId,
      sql`from messages cross join conversations c on ${itsConversation} where ${mine}`,
      {
        messageId: sql`messages.id`,
      },
    ),
    db.rows<never>(sql`update conversations set seq = conversations.seq + 1
      where id = (select messages.conversation_id from messages where ${mine})`),
    db.rows<never>(sql`update messages set content = ${newContent}, image = ${newImage}, edited_at = ${now},
      changed_seq = (select c.seq from conversations c where ${itsConversation}) where ${mine}`),
    db.rows<MessageRow>(sql`select ${selectedMessage} ${fromMessage} where m.id = ${messageId}`),
  ]
  if (image) statements.push(releaseClaim(db, image))
  statements.push(markUnreferenced(db, now))
  return {
    statements,
    outcome(results) {
      const [entry] = rowsAt<LogRow>(results, 0)
      const [message] = rowsAt<MessageRow>(results, 3)
      const marked = rowsAt<Marked[number]>(results, statements.length - 1)
      return { ...nothing, event: entry && message && { ...entry, message }, message, marked }
    },
  }
}

function remove(db: Db, { userId, messageId }: Extract<Change, { type: 'delete' }>, now: number): Planned {
  const mine = sql`messages.id = ${messageId} and messages.sender_id = ${userId}`
  const unreadBy = (side: SQL) => sql`unread_${side} = unread_${side} -
    (messages.sender_id <> conversations.user_${side} and messages.seq > conversations.read_${side})`
  const statements: BatchItem<'sqlite'>[] = [
    log(
      db,
      'deleted',
      userId,
      sql`from messages cross join conversations c on c.id = messages.conversation_id where ${mine}`,
      {
        messageId: sql`messages.id`,
      },
    ),
    db.rows<never>(sql`update conversations set seq = conversations.seq + 1, messages_count = messages_count - 1,
      last_message_id = (select other.id from messages other
        where other.conversation_id = conversations.id and other.id <> ${messageId} order by other.id desc limit 1),
      ${unreadBy(sql`a`)}, ${unreadBy(sql`b`)}
      from messages where conversations.id = messages.conversation_id and ${mine}`),
    db.rows<never>(sql`delete from messages where ${mine}`),
    markUnreferenced(db, now),
  ]
  const outcome = (results: unknown[][]): Outcome => ({
    ...nothing,
    event: rowsAt<LogRow>(results, 0)[0],
    marked: rowsAt(results, 3),
  })
  return { statements, outcome }
}

function clear(db: Db, pair: Pair, { userId }: Extract<Change, { type: 'clear' }>, now: number): Planned {
  const conversation = sql`select id from conversations c where ${ofPair(pair)}`
  const statements: BatchItem<'sqlite'>[] = [
    log(
      db,
      'cleared',
      userId,
      sql`from conversations c where ${ofPair(pair)} and c.last_message_id is not null`,
    ),
    db.rows<never>(sql`update conversations set seq = seq + 1, last_message_id = null, messages_count = 0, unread_a = 0,
      unread_b = 0 where ${ofPair(pair, 'conversations')} and last_message_id is not null`),
    db.build.delete(messages).where(eq(messages.conversationId, sql`(${conversation})`)),
    markUnreferenced(db, now),
  ]
  const outcome = (results: unknown[][]): Outcome => ({
    ...nothing,
    event: rowsAt<LogRow>(results, 0)[0],
    marked: rowsAt(results, 3),
  })
  return { statements, outcome }
}

function read(db: Db, pair: Pair, { userId, upTo }: Extract<Change, { type: 'read' }>): Planned {
  const side = sql.raw(userId === pair.a ? 'a' : 'b')
  const further = sql`min(${upTo}, c.seq)`
  // The log has the order that is asked for; whatever has been read is never looked at again.
  const newlyRead = sql`(select count(*) from changes cross join messages m on m.id = changes.message_id
    where changes.conversation_id = c.id and changes.seq > c.read_${side} and changes.seq <= ${further}
      and changes.kind = 'message' and m.sender_id <> ${userId})`
  const isAny = sql`${ofPair(pair)} and c.unread_${side} > 0 and ${newlyRead} > 0`
  const statements: BatchItem<'sqlite'>[] = [
    log(db, 'read', userId, sql`from conversations c where ${isAny}`, { upTo: further }),
    db.rows<never>(sql`update conversations as c set seq = c.seq + 1, read_${side} = ${further},
      unread_${side} = unread_${side} - ${newlyRead} where ${isAny}`),
    db.rows<{ unread: number }>(
      sql`select unread_${side} as unread from conversations c where ${ofPair(pair)}`,
    ),
  ]
  const outcome = (results: unknown[][]): Outcome => ({
    ...nothing,
    event: rowsAt<LogRow>(results, 0)[0],
    unread: rowsAt<{ unread: number }>(results, 2)[0]?.unread ?? 0,
  })
  return { statements, outcome }
}
