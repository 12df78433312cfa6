/** What goes over the wire of a WebSocket, which no client of the Workers pool sees. */
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrations } from '../../bench/fill'
import { build, type Server, serve } from '../../bench/server'
import { createClient } from '../../client/index'
import { PASSWORD } from './people'

const MEGABYTE = 2 ** 20

const directory = mkdtempSync(join(tmpdir(), 'edge-social-api-'))
let server: Server
let url: string

// Without the proxy of `wrangler dev`, which speaks to clients itself.
beforeAll(async () => {
  server = await serve(build('worker', 'wrangler.toml', directory), { data: join(directory, 'data') })
  url = `http://localhost:${server.port}`
  const db = await server.miniflare.getD1Database('DB')
  for (const statement of migrations()) await db.prepare(statement).run()
}, 120_000)
afterAll(async () => {
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** Opens a socket of bob to alice's conversation, offering compression as browsers do. */
async function open(name: string): Promise<{ extensions: string | undefined; socket: Socket }> {
  const client = (username: string) =>
    createClient({ baseUrl: url }).register({ username, password1: PASSWORD, password2: PASSWORD })
  const alice = await client(`alice-${name}`)
  const signedUp = await fetch(`${url}/dj-rest-auth/registration/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: `bob-${name}`, password1: PASSWORD, password2: PASSWORD }),
  })
  const { access_token: token } = (await signedUp.json()) as { access_token: string }
  const asked = request(`${url}/messages/${alice.pk}/live/`, {
    headers: {
      authorization: `Bearer ${token}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.from('0123456789abcdef').toString('base64'),
      'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
    },
  })
  asked.end()
  return new Promise((resolve, reject) => {
    asked.on('upgrade', ({ headers }, socket) =>
      resolve({ extensions: headers['sec-websocket-extensions'], socket: socket as Socket }),
    )
    asked.on('response', ({ statusCode }) => reject(new Error(`refused with ${statusCode}`)))
    asked.on('error', reject)
  })
}

/** A text frame, masked with zeros; with `isCompressed` it says that it is. */
function frame(payload: Buffer, isCompressed = false): Buffer {
  const header = Buffer.alloc(14)
  header[0] = isCompressed ? 0xc1 : 0x81
  header[1] = 0x80 | 127
  header.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([header, payload])
}

/** The code of the close frame that ends what the server says; 0 where the connection ends without one. */
async function closeCode(socket: Socket): Promise<number> {
  let data = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    data = Buffer.concat([data, chunk])
    for (let at = 0; at + 2 <= data.length; ) {
      const [opcode, short] = [(data[at] ?? 0) & 15, (data[at + 1] ?? 0) & 127]
      const start = at + (short === 126 ? 4 : short === 127 ? 10 : 2)
      if (start > data.length) break
      const length = short === 126 ? data.readUInt16BE(at + 2) : short
      if (start + length > data.length) break
      if (opcode === 8) {
        socket.destroy()
        return data.readUInt16BE(start)
      }
      at = start + length
    }
  }
  return 0
}

it('is never compressed, whatever a client offers', async () => {
  const { extensions, socket } = await open('plain')
  expect(extensions).toBeUndefined()
  // One that compresses all the same is no client: a small frame cannot become a large one.
  socket.write(frame(Buffer.from([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]), true))
  expect(await closeCode(socket)).toBe(1002)
})

it.each([
  ['over our limit', 64 * 1024 + 1],
  ['over the platform’s', 33 * MEGABYTE],
])('a frame %s ends it with 1009', async (name, bytes) => {
  const { socket } = await open(name.replaceAll(/\W/g, ''))
  const closed = closeCode(socket)
  socket.on('error', () => undefined)
  socket.write(frame(Buffer.alloc(bytes, 'x')))
  expect(await closed).toBe(1009)
})
