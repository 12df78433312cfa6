/** The AsyncAPI document of the WebSockets, generated from the schemas that validate their frames. */
import { LOCAL } from '../../src/about/documents'
import { ACCESS_COOKIE } from '../../src/auth/cookies'
import { LIMITS } from '../../src/limits/limits'
import {
  clientFrame as channelClientFrame,
  serverFrame as channelServerFrame,
} from '../../src/live/shared/frames'
import { channelQuery } from '../../src/live/worker/schemas'
import { clientFrame, serverFrame } from '../../src/messaging/shared/frames'
import { listenQuery } from '../../src/messaging/worker/schemas'
import { CLOSE, KEEP_ALIVE, MAX_FRAME_BYTES } from '../../src/sockets/protocol'
import { exampleOf } from './examples'
import { components } from './schemas'

const DESCRIPTION = `A socket carries either everything that happens to the user (\`/live/\`, the channel), or one conversation of two people (\`/messages/{id}/live/\`). Frames are JSON objects of at most
${MAX_FRAME_BYTES / 1024} KB with a \`type\`; the text \`${KEEP_ALIVE.request}\` is answered with \`${KEEP_ALIVE.response}\`. Each user may send at most ${LIMITS.frames.count} frames a second, over all their
sockets.

**Opening.** \`GET\` with the credentials of any other call. Browsers, which cannot set headers here, send
their cookie, or offer two subprotocols: \`bearer\` and the access token. Requests are refused before the upgrade, as the OpenAPI
document describes.

**Order.** Every change of a conversation has a \`seq\`. A frame about a change also has \`prev\`, the \`seq\` of the change before it on this
socket: if that is not the last one you have seen, you have missed something. Reconnect with \`?since=<the last seq you have
seen>\` to get what you missed first; on a channel, send \`replay\`. After \`resync\`, reload the messages: your \`seq\` does not belong to this conversation, or
is too old.

**A channel loses nothing.** \`ready\` gives the current state: compare it with yours, and send \`replay\` for each conversation that you keep and whose \`seq\`
is higher than yours. Ignore changes whose \`seq\` you already have. Changes that could not be sent at once follow within a minute: \`ready\` is sent again whenever
conversations differ from the last one. If \`ready\` lists fewer than 500 conversations, those it does not list no longer exist for you. \`seq\` and
\`prev\` of \`notification\` refer to notifications: if \`prev\` is not the last one you have seen, read the list.

**Sending.** A message sent again with the same \`key\` is stored once: it is answered with the same \`sent\`.

**Closing.** ${CLOSE.policy}: an invalid frame, one that is too large, or too many frames. ${CLOSE.tryAgain}: something is unavailable;
reconnect. ${CLOSE.signedOut}: the access token has expired, or the session or the user no longer exists; refresh, then reconnect.`

/** What each frame means. */
const SUMMARIES: Record<string, string> = {
  'client send': 'Sends a message.',
  'client read': 'Marks everything up to this seq as read.',
  'client typing': 'The user is typing; forwarded at most once a second.',
  'server ready': 'The first frame, with the conversation’s latest seq.',
  'server resync': 'The `since` does not belong to this conversation.',
  'server message': 'A new message.',
  'server edited': 'A message has changed. If it was deleted before, it has been restored.',
  'server deleted': 'A message was deleted.',
  'server cleared': 'The conversation was deleted.',
  'server read': 'Somebody has read everything up to a seq.',
  'server typing': 'The other person is typing.',
  'server sent': 'The message with this key is stored.',
  'server error': 'The frame was refused; nothing is stored.',
}

/** What frames mean on a channel, where that differs. */
const CHANNEL_SUMMARIES: Record<string, string> = {
  'client replay': 'Requests what happened in a conversation since a seq.',
  'server ready':
    'The current state: the newest 500 conversations, each with the other person, its seq and its unread count. Sent first, and again whenever it has changed.',
  'server conversation': 'A change in a conversation, and its unread count afterwards.',
  'server replayed': 'The requested `replay` is complete, up to this seq.',
  'server resync':
    'The `replay` would be too long, or its seq does not belong to this conversation: reload the messages.',
  'server notification':
    'New notifications, as in the list; null if there are so many that the list has to be read.',
  'server unread': 'Unread counts changed for a reason other than a message.',
  'server feed':
    'The number of posts by followed people that are newer than the post `since`, at most 100, and the newest; sent at most every ten seconds.',
  'server typing': 'Somebody is typing.',
  'server signed-out': 'The session has ended; the socket will be closed.',
}

/** A kind of socket. */
interface Sockets {
  name: string
  address: string
  description: string
  parameters?: object
  query: Parameters<ReturnType<typeof components>['of']>[0]
  client: Frames
  server: Frames
  summaries: Record<string, string>
}
interface Frames {
  def: { options: readonly (Parameters<ReturnType<typeof components>['of']>[0] & Frame)[] }
}
interface Frame {
  shape: { type: { def: { values: unknown[] } } }
}

const SOCKETS: readonly Sockets[] = [
  {
    name: 'conversation',
    address: '/messages/{userId}/live/',
    description: 'The conversation with a user.',
    parameters: { userId: { description: 'The id of the other person.' } },
    query: listenQuery,
    client: clientFrame,
    server: serverFrame,
    summaries: SUMMARIES,
  },
  {
    name: 'person',
    address: '/live/',
    description: 'Everything that happens to the signed-in user.',
    query: channelQuery,
    client: channelClientFrame,
    server: channelServerFrame,
    summaries: { ...SUMMARIES, ...CHANNEL_SUMMARIES },
  },
]

const capitalised = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

/** The channels, their messages in both directions, and how to connect. */
export function asyncApi(version: string) {
  const schemas = components()
  const bearer = { $ref: '#/components/securitySchemes/bearer' }
  const cookie = { $ref: '#/components/securitySchemes/cookie' }
  const described = SOCKETS.map((one) => {
    const messages: Record<string, object> = {}
    const refs = { client: [] as object[], server: [] as object[] }
    for (const side of ['client', 'server'] as const) {
      for (const frame of one[side].def.options) {
        const type = String(frame.shape.type.def.values[0])
        const name = side + type.split('-').map(capitalised).join('')
        const summary = one.summaries[`${side} ${type}`]
        if (summary === undefined) throw new Error(`Nothing is said of the frame ${side} ${type}.`)
        const payload = schemas.of(frame, side === 'client' ? 'input' : 'output')
        const example = exampleOf(schemas, payload)
        messages[name] = { name: type, title: type, summary, payload, examples: [{ payload: example }] }
        refs[side].push({ $ref: `#/channels/${one.name}/messages/${name}` })
      }
    }
    return { ...one, messages, refs }
  })
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'edge-social-api, live',
      version,
      description: DESCRIPTION,
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      here: { host: new URL(LOCAL).host, protocol: 'ws', security: [bearer, cookie] },
    },
    channels: Object.fromEntries(
      described.map(({ name, address, description, parameters, query, messages }) => [
        name,
        {
          address,
          description,
          ...(parameters && { parameters }),
          messages,
          bindings: { ws: { method: 'GET', query: schemas.of(query, 'input') } },
        },
      ]),
    ),
    operations: Object.fromEntries(
      described.flatMap(({ name, refs }) => {
        const channel = { $ref: `#/channels/${name}` }
        const suffix = name === 'conversation' ? '' : capitalised(name)
        return [
          [
            `send${suffix}`,
            { action: 'receive', channel, summary: 'What clients send.', messages: refs.client },
          ],
          [
            `listen${suffix}`,
            { action: 'send', channel, summary: 'What clients are told.', messages: refs.server },
          ],
        ]
      }),
    ),
    components: {
      schemas: schemas.all(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        cookie: { type: 'httpApiKey', in: 'cookie', name: ACCESS_COOKIE },
      },
    },
  }
}
