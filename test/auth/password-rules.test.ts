import { describe, expect, it } from 'vitest'
import { isCommonPassword } from '../../src/auth/common-passwords'
import packed from '../../src/auth/common-passwords.bin'
import { passwordProblems, similarTo } from '../../src/auth/password-rules'

const TOO_SHORT = 'This password is too short. It must contain at least 8 characters.'
const TOO_COMMON = 'This password is too common.'
const NUMERIC = 'This password is entirely numeric.'

/** Reads the packed list another way than the code does: rebuilding every entry. */
async function commonPasswords(): Promise<string[]> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  const coded = await new Response(stream).text()
  let previous = ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the separators.
  return [...coded.matchAll(/([\x00-\x1f])([\x20-\x7e]+)/g)].map(([, separator = '', added = '']) => {
    const kept = separator === '\x1f' ? 0 : previous.length - separator.charCodeAt(0)
    previous = previous.slice(0, kept) + added
    return previous
  })
}

describe('isCommonPassword', () => {
  it('holds a sorted list of 19,727', async () => {
    const passwords = await commonPasswords()
    expect(passwords).toHaveLength(19_727)
    expect(passwords).toEqual([...new Set(passwords)].sort())
    expect([passwords.at(0), passwords.at(-1)]).toEqual(['!', 'zzzzzzzzzz'])
  })

  it('finds every entry and nothing beside them', async () => {
    const passwords = await commonPasswords()
    const known = new Set(passwords)
    const nearMisses = passwords
      .flatMap((entry) => [
        `${entry}~`,
        `~${entry}`,
        entry.slice(0, -1),
        entry.slice(1),
        `${entry.slice(0, -1)}~`,
      ])
      .filter((entry) => !known.has(entry))

    // Collected rather than expected one by one, which takes seconds.
    const missed: string[] = []
    for (const entry of passwords) if (!(await isCommonPassword(entry))) missed.push(entry)
    expect(missed).toEqual([])

    const taken: string[] = []
    for (const entry of nearMisses) if (await isCommonPassword(entry)) taken.push(entry)
    expect(taken).toEqual([])
  })

  it.each(['password', 'password123', '12345678', 'qwerty', 'trustno1', 'z k.lovemom', 'a'])(
    '%s',
    async (password) => {
      expect(await isCommonPassword(password)).toBe(true)
    },
  )

  it.each(['PassWord', 'TRUSTNO1', '  password\n'])(
    '%j, whatever its case and outer spaces',
    async (password) => {
      expect(await isCommonPassword(password)).toBe(true)
    },
  )

  it.each([
    '',
    ' ',
    'wanderlust-7!',
    'password\npassword1',
    'password\0',
    'pässword',
    'ｐassword',
    'a\x1f',
    '\x1fa',
    '\x1f',
    'password'.repeat(1000),
  ])('not %j', async (password) => {
    expect(await isCommonPassword(password)).toBe(false)
  })

  it('answers several calls at once', async () => {
    expect(await Promise.all(['qwerty', 'rhubarb!crumble', 'letmein'].map(isCommonPassword))).toEqual([
      true,
      false,
      true,
    ])
  })
})

describe('passwordProblems', () => {
  it.each([
    ['rhubarb!', []],
    ['rhubarb', [TOO_SHORT]],
    ['password', [TOO_COMMON]],
    ['83920174', [NUMERIC]],
    ['qwerty', [TOO_SHORT, TOO_COMMON]],
    ['8392017', [TOO_SHORT, NUMERIC]],
    ['12345678', [TOO_COMMON, NUMERIC]],
    ['123456', [TOO_SHORT, TOO_COMMON, NUMERIC]],
    ['', [TOO_SHORT]],
  ])('%j: %j', async (password, problems) => {
    expect(await passwordProblems(password)).toEqual(problems)
  })

  it('counts code points', async () => {
    expect(await passwordProblems('🦊'.repeat(7))).toEqual([TOO_SHORT])
    expect(await passwordProblems('🦊'.repeat(8))).toEqual([])
  })

  it.each(['٣١٤١٥٩٢٦', '३१४१५९२६', '²³¹⁴⁵⁶⁷⁸', '①②③④⑤⑥⑦⑧', '𝟛𝟙𝟜𝟙𝟝𝟡𝟚𝟞', '🄁🄂🄃🄄🄅🄆🄇🄈'])(
    'takes %s for digits',
    async (password) => {
      expect(await passwordProblems(password)).toEqual([NUMERIC])
    },
  )

  it.each(['3141592.6', '-31415926', 'ⅠⅡⅢⅣⅤⅥⅦⅧ', '½½½½½½½½', '三一四一五九二六'])(
    'takes %s for more than digits',
    async (password) => {
      expect(await passwordProblems(password)).toEqual([])
    },
  )
})

describe('similarTo', () => {
  const nobody = { username: '', email: '', firstName: '', lastName: '' }

  it.each([
    ['username', 'The password is too similar to the username.'],
    ['firstName', 'The password is too similar to the first name.'],
    ['lastName', 'The password is too similar to the last name.'],
    ['email', 'The password is too similar to the email address.'],
  ])('names the %s', (field, message) => {
    expect(similarTo('wanderlust1', { ...nobody, [field]: 'wanderlust' })).toBe(message)
  })

  it('tells the first of several', () => {
    const alike = {
      username: 'someone',
      email: 'wanderlust@example.com',
      firstName: 'Wander',
      lastName: 'Wanderlust',
    }
    expect(similarTo('wanderlust', alike)).toBe('The password is too similar to the first name.')
    expect(similarTo('wanderlust', { ...alike, firstName: '' })).toBe(
      'The password is too similar to the last name.',
    )
  })

  it.each([
    ['7 of 10 characters', 'abcdefgxyz', 'abcdefg123', true],
    ['6 of 10 characters', 'abcdefwxyz', 'abcdef1234', false],
    ['a ratio of 2/3', 'davedave', 'dave', false],
    ['another order', 'tsulrednaw', 'wanderlust', true],
    ['a repeated character only as often as it occurs', 'aaaaaaaa', 'abcdefgh', false],
    ['another case', 'WANDERLUST', 'wanderLUST', true],
    ['a word of the value', 'wanderlust', 'the/great@wanderlust+2024', true],
    ['the value as a whole', 'alice@example.com', 'alice@example.com', true],
    ['words joined by an underscore', 'wanderlust', 'the_very_great_wanderlust', false],
    ['a word in another script', 'zoë-übermut', 'x.übermut-zoë', true],
    ['a value of separators alone', 'rhubarb!', '@.+-', false],
    ['characters outside the BMP', '🦊🦊🦊🦊🦊🦊🦊🦊', '🐻🐻🐻🐻🐻🐻🐻🐻', false],
  ])('%s', (_, password, username, similar) => {
    expect(similarTo(password, { ...nobody, username }) !== undefined).toBe(similar)
  })

  it('finds nothing in empty details', () => {
    expect(similarTo('rhubarb!', nobody)).toBeUndefined()
  })
})
