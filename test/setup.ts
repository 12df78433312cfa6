import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import worker from '../src/index'
import { checkAnswer } from './described'

await applyD1Migrations(env.DB, env.MIGRATIONS)

// Whatever a test asks, and however: an answer that is not as documented fails it.
const serve = worker.fetch
worker.fetch = async (request, ...rest) => {
  const asked = request.clone()
  const response = await serve(request, ...rest)
  await checkAnswer(asked, response)
  return response
}
