/** What the tabs of the browser tests have as globals. */
import type { prepareImage as prepare } from '../../client/images/index'
import type { AuthChange, Client, Conversation, createClient as create, Message } from '../../client/index'

declare global {
  const api: Client
  const createClient: typeof create
  const sockets: WebSocket[]
  const chat: Conversation
  const seen: string[]
  const isOnline: boolean
  const written: Promise<Message[]>
  const prepareImage: typeof prepare
  const changes: AuthChange['type'][]
  const workers: number
  const photo: (width: number, height: number, look?: 'noise' | 'see-through') => Promise<Blob>
}
