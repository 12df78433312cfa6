/** The AsyncAPI document of the WebSockets, made of the schemas that check their frames. */
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

const DESCRIPTION = `One socket is all that happens to somebody (\`/live/\`, the channel), or one conversation of two people (\`/messages/{id}/live/\`). Frames are JSON objects of at most
${MAX_FRAME_BYTES / 1024} KB that say their \`type\`; the text \`${KEEP_ALIVE.request}\` is answered with \`${KEEP_ALIVE.response}\`. At most ${LIMITS.frames.count} frames a second of a user are taken, on all their
sockets.

**Opening.** \`GET\` with the credentials of any other call. Browsers, which cannot set headers here, send
their cookie, or offer two subprotocols: \`bearer\` and the access token. All refusals come before the upgrade, as the OpenAPI
document has them.

**Order.** Every change of a conversation has a \`seq\`. A frame of a change also has \`prev\`, the \`seq\` of the one before on this
socket: where that is not the last you have seen, you have missed something. Come back with \`?since=<the last seq you have
seen>\`, and what you missed is sent first; over a channel send \`replay\`. After \`resync\`, read the thread anew: what you know is not of this conversation, or
too old.

**A channel loses nothing.** \`ready\` says how everything stands: compare it with what you have, and send \`replay\` for each conversation that you keep and that
is further than you are. Ignore a change whose \`seq\` you have. What could not be told at once is told within a minute: \`ready\` comes again whenever D1 says that
conversations are not as the last one said. A conversation of yours that it does not name is not there for you any more, unless it names 500. \`seq\` and
\`prev\` of \`notification\` are those of notifications: where \`prev\` is not the last you have seen, read the list.

**Sending.** \`key\` makes a message that is sent again the same message: it is answered with \`sent\` as the first time.

**Closing.** ${CLOSE.policy}: a frame that was none, too large or one too many. ${CLOSE.tryAgain}: something is out of reach; come
back. ${CLOSE.signedOut}: the access token ran out, or the session or the user is gone; refresh, then come back.`

/** What frames tell. */
const SUMMARIES: Record<string, string> = {
  'client send': 'Sends a message.',
  'client read': 'Everything up to this seq was read.',
  'client typing': 'Somebody types; passed on at most once a second.',
  'server ready': 'The first frame: how far the conversation is.',
  'server resync': 'What was asked for with `since` is not of this conversation.',
  'server message': 'A new message.',
  'server edited': 'A message has changed. One that was deleted before is there again.',
  'server deleted': 'A message is gone.',
  'server cleared': 'The conversation was deleted.',
  'server read': 'Somebody has read everything up to a seq.',
  'server typing': 'The other person types.',
  'server sent': 'What was sent with this key is stored.',
  'server error': 'What was sent cannot be; nothing is stored.',
}

/** What frames of a channel tell, where it is more than that, or something else. */
const CHANNEL_SUMMARIES: Record<string, string> = {
  'client replay': 'Asks what happened in a conversation since a seq.',
  'server ready':
    'How everything stands: the newest 500 conversations, each with the other person, its seq and what is unread. The first frame, and sent again whenever that has changed.',
  'server conversation': 'A change of a conversation, and what is unread there after it.',
  'server replayed': 'All that was asked for with `replay` has been sent, up to this seq.',
  'server resync':
    'What was asked for with `replay` is too much, or not of this conversation: read the thread.',
  'server notification':
    'New notifications, as the list has them; null: so many that the list has to be read.',
  'server unread': 'Something else than a message has changed what is unread.',
  'server feed':
    'How many posts of people whom one follows there are behind the post `since`, 100 at most, and the newest; at most every ten seconds.',
  'server typing': 'Somebody types.',
  'server signed-out': 'The session has ended; the socket is closed next.',
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
    description: 'All that happens to the signed-in user.',
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
