/** What reads cost as the tables grow. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { costOf, recordAll } from './compare.ts'
import { fill } from './fill.ts'
import { idleCpu, measure } from './load.ts'
import { startRecorder } from './record.ts'
import type { Route } from './routes.ts'
import { serve } from './server.ts'
import { type Settings, WORK } from './settings.ts'

export interface Grown {
  name: string
  /** By number of posts. */
  read: Record<number, number>
  cpu: Record<number, number>
}

/** Measures each read at each number of posts. */
export async function measureGrowth(
  bundle: string,
  { sizes, seconds, growth }: Settings,
  routesAt: () => Route[],
  progress: (step: string) => void,
): Promise<Grown[]> {
  const grown = new Map<string, Grown>()
  for (const posts of growth) {
    progress(`growth: filling ${posts} posts`)
    const data = join(WORK, `data-${posts}`)
    await fill(bundle, data, { ...sizes, posts })
    const recorder = await startRecorder(bundle, data)
    const { answers } = await recordAll(recorder, routesAt())
    await recorder.stop()
    const server = await serve(bundle, { data })
    const idle = await idleCpu(server)
    for (const [route, recorded] of answers) {
      progress(`growth: ${posts} posts, ${route.name}`)
      await measure(server, route, 4, seconds / 2, 0)
      const { cpu } = await measure(server, route, 4, seconds, idle)
      const row = grown.get(route.name) ?? { name: route.name, read: {}, cpu: {} }
      row.read[posts] = costOf(recorded).read
      row.cpu[posts] = cpu
      grown.set(route.name, row)
    }
    await server.stop()
    rmSync(data, { recursive: true, force: true })
  }
  return [...grown.values()]
}
