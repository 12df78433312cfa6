/**
 * What happened in the recorded session between the cases that were kept: the step named after a case runs before it.
 * Ids count up, so these are also what gives everything the id that it has in the recording.
 */
import { vi } from 'vitest'
import { logIn } from '../auth-helpers'
import { type Answer, client, form, signUp, stored } from '../client'
import type { Json } from './cases'
import { ORIGIN } from './cases'
import { file } from './files'
import { keysOf, mint, remember } from './tokens'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const as = (username: string) => client({ authorization: `Bearer ${keysOf(username).access}` })

async function register(...usernames: string[]): Promise<void> {
  for (const username of usernames) remember(username, await signUp(username))
}

async function done(status: number, answering: Promise<Answer>): Promise<void> {
  const answer = await answering
  if (answer.status !== status)
    throw new Error(`a step answered ${answer.status}: ${JSON.stringify(answer.body)}`)
}

type Fields = Record<string, Json | File>

/** Fields with a file go as a form. */
const bodyOf = (fields: Fields) =>
  Object.values(fields).some((value) => value instanceof File)
    ? form(fields as Record<string, string | File>)
    : fields

const create = (who: string, path: string, fields: Fields) =>
  done(201, as(who).post(`${ORIGIN}${path}`, bodyOf(fields)))
const change = (who: string, path: string, fields: Fields) =>
  done(200, as(who).patch(`${ORIGIN}${path}`, bodyOf(fields)))
const remove = (who: string, path: string) => done(204, as(who).delete(`${ORIGIN}${path}`))

const post = (who: string, title: string, fields: Fields = {}) => create(who, '/posts/', { title, ...fields })
const like = (who: string, id: number) => create(who, '/likes/', { post: id })
const comment = (who: string, id: number, content: string) => create(who, '/comments/', { post: id, content })
const send = (who: string, to: number, content: string) => create(who, `/messages/${to}/send/`, { content })

async function posts(who: string, ...titles: string[]): Promise<void> {
  for (const title of titles) await post(who, title)
}

/** The recording looked at its comments in the minute in which they were written. */
const justNow = () =>
  stored('UPDATE comments SET created_at = ?1, updated_at = ?1 WHERE id > 0', Date.now() - 1000)

/** Moves the first comment back in time: no call can. It was last changed an hour ago. */
const commentAge = (created: number) => async () => {
  const now = Date.now()
  await stored(
    'UPDATE comments SET created_at = ?, updated_at = ? WHERE id = 1',
    now - created,
    now - 61 * MINUTE,
  )
}

/** Goes to a time after now; tokens of now would have expired. */
const later = (milliseconds: number, who: string, userId: number) => async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds })
  remember(who, { ...keysOf(who), access: await mint({ userId }) })
}

export const STEPS: Record<string, () => Promise<unknown>> = {
  'reg: ok dave': () => register('bob', 'Carol'),
  'reg: username 150 chars': () => register('Ünïcødé', 'seventh', 'z'),
  'reg: email duplicate': async () =>
    remember('mail4', await signUp('mail4', { email: 'mail4@example.com' })),
  'reg: while signed in': () => register('multiuser'),
  'login: inactive user': () => stored("UPDATE users SET is_active = 0 WHERE username = 'z'"),

  'user: PATCH names': () => change('alice', '/dj-rest-auth/user/', { username: 'alice' }),
  'user: PUT multipart back': () => change('alice', '/dj-rest-auth/user/', { username: 'alice3' }),
  'pwchange: login old password': () =>
    done(
      200,
      as('dave').post('/dj-rest-auth/password/change/', {
        new_password1: 'Qw8#mmztRust',
        new_password2: 'Qw8#mmztRust',
      }),
    ),

  // In the original her token outlived the logout, and was used to the end of the recording.
  'users: list anon': async () => remember('Carol', await logIn({ username: 'Carol' })),

  'post create: urlencoded': async () => {
    await post('alice', 'Alpha sunrise')
    await post('alice', 'Beta', { content: 'second', image: file('small.png'), image_filter: 'walden' })
    await post('bob', 'Gamma sunset', { content: 'bob writes', image: file('small.jpg') })
  },
  'post create: GIF': () => post('Carol', 'Epsilon'),
  // Two stand for the BMP and the TIFF that ours refuses.
  'post create: empty body': () => posts('alice', 'bmp', 'tiff', 'ten', 'eleven', 'twelve', 'thirteen'),
  'post create: image multipart empty string': () => posts('alice', 'sixteen'),
  'post create: png named x.jpg': () => posts('alice', 'eighteen'),
  'post create: image 4096x4096': async () => {
    await post('alice', 'twenty')
    await remove('alice', '/posts/20/')
    await post('alice', 'x', { image: file('exact2mib.jpg') })
  },
  // Stands for the post of 3 MB that ours refuses.
  'post delete: own big3': () => posts('alice', 'big'),

  'like create: third on a1 by dave': async () => {
    await like('bob', 1)
    await like('Carol', 1)
    await like('bob', 3)
    await like('alice', 3)
  },
  'like list: anon': async () => {
    await like('dave', 2)
    await remove('dave', '/likes/6/')
    await like('dave', 3)
  },

  'comment create: ok on b1 by alice, urlencoded': () => comment('bob', 1, 'first!'),
  'comment create: content number': () => comment('Carol', 3, 'multi comment'),
  'comment list: anon': async () => {
    await comment('bob', 1, '<script>alert(1)</script>')
    await justNow()
  },
  'comment list: ?post= blank': justNow,
  'comment list: ?search=form (ignored?)': justNow,
  'comment detail: owner': justNow,
  'comment detail: naturaltime 3d2h5m / 61min': async () => {
    await change('bob', '/comments/1/', { content: 'patched' })
    await commentAge(3 * DAY + 2 * HOUR + 5 * MINUTE)()
  },
  'comment detail: naturaltime 90 s': commentAge(90_000),
  'comment detail: naturaltime 8 d': commentAge(8 * DAY),
  'comment detail: naturaltime 40 d': commentAge(40 * DAY),
  'comment detail: naturaltime 400 d': commentAge(400 * DAY),

  'follow create: ok bob->alice "id" string': () => create('alice', '/followers/', { followed: 3 }),

  'post put: blank image part keeps image': () =>
    change('alice', '/posts/2/', { content: 'c', image: file('small.jpg') }),
  'cascade: delete post': async () => {
    await posts('dave', 'twenty-six')
    await remove('dave', '/posts/26/')
    await posts('dave', 'twenty-seven')
    await like('dave', 2)
    await remove('dave', '/likes/8/')
    await like('dave', 27)
    await comment('dave', 27, 'sixth')
  },
  'profile list: anon': () => remove('bob', '/posts/4/'),

  // Stands for the image of 4097 pixels that the original took.
  'user: GET shows new profile image': () => change('alice', '/profiles/1/', { image: file('max4096.png') }),

  'msg send: content number': async () => {
    for (const text of ['hello bob', 'by form', 'by urlencoded', 'four', 'five', 'six', 'seven'])
      await send('alice', 2, text)
  },
  'msg send: content 50 chars': () => send('alice', 2, 'nine'),
  'msg send: image png + text': async () => {
    for (const text of ['eleven', 'twelve', 'thirteen']) await send('alice', 2, text)
  },
  'msg send: image named without extension': async () => {
    for (const text of ['sixteen', 'seventeen']) await send('alice', 2, text)
  },
  'msg send: image width 4097, fine?': () => send('alice', 2, 'twenty'),
  'msg list: alice': async () => {
    await create('alice', '/messages/3/start/', { content: 'Chat started' })
    await create('alice', '/messages/3/send/', { content: 'pic', image: file('small.png') })
    await send('dave', 2, 'not for alice')
  },
  'msg list: last_message_time at age 23h': async () => {
    await remove('alice', '/messages/24/delete/')
    await later(23 * HOUR, 'Carol', 3)()
  },
  'msg list: last_message_time at age 366d': later((366 * 24 - 23) * HOUR, 'Carol', 3),
  'msg update: PATCH content': async () => vi.useRealTimers(),
  'msg update: PUT {}': () => change('alice', '/messages/1/update/', { content: 'put' }),
}
