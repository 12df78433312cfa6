import { describe, expect, it } from 'vitest'
import { type Answer, anyone, signUp, stored } from '../client'

const countPosts = async () => (await stored<{ n: number }>('select count(*) as n from posts'))[0]?.n
const titles = ({ body }: Answer): string[] => body.results.map((post: { title: string }) => post.title)

describe('GET /posts/?search=', async () => {
  const [gina, björk] = await Promise.all([signUp('gina'), signUp('Björk')])
  const wanted = [
    'Mossy wool at 100%',
    'Mossy stones',
    'a_b snake',
    'axb snake',
    'He said "hullo, world"',
    "O'Brien",
    'ÉCOLE Été',
    'ΑΘΗΝΑ',
    '🎈 balloon',
    '日本語テキスト',
    'title:NOT OR near(* ^-',
    'zw',
  ]
  for (const title of wanted) await gina.post('/posts/', { title, content: 'contentsecret' })
  await björk.post('/posts/', { title: 'Isobel quuxal' })
  const search = async (words: string) =>
    titles(await anyone.get(`/posts/?search=${encodeURIComponent(words)}`))

  const found: [string, string[]][] = [
    ['mossy', ['Mossy stones', 'Mossy wool at 100%']],
    ['MOSSY', ['Mossy stones', 'Mossy wool at 100%']],
    ['osS', ['Mossy stones', 'Mossy wool at 100%']],
    ['mossy wool', ['Mossy wool at 100%']],
    ['wool,mossy', ['Mossy wool at 100%']],
    [' ,wool , ,mossy, ', ['Mossy wool at 100%']],
    ['mossy missing', []],
    ['100%', ['Mossy wool at 100%']],
    ['%', ['Mossy wool at 100%']],
    ['m%y', []],
    ['a_b', ['a_b snake']],
    ['_', ['a_b snake']],
    ['"', ['He said "hullo, world"']],
    ['"hullo', ['He said "hullo, world"']],
    ['"mossy wool"', []],
    ["'", ["O'Brien"]],
    ["o'brien", ["O'Brien"]],
    ["' or 1=1 --", []],
    ['école', ['ÉCOLE Été']],
    ['ecole', ['ÉCOLE Été']],
    ['Ｅcole', ['ÉCOLE Été']],
    ['e\u0301cole', ['ÉCOLE Été']],
    ['ÉTÉ', ['ÉCOLE Été']],
    ['αθηνα', ['ΑΘΗΝΑ']],
    ['🎈', ['🎈 balloon']],
    ['日本', ['日本語テキスト']],
    ['本語テ', ['日本語テキスト']],
    ['TITLE: near(* not', ['title:NOT OR near(* ^-']],
    ['zw', ['zw']],
    ['björk', ['Isobel quuxal']],
    ['BJÖ isobel', ['Isobel quuxal']],
    ['björk mossy', []],
    ['quuxalbj', []],
    ['contentsecret', []],
    ['mos\0sy wool', ['Mossy wool at 100%']],
  ]
  it.each(found)('%j', async (words, expected) => {
    expect(await search(words)).toEqual(expected)
  })

  it('nothing to look for finds everything', async () => {
    const all = await countPosts()
    for (const query of ['', 'search=', 'search=%00', 'search=%20,,%20', 'search']) {
      expect((await anyone.get(`/posts/?${query}`)).body.count).toBe(all)
    }
  })

  it('a % and a space that were not encoded are data', async () => {
    for (const query of ['search=mossy wool', 'search=100%', 'search=mossy+100%', 'search=100%&x=%zz']) {
      expect(titles(await anyone.get(`/posts/?${query}`))).toEqual(['Mossy wool at 100%'])
    }
    expect(titles(await anyone.get('/posts/?search=%zz'))).toEqual([])
  })

  it('combines with a filter and an ordering', async () => {
    const path = '/posts/?search=mossy'
    expect(titles(await anyone.get(`${path}&owner__profile=${gina.id}`))).toHaveLength(2)
    expect(titles(await anyone.get(`${path}&owner__profile=${björk.id}`))).toEqual([])
    expect(titles(await anyone.get(`${path}&ordering=created_at`))).toEqual([
      'Mossy wool at 100%',
      'Mossy stones',
    ])
    expect(titles(await anyone.get(`${path}&ordering=likes_count`))).toEqual([
      'Mossy stones',
      'Mossy wool at 100%',
    ])
  })

  it('as many words as one likes, if they repeat; else 60', async () => {
    const words = (n: number) => Array.from({ length: n }, (_, i) => `word${100 + i}`).join(' ')
    await gina.post('/posts/', { title: words(30) })
    expect(await search(words(30))).toHaveLength(1)
    expect(await search(`${words(30)} ${words(30)} ${words(30)} w wo wor`)).toHaveLength(1)
    expect(await search(words(60))).toEqual([])
    const tooMany = await anyone.get(`/posts/?search=${encodeURIComponent(words(61))}`)
    expect(tooMany.status).toBe(400)
    expect(tooMany.body).toEqual({ search: [expect.any(String)] })
  })

  it('follows new titles, deleted posts and renamed owners', async () => {
    const hanna = await signUp('hanna-olduser')
    const { body } = await hanna.post('/posts/', { title: 'Vellichor' })
    expect(await search('vellichor olduser')).toEqual(['Vellichor'])
    await hanna.patch(`/posts/${body.id}/`, { title: 'Petrichor' })
    expect(await search('vellichor')).toEqual([])
    expect(await search('petrichor olduser')).toEqual(['Petrichor'])
    expect((await hanna.patch('/dj-rest-auth/user/', { username: 'Hanna-Ünique' })).status).toBe(200)
    expect(await search('olduser')).toEqual([])
    expect(await search('ünique')).toEqual(['Petrichor'])
    expect(await search('petrichor ünique')).toEqual(['Petrichor'])
    await hanna.delete(`/posts/${body.id}/`)
    expect(await search('petrichor')).toEqual([])
  })
})
