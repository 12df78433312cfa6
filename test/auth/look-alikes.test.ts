/** Names and passwords as other keyboards and systems write them. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { openDb } from '../../src/db/client'
import { renewSearchKeys } from '../../src/db/search-keys'
import { AUTH, logIn } from '../auth-helpers'
import { anyone, PASSWORD, type Person, signUp, stored } from '../client'

const TAKEN = { username: ['A user with that username already exists.'] }
const WRONG = { non_field_errors: ['Unable to log in with provided credentials.'] }

const register = (username: string, password = PASSWORD) =>
  anyone.post(`${AUTH}/registration/`, { username, password1: password, password2: password })
const tryLogin = (username: string, password = PASSWORD) =>
  anyone.post(`${AUTH}/login/`, { username, password })

let bob: Person
beforeAll(async () => {
  await signUp('alice')
  bob = await signUp('bob')
})

describe('a name that looks like somebody’s', () => {
  it.each([
    ['in another case', 'ALICE'],
    ['in full width', 'ａｌｉｃｅ'],
    ['with a Cyrillic letter', 'аlice'],
    ['with several', 'аliсе'],
    ['with a Cyrillic capital', 'ALIСE'],
    ['with a Greek letter', 'αlice'],
    ['with a dotless i', 'alıce'],
    ['with a letter of the phonetic alphabet', 'ɑlice'],
    ['in mathematical letters', '𝒂𝒍𝒊𝒄𝒆'],
  ])('is refused: %s', async (_, username) => {
    const before = await stored('select id from users')
    expect(await register(username)).toMatchObject({ status: 400, body: TAKEN })
    for (const method of ['put', 'patch'] as const)
      expect(await bob[method](`${AUTH}/user/`, { username })).toMatchObject({ status: 400, body: TAKEN })
    expect(await stored('select id from users')).toEqual(before)
    expect(await stored('select username from users where id = ?', bob.id)).toEqual([{ username: 'bob' }])
  })

  it.each([
    ['straße', ['STRASSE', 'strasse', 'STRAẞE']],
    ['Паша', ['паша', 'ПАША']],
    ['οδος', ['ΟΔΟΣ', 'οδοσ']],
    ['scope', ['ѕсоре', 'SСОРЕ']],
    ['BEPA', ['вера', 'ВЕРА']],
    ['Ёлка', ['ёлка', 'Ëлкa']],
  ])('whatever the script: %s', async (first, others) => {
    expect((await register(first)).status).toBe(201)
    for (const other of others) expect((await register(other)).body, other).toEqual(TAKEN)
  })

  it('is another’s where people can tell: accents, and ASCII characters, which everybody types', async () => {
    for (const name of ['alicé', 'älice', 'bob1', 'bobl', 'modem', 'modern', 'al1ce', 'Анна', 'anna'])
      expect((await register(name)).status, name).toBe(201)
  })

  it('is refused while the name is held for whom it was', async () => {
    const carol = await signUp('carol')
    expect((await carol.patch(`${AUTH}/user/`, { username: 'carola' })).status).toBe(200)
    for (const name of ['carol', 'сarol', 'ｃａｒｏｌ'])
      expect(await register(name), name).toMatchObject({ status: 400, body: TAKEN })
    expect((await carol.patch(`${AUTH}/user/`, { username: 'ｃarol' })).body.username).toBe('carol')
  })
})

describe('a name', () => {
  it('is kept in NFKC, and its account found by any form of it', async () => {
    const { status, body } = await register('ﬁｎｎ')
    expect([status, body.user.username]).toEqual([201, 'finn'])
    for (const form of ['finn', 'ﬁnn', 'ｆｉｎｎ', ' finn '])
      expect((await tryLogin(form)).body.user?.username, form).toBe('finn')
    expect(await tryLogin('Finn')).toMatchObject({ status: 400, body: WRONG })
    expect(await tryLogin('ﬁnn', 'wrong')).toMatchObject({ status: 400, body: WRONG })
    const found = await bob.get(`/users/?username=${encodeURIComponent('ＦＩＮＮ')}`)
    expect(found.body.results).toEqual([{ id: body.user.pk, username: 'finn' }])
  })

  it('from before is as good as ever, also where two look alike; of these the older holds the look', async () => {
    const [older, younger, plain] = [await signUp('older'), await signUp('younger'), await signUp('plain')]
    const name = (id: number, username: string) =>
      stored(
        'update users set username = ?1, username_key = ?1, username_skeleton = null where id = ?2',
        username,
        id,
      )
    await name(older.id, 'ﬁona')
    await name(younger.id, 'fiona')
    await name(plain.id, 'heidi')
    for (let isDone = false; !isDone; ) isDone = await renewSearchKeys(openDb(env.DB, { primary: true }))
    expect(
      await stored(
        `select username, username_skeleton as look from users where id in (${older.id}, ${younger.id}, ${plain.id}) order by id`,
      ),
    ).toEqual([
      { username: 'ﬁona', look: 'fiona' },
      { username: 'fiona', look: null },
      { username: 'heidi', look: 'heidi' },
    ])
    expect((await tryLogin('ﬁona')).body.user.pk).toBe(older.id)
    expect((await tryLogin('fiona')).body.user.pk).toBe(younger.id)
    for (const taken of ['hеidi', 'Fiona', 'fiоna'])
      expect((await register(taken)).body, taken).toEqual(TAKEN)
    expect((await older.patch(`${AUTH}/user/`, { first_name: 'Fi' })).status).toBe(200)
  })

  it('is one account to those who guess, in whatever form', async () => {
    await register('gina')
    const tried = () => stored("select key from rate_limits where key like 'login_account:%'")
    await tryLogin('gina', 'wrong')
    const before = await tried()
    for (const form of ['ｇina', 'ｇｉｎａ', 'GINA']) await tryLogin(form, 'wrong')
    expect(await tried()).toEqual(before)
  })
})

describe('a password', () => {
  const NFC = 'Crème-brûlée-9'.normalize('NFC')
  const NFD = NFC.normalize('NFD')
  /** By `crypto.argon2Sync` of Node, with less memory and fewer passes than ours. */
  const HASH_OF_NFD =
    '$argon2id$v=19$m=1024,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$YeR9J/qwHEA2HwE2u4/CzIkM8TRMeReCkMjLXJ5I0Kc'

  it.each([
    ['NFC', NFC],
    ['NFD', NFD],
  ])('that was typed in %s is the same in the other form', async (form, password) => {
    expect((await register(`typed-${form}`, password)).status).toBe(201)
    for (const typed of [NFC, NFD]) await logIn({ username: `typed-${form}` }, typed)
    expect((await tryLogin(`typed-${form}`, 'Creme-brulee-9')).body).toEqual(WRONG)
  })

  it.each([
    ['NFC', NFC],
    ['NFD', NFD],
  ])('that was hashed in NFD still logs in, typed in %s, and is hashed anew', async (form, typed) => {
    const { id, username } = await signUp(`hashed-${form}`)
    await stored('update users set password_hash = ? where id = ?', HASH_OF_NFD, id)
    const hash = async () =>
      (await stored('select password_hash from users where id = ?', id))[0]?.password_hash
    expect((await tryLogin(username, 'Crème-brulée-9')).body).toEqual(WRONG)
    expect(await hash()).toBe(HASH_OF_NFD)
    await logIn({ username }, typed)
    const renewed = await hash()
    expect(renewed).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    for (const again of [NFC, NFD]) await logIn({ username }, again)
    expect(await hash(), 'hashed in NFC, which needs no other').toBe(renewed)
  })
})
