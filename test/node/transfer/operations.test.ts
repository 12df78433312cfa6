/** Every command of docs/operations.md: ours are run, on the local data, and options of wrangler's are asked of wrangler. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inventObjects, writeDump } from '../../../scripts/transfer/django/invent'
import { newPath } from './databases'
import { writePictures } from './doubles'

const text = readFileSync('docs/operations.md', 'utf8')
const commands = [...text.matchAll(/^```sh\n(.*?)^```/gms)]
  .flatMap(([, block = '']) => block.split('\n'))
  .map((line) => line.replace(/\s+#.*/, '').trim())
  .filter((line) => line !== '')

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

const has = (beginning: string) => commands.filter((command) => command.startsWith(beginning))

describe.sequential('docs/operations.md', () => {
  const paths: Record<string, string> = {
    'backup.gz': newPath('backup.gz'),
    'dump.json': newPath('dump.json'),
    'media/': newPath('media'),
  }
  const [state, fresh] = [newPath('state'), newPath('fresh')]
  const npm = (command: string, persistTo: string) =>
    run('npm', [
      ...command
        .split(' ')
        .slice(1)
        .map((word) => paths[word] ?? word),
      ...(command.includes(' -- ') ? [] : ['--']),
      '--persist-to',
      persistTo,
    ])

  it('names scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script)
    expect(named.filter((script) => !(script && script in scripts))).toEqual([])
    expect(commands.filter((command) => !/^(npm run|npx wrangler|python manage\.py) /.test(command))).toEqual(
      [],
    )
  })

  it('imports, backs up, restores and exports with the commands that it shows', async () => {
    writeDump(paths['dump.json'] ?? '', inventObjects({ users: 30, posts: 60, likes: 60, messages: 60 }))
    writePictures(paths['media/'] ?? '')
    const local = (script: string) =>
      has(`npm run ${script} `).filter((command) => !/--remote|<cloud>/.test(command))
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
    const [recount] = local('recount')
    expect(await npm(recount ?? '', fresh)).toMatchObject({
      status: 0,
      said: expect.stringContaining('all true'),
    })
  }, 480_000)

  it('asks for what a deployed database needs', async () => {
    const nobody = { CLOUDFLARE_API_TOKEN: '', CLOUDFLARE_ACCOUNT_ID: '' }
    for (const command of has('npm run backup').filter((one) => one.includes('--remote'))) {
      const { status, said } = await run('npm', command.split(' ').slice(1), nobody)
      expect([status, said]).toEqual([
        1,
        expect.stringContaining('Set CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID.'),
      ])
    }
  }, 120_000)

  it('calls wrangler as wrangler wants to be called', async () => {
    for (const command of has('npx wrangler')) {
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
