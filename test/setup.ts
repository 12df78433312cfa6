import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach } from 'vitest'
import { type Statement, watchStatements } from '../src/db/statements'
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

// A statement looks like a query and does nothing until it is sent: one that never is fails the test that made it.
const unsent = new Map<Statement, Error>()
watchStatements({
  made: (statement) => unsent.set(statement, new Error('This statement was made and never sent.')),
  sent: (statement) => unsent.delete(statement),
})
afterEach(() => {
  const [first] = unsent.values()
  unsent.clear()
  if (first) throw first
})
