import * as z from 'zod/mini'
import { queryParam } from '../../http/params'

export const channelQuery = z.object({
  since: queryParam(
    'The id of the newest post that is known: `feed` counts those behind it. Without it: those from now on.',
  ),
})
