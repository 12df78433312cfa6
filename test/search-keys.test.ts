/** Search keys: one folding for what is searched and what it is searched by, and old rows that come to have it. */
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { openDb } from '../src/db/client'
import { renewSearchKeys } from '../src/db/search-keys'
import { searchKey } from '../src/db/text'
import { type Answer, anyone, signUp, stored } from './client'

const [alice, bob] = await Promise.all([signUp('alice'), signUp('Bøb-İstanbul')])
const titles = ({ body }: Answer): string[] => body.results.map((post: { title: string }) => post.title)
const found = async (words: string) => titles(await anyone.get(`/posts/?search=${encodeURIComponent(words)}`))

describe('searchKey', () => {
  it.each([
    ['cafe', 'CAFÉ', 'café', 'cafe\u0301', 'ｃａｆｅ', 'ca\u00adfe'],
    ['strasse', 'Straße', 'STRASSE', 'STRAẞE'],
    ['istanbul', 'İstanbul', 'ISTANBUL', 'ıstanbul'],
    ['odos', 'Odos', 'ODOS'],
    ['οδοσ', 'ΟΔΟΣ', 'οδος', 'Οδός'],
    ['fire', 'ﬁre', 'FIRE', 'ﬁRE'],
    ['がくせい', 'か\u3099くせい'],
    ['हिन्दी', 'हिन्दी'],
  ])('%s', (key, ...texts) => {
    for (const text of [key, ...texts]) expect(searchKey(text), text).toBe(searchKey(key))
  })

  it('keeps what makes other words: voicing of kana, vowels of Devanagari', () => {
    expect(searchKey('がく')).not.toBe(searchKey('かく'))
    expect(searchKey('कि')).not.toBe(searchKey('क'))
  })

  it('of every character: once is enough, and case makes no difference', () => {
    const wrong: string[] = []
    for (let code = 0; code <= 0x10ffff; code++) {
      if (code >= 0xd800 && code < 0xe000) continue
      const character = String.fromCodePoint(code)
      const key = searchKey(character)
      if (searchKey(key) !== key) wrong.push(`${code.toString(16)}: twice`)
      if (searchKey(character.toUpperCase()) !== key) wrong.push(`${code.toString(16)}: upper`)
      if (searchKey(character.toLowerCase()) !== key) wrong.push(`${code.toString(16)}: lower`)
    }
    expect(wrong).toEqual([])
  })
})

it('titles and names are found in any form', async () => {
  await alice.post('/posts/', { title: 'Café in der Straße' })
  await bob.post('/posts/', { title: 'Ｆｕｌｌ ﬁre' })
  for (const words of ['cafe', 'CAFÉ', 'cafe\u0301', 'strasse', 'STRAẞE', 'caf straß'])
    expect(await found(words), words).toEqual(['Café in der Straße'])
  for (const words of ['full', 'FIRE', 'istanbul fire', 'İSTANBUL', 'bøb ｆｕｌ'])
    expect(await found(words), words).toEqual(['Ｆｕｌｌ ﬁre'])
  await alice.post(`/messages/${bob.id}/send/`, { content: 'hello' })
  for (const name of ['istanbul', 'İSTAN', 'ｂøb'])
    expect((await alice.get(`/messages/?search=${encodeURIComponent(name)}`)).body, name).toHaveLength(1)
  expect((await alice.get('/messages/?search=ankara')).body).toEqual([])
})

it('rows of before are renewed in pieces, once', async () => {
  await stored(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < 6000)
     insert into posts (id, owner_id, title, title_key, created_at, updated_at)
     select 1000 + i, ${alice.id}, 'Élan vital ' || i, 'élan vital ' || i, i, i from n`,
  )
  await env.DB.prepare(`update users set search_key = 'bøb-i̇stanbul' where id = ?`).bind(bob.id).run()
  expect(await found('elan vital 6000')).toEqual([])
  const db = () => openDb(env.DB, { primary: true })
  expect(await renewSearchKeys(db())).toBe(false)
  expect(await found('elan vital 3001')).toEqual(['Élan vital 3001'])
  expect(await renewSearchKeys(db())).toBe(true)
  expect(await found('elan vital 6000')).toEqual(['Élan vital 6000'])
  expect(await found('istanbul')).toHaveLength(1)
  const again = db()
  expect(await renewSearchKeys(again)).toBe(true)
  expect(again.usage.rowsWritten).toBe(0)
})
