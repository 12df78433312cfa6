import * as z from 'zod/mini'
import { pk } from '../http/fields'

const row = {
  id: z.int(),
  owner: z.string(),
  created_at: z.string(),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
}

export const blockBody = z.object({ blocked: pk() }).register(z.globalRegistry, { id: 'BlockBody' })
export const blockAnswer = z
  .object({ ...row, blocked: z.int(), blocked_name: z.string() })
  .register(z.globalRegistry, { id: 'Block' })
export type BlockAnswer = z.output<typeof blockAnswer>

export const muteBody = z.object({ muted: pk() }).register(z.globalRegistry, { id: 'MuteBody' })
export const muteAnswer = z
  .object({ ...row, muted: z.int(), muted_name: z.string() })
  .register(z.globalRegistry, { id: 'Mute' })
export type MuteAnswer = z.output<typeof muteAnswer>
