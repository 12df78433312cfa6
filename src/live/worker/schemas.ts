import * as z from 'zod/mini'
import { queryParam } from '../../http/params'

export const channelQuery = z.object({
  since: queryParam(
    'The id of the newest post you know: `feed` counts newer posts. Without it, `feed` counts posts from now on.',
  ),
})
