/** Every command of docs/operations.md: ours are run, on the local data, and options of wrangler's are asked of wrangler. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inventObjects, writeDump } from '../../../scripts/transfer/django/invent'
import { localFile } from '../../../scripts/transfer/local'
import { TRIGGERS } from '../../../src/db/kept'
import { commands, LOCAL, text } from '../operations'
import { newPath, query, withSqlite } from './databases'
import { writePictures } from './doubles'

function run(
  file: string,
  args: string[],
  more: Record<string, string> = {},
): Promise<{ status: number; said: string }> {
  return new Promise((resolve) =>
    execFile(file, args, { env: { ...process.env, CI: 'true', ...more } }, (error, stdout, stderr) =>
      resolve({ status: error ? 1 : 0, said: stdout + stderr }),
    ),
  )
}

/** What has not been run yet. */
const left = new Set(LOCAL)

describe.sequential('docs/operations.md', () => {
  const paths: Record<string, string> = {
    'backup.gz': newPath('backup.gz'),
    'dump.json': newPath('dump.json'),
    'media/': newPath('media'),
  }
  const [state, fresh] = [newPath('state'), newPath('fresh')]
  const npm = (command: string, persistTo: string) => {
    left.delete(command)
    return run('npm', [
      ...command
        .split(' ')
        .slice(1)
        .map((word) => paths[word] ?? word),
      ...(command.includes(' -- ') ? [] : ['--']),
      '--persist-to',
      persistTo,
    ])
  }
  const local = (beginning: string) => LOCAL.filter((command) => command.startsWith(`npm run ${beginning} `))
  const fileOf = (persistTo: string) => localFile(persistTo, 'DB')

  it('names scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script)
    expect(named.filter((script) => !(script && script in scripts))).toEqual([])
    expect(commands.filter((command) => !/^(npm run|npx wrangler|python manage\.py) /.test(command))).toEqual(
      [],
    )
  })

  it('imports, backs up, restores and exports with the commands that it shows', async () => {
    const objects = [...inventObjects({ users: 30, posts: 60, likes: 60, messages: 60 })]
    const ada = objects.find(({ model }) => model === 'auth.user')
    if (ada) ada.fields.username = 'ada'
    writeDump(paths['dump.json'] ?? '', objects)
    writePictures(paths['media/'] ?? '')
    const [dryRun, imports] = [
      local('import').find((one) => one.endsWith('--dry-run')),
      local('import').find((one) => !one.endsWith('--dry-run')),
    ]
    expect(await npm(dryRun ?? '', state)).toMatchObject({
      status: 0,
      said: expect.stringContaining('this was a dry run'),
    })
    expect(await npm(imports ?? '', state)).toMatchObject({
      status: 0,
      said: expect.stringContaining('Imported. Everything that is kept is true.'),
    })
    const [backup] = local('backup')
    expect(await npm(backup ?? '', state)).toMatchObject({
      status: 0,
      said: expect.stringContaining('is complete, and of one moment'),
    })
    const [restore] = local('restore')
    expect(await npm(restore ?? '', fresh)).toMatchObject({
      status: 0,
      said: expect.stringContaining('Everything that is kept is true.'),
    })
    const again = await npm(restore ?? '', fresh)
    expect(again).toMatchObject({ status: 1, said: expect.stringContaining('The database is not empty') })
    const [leave] = local('export-django')
    expect(await npm(leave ?? '', fresh)).toMatchObject({
      status: 0,
      said: expect.stringContaining('posts.post: 60'),
    })
  }, 480_000)

  it('counts again, but not while a job that counts at its end is not done', async () => {
    const [check, repair] = ['npm run recount -- --check', 'npm run recount']
    withSqlite(fileOf(fresh), (db) => {
      // As a job leaves it that is killed: without triggers one value is made of another that is wrong.
      for (const { name } of TRIGGERS) db.exec(`drop trigger ${name}`)
      db.exec("insert into jobs (name, done_to) values ('restore x', 5)")
      db.exec('update conversations set unread_a = 50, unread_b = 40, messages_count = 7')
    })
    expect(await npm(repair, fresh)).toMatchObject({
      status: 1,
      said: expect.stringContaining('npm run restore has not ended'),
    })
    expect(query(fileOf(fresh), 'select distinct messages_count as n from conversations')).toEqual([{ n: 7 }])
    withSqlite(fileOf(fresh), (db) => db.exec('delete from jobs'))
    expect(await npm(check, fresh)).toMatchObject({ status: 1, said: expect.stringContaining('kept 7') })
    expect(await npm(repair, fresh)).toMatchObject({ status: 0, said: expect.stringContaining('Repaired.') })
    expect(await npm(check, fresh)).toMatchObject({ status: 0, said: expect.stringContaining('all true') })
  }, 240_000)

  it('gives a role and takes it away', async () => {
    const [role] = local('role')
    const of = (name: string) => query(fileOf(state), `select role from users where username = '${name}'`)
    for (const name of ["o'neil", 'ADA'])
      expect(await npm(`npm run role -- ${name} admin`, state)).toMatchObject({
        status: 1,
        said: expect.stringContaining(`Nobody is called ${name}.`),
      })
    expect(await npm('npm run role -- ada king', state)).toMatchObject({ status: 1 })
    expect(query(fileOf(state), 'select id from users where role is not null')).toEqual([])
    expect(await npm(role ?? '', state)).toMatchObject({ status: 0 })
    expect(of('ada')).toEqual([{ role: 'moderator' }])
    expect(await npm('npm run role -- ada none', state)).toMatchObject({ status: 0 })
    expect(of('ada')).toEqual([{ role: null }])
    expect(
      query(fileOf(state), "select text from moderation_actions where action = 'grant_role' order by id"),
    ).toEqual([{ text: 'moderator' }, { text: 'none' }])
  }, 240_000)

  it('deletes an account for its owner', async () => {
    const [erase] = local('erase')
    const [ada] = query(fileOf(state), "select id from users where username = 'ada'")
    withSqlite(fileOf(state), (db) =>
      db.exec(`insert into sessions (jti_hash, user_id, created_at, last_used_at, expires_at)
        select id || 'x', id, 1, 1, 1 from users`),
    )
    expect(await npm("npm run erase -- o'neil", state)).toMatchObject({ status: 1 })
    expect(query(fileOf(state), 'select user_id from deleted_accounts')).toEqual([])
    expect(await npm(erase ?? '', state)).toMatchObject({ status: 0 })
    expect(
      query(fileOf(state), 'select user_id as id from deleted_accounts where erase_at <= deleted_at'),
    ).toEqual([ada])
    expect(query(fileOf(state), 'select user_id as id from sessions where revoked_at is not null')).toEqual([
      ada,
    ])
  }, 240_000)

  it('leaves no command out', () => {
    expect([...left]).toEqual([])
  })

  it('asks for what a deployed database needs', async () => {
    const nobody = { CLOUDFLARE_API_TOKEN: '', CLOUDFLARE_ACCOUNT_ID: '' }
    for (const command of commands.filter((one) => /^npm run backup .*--remote/.test(one))) {
      const { status, said } = await run('npm', command.split(' ').slice(1), nobody)
      expect([status, said]).toEqual([
        1,
        expect.stringContaining('Set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.'),
      ])
    }
  }, 120_000)

  it('calls wrangler as wrangler wants to be called', async () => {
    for (const command of commands.filter((one) => one.startsWith('npx wrangler '))) {
      const words = command.split(' ').slice(1)
      const verbs = words.slice(
        1,
        words.findIndex((word) => /^[A-Z<-]/.test(word)),
      )
      const { status, said } = await run(process.execPath, [
        'node_modules/wrangler/bin/wrangler.js',
        ...verbs,
        '--help',
      ])
      expect(status, command).toBe(0)
      for (const option of words.filter((word) => word.startsWith('--')))
        expect(said, command).toContain(option)
    }
  }, 120_000)
})
