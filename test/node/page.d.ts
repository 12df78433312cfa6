/** What the tabs of browser.test.ts have as globals. */
import type { Client, Conversation, createClient as create, Message, TokenStorage } from '../../client/index'

declare global {
  const api: Client
  const createClient: typeof create
  const sockets: WebSocket[]
  const chat: Conversation
  const seen: string[]
  const isOnline: boolean
  const written: Promise<Message[]>
  // Of pages; the rest of the DOM stays out of these types.
  const document: { cookie: string }
  const localStorage: TokenStorage
  const location: { origin: string }
}
