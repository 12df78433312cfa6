import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import worker from '../src/index'
import { checkAnswer } from './described'

await applyD1Migrations(env.DB, env.MIGRATIONS)

/** Run after every answer, whatever a test asks and however. What they throw fails the test that asked. */
const CHECKS: ((request: Request, response: Response) => void | Promise<void>)[] = [checkAnswer]

const serve = worker.fetch
worker.fetch = async (request, ...rest) => {
  const asked = request.clone()
  const response = await serve(request, ...rest)
  for (const check of CHECKS) await check(asked, response)
  return response
}
