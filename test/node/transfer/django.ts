/** Django itself, with a project of the original's models (`django/`): where Python has it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { OF_DJANGO } from '../operations'

const PROJECT = join(import.meta.dirname, 'django')
const NEEDED = 'import django, argon2, bcrypt'

/** Undefined where no Python has it. Where `REQUIRE_DJANGO` is set, as in CI, that fails. */
export const python = ['python3', '/usr/bin/python3'].find(
  (path) => spawnSync(path, ['-c', NEEDED]).status === 0,
)
if (!python) {
  if (process.env.REQUIRE_DJANGO) throw new Error(`No python3 runs "${NEEDED}".`)
  console.warn(
    'The tests against Django are skipped: apt-get install python3-django python3-argon2 python3-bcrypt',
  )
}

/** One database of the project. */
export class Django {
  readonly #database: string
  constructor(database: string) {
    this.#database = database
    this.manage('migrate', '--run-syncdb', '--verbosity', '0')
  }

  /** Gives what a script of the project prints. */
  run(script: string, args: string[] = [], input = ''): string {
    return execFileSync(python ?? '', [script, ...args], {
      cwd: PROJECT,
      env: { ...process.env, DJANGO_DATABASE: this.#database, PYTHONDONTWRITEBYTECODE: '1' },
      input,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    })
  }

  manage(...args: string[]): string {
    return this.run('manage.py', args)
  }

  /** Into a file, by the command that docs/operations.md shows. */
  dump(path: string, ...options: string[]): string {
    const [, , ...words] = OF_DJANGO[0]?.split(' ') ?? []
    this.manage(...words.map((word) => (word === 'dump.json' ? path : word)), ...options)
    return path
  }
}
