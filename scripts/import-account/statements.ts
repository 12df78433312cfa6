/**
 * The SQL that creates an account from an export (docs/export.md). Rows that only concern the account are imported completely. Rows that refer to
 * others (comments, likes, follows, messages) are imported if those exist here: people are matched by name, posts by owner, title and time.
 */
import { emailKey } from '../../src/db/email'
import { fold, searchKey } from '../../src/db/text'

interface PostReference {
  owner: string
  title: string
  created: string
}

interface ImageDescription {
  image: string | null
  /** Older exports lack these three. */
  image_width?: number | null
  image_height?: number | null
  image_thumbhash?: string | null
}

/** All rows of an export, from all its parts. */
export interface Exported {
  account: {
    username: string
    email: string
    first_name: string
    last_name: string
    created: string
    profile: { name: string; content: string } & ImageDescription
  }[]
  posts: (ImageDescription & {
    title: string
    content: string
    image_filter: string
    /** Older exports lack it too. */
    image_alt?: string
    created: string
    updated: string
  })[]
  comments: { post: PostReference; content: string; created: string; updated: string }[]
  likes: { post: PostReference; created: string }[]
  following: { username: string; created: string }[]
  followers: { username: string; created: string }[]
  messages: (ImageDescription & {
    with: string
    is_sender: boolean
    content: string
    created: string
    edited: string | null
  })[]
}

/** In characters of at most three bytes, because D1 accepts statements of 100 KB. */
const TEXT_CHARACTERS = 30_000

const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`
const hash = (image: string | null) => {
  if (image === null) return 'null'
  // The image is still at its original address.
  if (image.startsWith('https://')) return quoted(image)
  const [, found] = /^images\/([0-9a-f]{64})$/.exec(image) ?? []
  if (!found) throw new Error('An image is named otherwise than in an export.')
  return quoted(found)
}
/** The values of `image, image_width, image_height, image_thumbhash`. */
const description = ({ image, image_width, image_height, image_thumbhash }: ImageDescription) =>
  [
    hash(image),
    Number(image_width) || 'null',
    Number(image_height) || 'null',
    image_thumbhash ? quoted(image_thumbhash) : 'null',
  ].join(', ')
const ms = (time: string) => {
  const value = Date.parse(time)
  if (!Number.isSafeInteger(value)) throw new Error('A time is written otherwise than in an export.')
  return value
}
/** As src/db/sequences.ts assigns ids. */
const nextId = (table: string) =>
  `(select max(last_id, coalesce((select max(id) from ${table}), 0)) + 1 from sequences where name = '${table}')`
const newest = (table: string) => `(select max(id) from ${table})`
const person = (username: string) => `(select id from users where username_key = ${quoted(fold(username))})`

/** The beginning of a text, and statements that append the rest to the row just inserted. */
function inPieces(table: string, text: string): { first: string; more: string[] } {
  const pieces: string[] = []
  const characters = [...text]
  for (let i = TEXT_CHARACTERS; i < characters.length; i += TEXT_CHARACTERS)
    pieces.push(characters.slice(i, i + TEXT_CHARACTERS).join(''))
  return {
    first: quoted(characters.slice(0, TEXT_CHARACTERS).join('')),
    more: pieces.map(
      (piece) => `update ${table} set content = content || ${quoted(piece)} where id = ${newest(table)}`,
    ),
  }
}

/** The statements in order. Nobody can sign in to the account before resetting its password, and its email address is unverified. */
export function importStatements(exported: Exported, username: string): string[] {
  const [account] = exported.account
  if (!account) throw new Error('The first part of the export is missing.')
  const me = person(username)
  /** Translates a name in the export to the name here. */
  const here = (name: string) => (name === account.username ? username : name)
  const post = ({ owner, title, created }: PostReference) =>
    `posts p where p.owner_id = ${person(here(owner))} and p.title = ${quoted(title)} and p.created_at = ${ms(created)} limit 1`

  const { profile } = account
  const email = account.email === '' ? undefined : account.email
  const address = email && `select 1 from users where email_key = ${quoted(emailKey(email))}`
  const seqs = new Map<string, number>()

  return [
    `insert into users (id, username, username_key, search_key, email, email_key, first_name, last_name, password_hash, created_at,
      profile_name, profile_content, image, image_width, image_height, image_thumbhash, profile_updated_at)
      select ${nextId('users')}, ${quoted(username)}, ${quoted(fold(username))}, ${quoted(searchKey(username))},
        ${address && email ? `iif(exists (${address}), '', ${quoted(email)}), iif(exists (${address}), null, ${quoted(emailKey(email))})` : "'', null"},
        ${quoted(account.first_name)}, ${quoted(account.last_name)}, '', ${ms(account.created)},
        ${quoted(profile.name)}, ${quoted(profile.content)}, ${description(profile)}, ${ms(account.created)}`,
    ...exported.posts.flatMap((post) => {
      const { title, content, image_filter, created, updated } = post
      const { first, more } = inPieces('posts', content)
      return [
        `insert into posts (id, owner_id, title, title_key, content, image, image_width, image_height, image_thumbhash, image_filter,
            image_alt, created_at, updated_at)
          values (${nextId('posts')}, ${me}, ${quoted(title)}, ${quoted(searchKey(title))}, ${first}, ${description(post)},
            ${quoted(image_filter)}, ${quoted(post.image_alt ?? '')}, ${ms(created)}, ${ms(updated)})`,
        ...more,
      ]
    }),
    ...exported.comments.map(
      (comment) => `insert into comments (id, post_id, owner_id, content, created_at, updated_at)
        select ${nextId('comments')}, p.id, ${me}, ${quoted(comment.content)}, ${ms(comment.created)}, ${ms(comment.updated)}
          from ${post(comment.post)}`,
    ),
    ...exported.likes.map(
      (like) => `insert or ignore into likes (id, owner_id, post_id, created_at)
        select ${nextId('likes')}, ${me}, p.id, ${ms(like.created)} from ${post(like.post)}`,
    ),
    ...[
      ...exported.following.map((follow) => ({ ...follow, owner: me, followed: person(follow.username) })),
      ...exported.followers.map((follow) => ({ ...follow, owner: person(follow.username), followed: me })),
    ].map(
      ({
        owner,
        followed,
        created,
      }) => `insert or ignore into followers (id, owner_id, followed_id, created_at)
        select ${nextId('followers')}, owner, followed, ${ms(created)} from (select ${owner} as owner, ${followed} as followed)
          where owner is not null and followed is not null`,
    ),
    ...exported.messages.flatMap((message) => {
      const other = person(message.with)
      const seq = (seqs.get(message.with) ?? 0) + 1
      seqs.set(message.with, seq)
      // Writes what the conversation's object would write (src/messaging/object). Messages are only added to a conversation that begins here.
      const conversation = `conversations c where c.user_a = min(${me}, ${other}) and c.user_b = max(${me}, ${other}) and c.seq = ${seq - 1}`
      const sender = message.is_sender ? me : other
      return [
        ...(seq === 1
          ? [
              `insert or ignore into conversations (id, user_a, user_b)
                select ${nextId('conversations')}, min(${me}, id), max(${me}, id) from users where id = ${other}`,
            ]
          : []),
        `insert into messages (id, conversation_id, sender_id, content, image, image_width, image_height, image_thumbhash, created_at, edited_at, seq, changed_seq)
          select ${nextId('messages')}, c.id, ${sender}, ${quoted(message.content)}, ${description(message)}, ${ms(message.created)},
            ${message.edited === null ? 'null' : ms(message.edited)}, ${seq}, ${seq} from ${conversation}`,
        `insert into changes (conversation_id, seq, kind, user_id, message_id)
          select c.id, ${seq}, 'message', ${sender}, ${newest('messages')} from ${conversation}`,
        `update conversations as c set seq = ${seq}, messages_count = messages_count + 1, last_message_id = ${newest('messages')},
          read_a = ${seq}, read_b = ${seq} where c.id in (select c.id from ${conversation})`,
      ]
    }),
  ]
}
