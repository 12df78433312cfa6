/** What the tabs of browser.test.ts have as globals. */
import type { Client, Conversation, createClient as create, Message } from '../../client/index'

declare global {
  const api: Client
  const createClient: typeof create
  const sockets: WebSocket[]
  const chat: Conversation
  const seen: string[]
  const isOnline: boolean
  const written: Promise<Message[]>
}
