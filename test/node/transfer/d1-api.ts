/** As much of Cloudflare's API as moving data asks for: D1's queries, its bookmark, and objects of R2. Answers may be lost on the way. */
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import type { Account } from '../../../scripts/transfer/cloudflare'
import { openAccount } from '../../../scripts/transfer/cloudflare'

interface Command {
  sql: string
  params?: (string | number | null)[]
}

export interface Api {
  account: Account
  /** Every so many writes, the answer is lost after they were done. */
  loseEvery: number
  objects: Map<string, { bytes: Buffer; type: string }>
  stop: () => void
}

export async function startApi(name: string, path: string): Promise<Api> {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true })
  let writes = 0
  const api = { loseEvery: Number.POSITIVE_INFINITY, objects: new Map() as Api['objects'] }

  const rows = ({ sql, params = [] }: Command) => {
    const statement = db.prepare(sql)
    statement.setReturnArrays(true)
    return { results: { columns: [], rows: statement.all(...params) }, success: true }
  }
  const batch = (commands: Command[]) => {
    db.exec('begin')
    try {
      for (const { sql, params = [] } of commands) db.prepare(sql).run(...params)
      db.exec('commit')
    } catch (error) {
      db.exec('rollback')
      throw error
    }
    writes++
  }
  const answer = (what: string, body: { batch?: Command[] } & Partial<Command>): unknown => {
    if (what === '') return [{ uuid: 'an-id', name }]
    if (what === '/an-id/time_travel/bookmark') return { bookmark: String(writes) }
    if (what === '/an-id/raw') return [rows(body as Command)]
    return batch(body.batch ?? [])
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const [, object] = /^\/accounts\/account\/r2\/buckets\/images\/objects\/(.+)$/.exec(pathname) ?? []
    if (object !== undefined) {
      if (request.method === 'PUT')
        api.objects.set(object, { bytes, type: request.headers['content-type'] ?? '' })
      const found = api.objects.get(object)
      response.writeHead(found ? 200 : 404, { 'content-type': found?.type ?? 'text/plain' })
      return response.end(found?.bytes)
    }
    try {
      const before = writes
      const result = answer(
        pathname.replace('/accounts/account/d1/database', ''),
        bytes.length > 0 ? JSON.parse(bytes.toString()) : {},
      )
      if (writes > before && writes % api.loseEvery === 0) return response.destroy()
      response.end(JSON.stringify({ success: true, result, errors: [] }))
    } catch (error) {
      response.writeHead(400)
      response.end(JSON.stringify({ success: false, errors: [{ message: String(error) }] }))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const account = openAccount({
    CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}`,
    CLOUDFLARE_API_TOKEN: 'of-a-test',
    CLOUDFLARE_ACCOUNT_ID: 'account',
  })
  return Object.assign(api, {
    account,
    stop: () => {
      server.close()
      db.close()
    },
  })
}
