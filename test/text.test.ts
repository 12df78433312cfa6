/** Text and addresses as people and programs really send them: what shows nothing, what controls, what must stay. */
import { describe, expect, it } from 'vitest'
import { AUTH, logIn } from './auth-helpers'
import { anyone, form, PASSWORD, type Person, signUp, stored } from './client'
import { png } from './fixtures/images'

const [alice, bob] = await Promise.all([signUp('alice'), signUp('bob')])
const { id: post } = (await bob.post('/posts/', { title: 'For comments' })).body

const NOT_BLANK = ['This field may not be blank.']
const EMPTY = { non_field_errors: ['A message needs content or an image.'] }
const REGISTRATION = `${AUTH}/registration/`
const register = (fields: Record<string, unknown>) =>
  anyone.post(REGISTRATION, { username: 'x', password1: PASSWORD, password2: PASSWORD, ...fields })

const INVISIBLE: [string, string][] = [
  ['zero-width space', '\u200b'],
  ['braille without dots', '\u2800'],
  ['Hangul filler', '\u3164'],
  ['half-width Hangul filler', '\uffa0'],
  ['Hangul choseong filler', '\u115f'],
  ['Hangul jungseong filler', '\u1160'],
  ['soft hyphen', '\u00ad'],
  ['byte order mark', '\ufeff'],
  ['next line', '\u0085'],
  ['no-break space', '\u00a0'],
  ['ideographic space', '\u3000'],
  ['line separator', '\u2028'],
  ['Mongolian vowel separator', '\u180e'],
  ['word joiner', '\u2060'],
  ['joiners alone', '\u200d\u200c'],
  ['a variation selector alone', '\ufe0f'],
  ['tags alone', '\u{e0067}\u{e0062}\u{e007f}'],
  ['combining grapheme joiner', '\u034f'],
  ['directions', '\u202e\u202c\u2066\u2069'],
  ['interlinear marks', '\ufff9\ufffb'],
  ['a C1 control', '\u0091'],
  ['several of them', ' \u200b\u2800 \u00ad\n'],
]

describe('text that shows nothing', () => {
  it.each(INVISIBLE)('is blank: %s', async (_, blank) => {
    const before = await stored('select id from comments union all select id from messages')
    expect(await alice.post('/posts/', { title: blank })).toMatchObject({
      status: 400,
      body: { title: NOT_BLANK },
    })
    expect(await alice.post('/posts/', form({ title: blank }))).toMatchObject({
      status: 400,
      body: { title: NOT_BLANK },
    })
    expect(await alice.post('/comments/', { post, content: blank })).toMatchObject({
      status: 400,
      body: { content: NOT_BLANK },
    })
    expect(await alice.post(`/messages/${bob.id}/send/`, { content: blank })).toMatchObject({
      status: 400,
      body: EMPTY,
    })
    expect(await register({ username: blank })).toMatchObject({ status: 400, body: { username: NOT_BLANK } })
    expect(await register({ password1: blank })).toMatchObject({
      status: 400,
      body: { password1: NOT_BLANK },
    })
    expect(await alice.patch(`/profiles/${alice.id}/`, { name: blank })).toMatchObject({
      status: 200,
      body: { name: '' },
    })
    expect(await stored('select id from comments union all select id from messages')).toEqual(before)
  })

  it('beside an image is no text', async () => {
    const sent = await alice.post(
      `/messages/${bob.id}/send/`,
      form({ content: '\u200b', image: new File([png()], 'x.png') }),
    )
    expect(sent).toMatchObject({ status: 201, body: { content: '' } })
  })

  it.each([
    ['\u0085x\u0085', 'x'],
    ['\u00a0\u2003x\u3000\u2029', 'x'],
    ['\ufeffx\ufeff', 'x'],
    ['\tx\n', 'x'],
  ])('spaces of all kinds are trimmed: %j', async (sent, kept) => {
    expect((await alice.post('/posts/', { title: sent })).body.title).toBe(kept)
  })

  it('many spaces inside of a text take no longer than they are many', async () => {
    const content = `x${' '.repeat(99_998)}x`
    expect((await alice.post('/posts/', { title: 'Spaces', content })).body.content).toBe(content)
  })

  it.each([
    ['a family', '👩‍👩‍👧'],
    ['a heart in colour', '❤️'],
    ['a flag by tags', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    ['a skin tone', '👍🏽'],
    ['a keycap', '1️⃣'],
    ['Persian, with a non-joiner', 'می‌خواهم'],
    ['Sinhala, with a joiner', 'ශ්‍රී'],
    ['a soft hyphen inside', 'hy\u00adphen'],
    ['an accent alone', '\u0301'],
    ['an Arabic sign that is a format character', '\u0600'],
    ['right to left', '\u200fשלום'],
    ['braille', '⠃\u2800⠃'],
  ])('what shows stays as it is: %s', async (_, title) => {
    expect((await alice.post('/posts/', { title })).body.title).toBe(title)
  })
})

describe('control characters', () => {
  const CONTROLS = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code))
  const refused = [...CONTROLS.filter((c) => !'\0\t\n\r'.includes(c)), '\x7f']
  const MESSAGE = ['Control characters are not allowed.']

  it('of C0, and DEL, are refused in text, each in its field', async () => {
    expect(refused).toHaveLength(29)
    for (const control of refused) {
      // Two of them are spaces too, and trimmed.
      for (const text of [`a${control}b`, ...('\v\f'.includes(control) ? [] : [control])]) {
        const answer = await alice.post('/posts/', { title: text, content: text })
        expect(answer, JSON.stringify(text)).toMatchObject({
          status: 400,
          body: { title: MESSAGE, content: MESSAGE },
        })
      }
    }
    for (const [path, field] of [
      ['/comments/', 'content'],
      [`/messages/${bob.id}/send/`, 'content'],
    ] as const) {
      const answer = await alice.post(path, { post, [field]: 'a\x1bb' })
      expect(answer).toMatchObject({ status: 400, body: { [field]: MESSAGE } })
    }
    const names = { first_name: '\x07', last_name: 'a\x7f' }
    expect(await alice.patch(`${AUTH}/user/`, names)).toMatchObject({
      status: 400,
      body: { first_name: MESSAGE, last_name: MESSAGE },
    })
  })

  it('NUL has its own words', async () => {
    expect((await alice.post('/posts/', { title: 'a\0b' })).body).toEqual({
      title: ['Null characters are not allowed.'],
    })
  })

  it('tabs and line feeds stay; a line break is one, however it was sent', async () => {
    for (const [sent, kept] of [
      ['a\tb\nc', 'a\tb\nc'],
      ['a\r\nb', 'a\nb'],
      ['a\rb\r\rc', 'a\nb\n\nc'],
    ] as const) {
      for (const body of [{ title: 'x', content: sent }, form({ title: 'x', content: sent })])
        expect((await alice.post('/posts/', body)).body.content, JSON.stringify(sent)).toBe(kept)
    }
    // 255 characters of which one is a line break.
    const title = `${'x'.repeat(127)}\r\n${'x'.repeat(127)}`
    expect((await alice.post('/posts/', { title })).body.title).toHaveLength(255)
  })

  it('may be in a password, as nobody reads it', async () => {
    const password = 'Zx9!\x07kk\r\nqwPlum'
    await signUp('tinker', { password1: password, password2: password })
    await logIn({ username: 'tinker' }, password)
  })
})

describe('usernames', () => {
  const INVALID = [
    'Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.',
  ]
  const hidden = INVISIBLE.filter(([, blank]) => !/\s/.test(blank))
  it.each(hidden)('hold nothing that does not show: %s', async (_, blank) => {
    for (const username of [`alice${blank}`, `al${blank}ice`, `${blank}alice`]) {
      const answer = await register({ username })
      expect(answer.status, JSON.stringify(username)).toBe(400)
      // What is trimmed leaves a name that is taken.
      const taken =
        username.trim().replaceAll('\u0085', '') === 'alice' &&
        blank === '\u0085' &&
        !username.startsWith('al\u0085')
      expect(answer.body.username).toEqual(taken ? ['A user with that username already exists.'] : INVALID)
      if (!taken) expect((await alice.put(`${AUTH}/user/`, { username })).body.username).toEqual(INVALID)
    }
  })

  it('of all scripts are taken', async () => {
    for (const username of ['Жанна', '日本語', 'עברית', '한국어', 'ελλάς'])
      expect((await register({ username })).status, username).toBe(201)
  })

  it('that were made before can still log in', async () => {
    const old: Person = await signUp('older')
    await stored('update users set username = ?1, username_key = ?1 where id = ?2', 'older\u3164', old.id)
    await logIn({ username: 'older\u3164' })
  })
})

describe('e-mail addresses', () => {
  let count = 0
  const withEmail = (email: string) => register({ username: `mail${count++}`, email })
  const BAD = { email: ['Enter a valid email address.'] }
  const TAKEN = { email: ['A user is already registered with this e-mail address.'] }

  it.each([
    'user@münchen.de',
    'пользователь@почта.рф',
    'user@xn--80a1acny.xn--p1ai',
    'a&b@example.com',
    "user'@example.com",
    "o'neil+tag@example.com",
    '!#$%&*/=?^_`{|}~-@example.com',
    'a..b@docomo.ne.jp',
    '.a.@example.com',
    '用户@例子.广告',
    '"quoted local"@example.com',
    'x@a-b.co.uk',
    'x@1.example',
    `${'l'.repeat(64)}@example.com`,
  ])('%s is one', async (email) => {
    const { status, body } = await withEmail(email)
    expect([status, body.user?.email]).toEqual([201, email])
    expect(await withEmail(email)).toMatchObject({ status: 400, body: TAKEN })
  })

  it.each([
    'x',
    '@example.com',
    'x@',
    'x@localhost',
    'x@example',
    'x@.com',
    'x@example..com',
    'x@-a.com',
    'x@a-.com',
    'x@a_b.com',
    'x y@example.com',
    'x@exam ple.com',
    'x@example.com, y@example.com',
    'x@@example.com',
    'x@y@example.com',
    '<x@example.com>',
    'x@1.2.3.4',
    'x@example.1',
    'x@ex%61mple.com',
    'x@example.com/',
    'x@example.com:25',
    'x@example.com?',
    'x@example.com#',
    'x\u200b@example.com',
    'x@exam\u00adple.com',
    'x\u00a0@example.com',
    `${'l'.repeat(65)}@example.com`,
    `${'ж'.repeat(33)}@example.com`,
    `x@${'a'.repeat(64)}.com`,
    '"open@example.com',
    '"a\\"@example.com',
    'x@[127.0.0.1]',
    'x\\@example.com',
  ])('%s is none', async (email) => {
    expect(await withEmail(email)).toMatchObject({ status: 400, body: BAD })
  })

  it('are the same in any case, and in either form of their domain', async () => {
    for (const [first, ...same] of [
      ['ada@bücher.example', 'ADA@BÜCHER.example', 'ada@xn--bcher-kva.example', 'Ada@bu\u0308cher.EXAMPLE'],
      ['жанна@пример.испытание', 'ЖАННА@xn--e1afmkfd.xn--80akhbyknj4f'],
      ['éva@example.com', 'e\u0301va@example.com'],
      ['full@example.net', 'full@ｅｘａｍｐｌｅ.net', 'full@example。net'],
    ] as const) {
      expect((await withEmail(first)).status, first).toBe(201)
      for (const email of same)
        expect(await withEmail(email), email).toMatchObject({ status: 400, body: TAKEN })
    }
  })

  it('are what a reset looks for, by the domain’s form on the wire too', async () => {
    const eve = await signUp('eve', { email: 'eve@café.example' })
    for (const email of ['eve@café.example', 'EVE@xn--caf-dma.example'])
      expect((await anyone.post(`${AUTH}/password/reset/`, { email })).status).toBe(200)
    expect(await stored('select user_id from password_resets')).toEqual([
      { user_id: eve.id },
      { user_id: eve.id },
    ])
  })
})
