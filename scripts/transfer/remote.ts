/** D1 through its HTTP API, where a batch is one transaction. */
import type { Account } from './cloudflare'
import { type Batch, type Command, type Database, progressCommand, type Row, type Value } from './database'

/** D1 accepts parameters of 2 MB. */
const BATCH: Batch = { rows: 1_000, characters: 500_000 }

export async function openRemote(account: Account, name: string): Promise<Database> {
  const found = await account.call<{ uuid: string; name: string }[]>(
    'GET',
    `/d1/database?name=${encodeURIComponent(name)}`,
  )
  const id = found.find((one) => one.name === name)?.uuid
  if (id === undefined) throw new Error(`There is no database ${name}: npm run deploy makes it.`)
  const path = `/d1/database/${id}`
  const write = async (commands: readonly Command[]) => {
    const batch = commands.map(({ sql, values = [] }) => ({ sql, params: values }))
    await account.call('POST', `${path}/query`, { batch })
  }
  return {
    batch: BATCH,
    async read(sql: string, ...values: Value[]) {
      const [answer] = await account.call<{ results: { rows: Row[] } }[]>('POST', `${path}/raw`, {
        sql,
        params: values,
      })
      return answer?.results.rows ?? []
    },
    write,
    // The answer may be lost and the batch sent again, when the job has already advanced.
    insert: ({ table, columns, rows }, progress) => {
      const values = columns.map((_, i) => `value ->> ${i}`)
      const sql = `insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from json_each(?)
        where (select done_to from jobs where name = ?) = ?`
      const { job, before } = progress
      return write([{ sql, values: [JSON.stringify(rows), job, before] }, progressCommand(progress)])
    },
    bookmark: async () =>
      (await account.call<{ bookmark: string }>('GET', `${path}/time_travel/bookmark`)).bookmark,
    close: () => undefined,
  }
}
