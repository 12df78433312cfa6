/** The AsyncAPI document of the WebSocket, made of the schemas that check its frames. */
import { LOCAL } from '../../src/about/documents'
import { ACCESS_COOKIE } from '../../src/auth/cookies'
import { LIMITS } from '../../src/limits/limits'
import {
  CLOSE,
  clientFrame,
  KEEP_ALIVE,
  MAX_FRAME_BYTES,
  serverFrame,
} from '../../src/messaging/shared/frames'
import { listenQuery } from '../../src/messaging/worker/schemas'
import { exampleOf } from './examples'
import { components } from './schemas'

const DESCRIPTION = `One socket is one conversation of two people. Frames are JSON objects of at most ${MAX_FRAME_BYTES / 1024} KB that say their
\`type\`; the text \`${KEEP_ALIVE.request}\` is answered with \`${KEEP_ALIVE.response}\`. At most ${LIMITS.frames.count} frames a second of a user are taken, on all their sockets.

**Opening.** \`GET /messages/{id}/live/\` with the credentials of any other call. Browsers, which cannot set headers here, send
their cookie, or offer two subprotocols: \`bearer\` and the access token. All refusals come before the upgrade, as the OpenAPI
document has them.

**Order.** Every change of the conversation has a \`seq\`. A frame of a change also has \`prev\`, the \`seq\` of the one before on this
socket: where that is not the last you have seen, you have missed something. Come back with \`?since=<the last seq you have
seen>\`, and what you missed is sent first. After \`resync\`, read the thread anew: what you know is not of this conversation.

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

/** The channel, its messages in both directions, and how to connect. */
export function asyncApi(version: string) {
  const schemas = components()
  const both = { client: clientFrame, server: serverFrame }
  const messages: Record<string, object> = {}
  const refs = { client: [] as object[], server: [] as object[] }
  for (const side of ['client', 'server'] as const) {
    for (const frame of both[side].def.options) {
      const [type = ''] = frame.shape.type.def.values
      const name = `${side}${type.charAt(0).toUpperCase()}${type.slice(1)}`
      const summary = SUMMARIES[`${side} ${type}`]
      if (summary === undefined) throw new Error(`Nothing is said of the frame ${side} ${type}.`)
      const payload = schemas.of(frame, side === 'client' ? 'input' : 'output')
      const example = exampleOf(schemas, payload)
      messages[name] = { name: type, title: type, summary, payload, examples: [{ payload: example }] }
      refs[side].push({ $ref: `#/channels/conversation/messages/${name}` })
    }
  }
  const channel = { $ref: '#/channels/conversation' }
  const bearer = { $ref: '#/components/securitySchemes/bearer' }
  const cookie = { $ref: '#/components/securitySchemes/cookie' }
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
    channels: {
      conversation: {
        address: '/messages/{userId}/live/',
        description: 'The conversation with a user.',
        parameters: { userId: { description: 'The id of the other person.' } },
        messages,
        bindings: { ws: { method: 'GET', query: schemas.of(listenQuery, 'input') } },
      },
    },
    operations: {
      send: { action: 'receive', channel, summary: 'What clients send.', messages: refs.client },
      listen: { action: 'send', channel, summary: 'What clients are told.', messages: refs.server },
    },
    components: {
      schemas: schemas.all(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        cookie: { type: 'httpApiKey', in: 'cookie', name: ACCESS_COOKIE },
      },
    },
  }
}
