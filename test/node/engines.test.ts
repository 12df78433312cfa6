/** What README.md says that one needs is enough for all that is installed: npm has nothing to warn of. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

type Version = [major: number, minor: number, patch: number]

const parse = (text: string): Version => {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number)
  return [major, minor, patch]
}
const compare = (a: Version, b: Version) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]

/** As much of semver as `engines` use: `>=1.2.3 <3 || ^4.5`, `>= 6`, `8.x`, `*`. Throws for what it does not know. */
function satisfies(version: Version, range: string): boolean {
  return range.split('||').some((alternative) =>
    alternative
      .trim()
      .replace(/([<>=^~]) +/g, '$1')
      .split(/\s+/)
      .every((comparator) => {
        const [, operator, text = ''] =
          /^([<>]=?|\^|=|)v?(\d+(?:\.(?:\d+|x|\*))*|\*|x|)$/.exec(comparator) ?? []
        if (operator === undefined) throw new Error(`The range ${range} is not understood.`)
        if (text === '' || text === '*' || text === 'x') return true
        const order = compare(version, parse(text.replaceAll(/[x*]/g, '0')))
        if (operator === '>=') return order >= 0
        if (operator === '>') return order > 0
        if (operator === '<=') return order <= 0
        if (operator === '<') return order < 0
        return order >= 0 && version[0] === parse(text)[0]
      }),
  )
}

interface Lock {
  packages: Record<string, { engines?: Record<string, string>; optional?: true }>
}

describe('the Node that README.md names', () => {
  const [, named = ''] = /Node (\d+\.\d+) or newer/.exec(readFileSync('README.md', 'utf8')) ?? []
  const { packages }: Lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  // Optional ones are those of other machines.
  const wanted = Object.entries(packages).flatMap(([name, { engines, optional }]) =>
    engines?.node && !optional ? [{ name, range: engines.node }] : [],
  )
  const unsatisfied = (version: Version) =>
    wanted.filter(({ range }) => !satisfies(version, range)).map(({ name }) => name)

  it('is enough for every package', () => {
    expect(named).not.toBe('')
    expect(unsatisfied(parse(named))).toEqual([])
  })

  it('is not named too low: Node 20 is not enough for all', () => {
    expect(unsatisfied([20, 20, 0])).toContain('node_modules/wrangler')
  })
})
