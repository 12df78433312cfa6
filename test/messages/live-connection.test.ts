import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { ACCESS, AUTH, callWith, decodeJwt, jwt, logIn, REFRESH } from '../auth-helpers'
import { anyone, call, client, ORIGIN, PASSWORD, type Person, signUp, stored } from '../client'
import { breakDb, once } from '../faulty-db'
import { NOT_SIGNED_IN } from '../fixtures/answers'
import { signUpPair } from '../fixtures/factories'
import { say } from '../fixtures/messages'
import { conversationOf, expectAlive, listen, listening, refusal, upgrade } from '../sockets'

const HERE = { origin: 'http://localhost:3000' }
const bearer = (access: string) => ({ authorization: `Bearer ${access}` })
const carol = await signUp('carol')

describe('GET /messages/:id/live/, the upgrade', async () => {
  const [alice, bob] = await signUpPair()
  const path = `/messages/${bob.id}/live/`
  const cookie = `${ACCESS}=${alice.access}`

  it('refuses who is not signed in, whatever the URL holds', async () => {
    expect(await refusal(path, {})).toMatchObject({ status: 401, body: NOT_SIGNED_IN })
    for (const name of ['token', 'access', 'access_token', 'authorization', ACCESS]) {
      const answer = await refusal(`${path}?${name}=${alice.access}`, {})
      expect(answer).toMatchObject({ status: 401, body: NOT_SIGNED_IN })
    }
    expect((await refusal(path, { authorization: 'Bearer garbage' })).status).toBe(401)
    expect((await refusal(path, { 'sec-websocket-protocol': 'bearer, garbage' })).status).toBe(401)
    expect((await refusal(path, { 'sec-websocket-protocol': `bearer, ${alice.refresh}` })).status).toBe(401)
    expect((await refusal(path, { 'sec-websocket-protocol': `token, ${alice.access}` })).status).toBe(401)
  })

  it('takes the cookie from a page that is known only, or from no page', async () => {
    for (const origin of ['http://evil.test', 'null', `${ORIGIN}.evil.test`]) {
      expect(await refusal(path, { cookie, origin })).toMatchObject({
        status: 403,
        body: { detail: 'You do not have permission to perform this action.' },
      })
    }
    expect((await refusal(path, { cookie, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    for (const headers of [HERE, { origin: ORIGIN }, {} as Record<string, string>]) {
      const socket = await listen(alice, bob, { headers: { cookie, ...headers } })
      expect((await socket.until('ready')).seq).toBe(0)
      socket.close()
    }
  })

  it('takes a token as a subprotocol, from anywhere, and does not send it back', async () => {
    const protocol = { 'sec-websocket-protocol': `bearer, ${alice.access}`, origin: 'http://elsewhere.test' }
    const response = await upgrade(path, protocol)
    expect(response.status).toBe(101)
    expect(response.headers.get('sec-websocket-protocol')).toBe('bearer')
    await listening(response).until('ready')
    const bare = await upgrade(path, alice.headers)
    expect([bare.status, bare.headers.has('sec-websocket-protocol')]).toEqual([101, false])
    const other = await upgrade(path, { ...alice.headers, 'sec-websocket-protocol': 'chat' })
    expect([other.status, other.headers.has('sec-websocket-protocol')]).toEqual([101, false])
  })

  it('renews a browser whose access cookie is gone', async () => {
    const { refresh } = await logIn(alice)
    const response = await upgrade(path, { cookie: `${REFRESH}=${refresh}`, ...HERE })
    expect(response.status).toBe(101)
    expect(response.headers.get('set-cookie')).toContain(ACCESS)
    await listening(response).until('ready')
  })

  it('404 for nobody, for oneself, and before all else that may be wrong', async () => {
    for (const id of [999_999, alice.id, 0, '99999999999999999999']) {
      const answer = await refusal(`/messages/${id}/live/?since=x`, alice.headers)
      expect(answer).toMatchObject({ status: 404, body: { detail: 'Not found.' } })
    }
    expect((await call('GET', '/messages/999999/live/', { headers: alice.headers })).status).toBe(404)
    const gone = await signUp('gone')
    await stored('delete from users where id = ?', gone.id)
    expect((await refusal(path, gone.headers)).status).toBe(401)
  })

  it('426 for what is no upgrade, 400 for a since that is no number', async () => {
    const plain = await call('GET', path, { headers: alice.headers })
    expect(plain).toMatchObject({ status: 426, body: { detail: 'This path speaks WebSocket only.' } })
    expect(plain.headers.get('upgrade')).toBe('websocket')
    expect((await call('GET', path, { headers: { ...alice.headers, upgrade: 'h2c' } })).status).toBe(426)
    const stranger = await signUp('stranger')
    await call('GET', `/messages/${stranger.id}/live/`, { headers: alice.headers })
    const pair = await stored('select 1 from conversations where user_b = ?', stranger.id)
    expect(pair).toEqual([])
    for (const since of ['x', '-1', '1.5', '1e3', '']) {
      const answer = await refusal(`${path}?since=${since}`, alice.headers)
      expect(answer).toMatchObject({ status: 400, body: { since: ['A valid integer is required.'] } })
    }
  })

  it('works below /api and without the final slash, and no other method', async () => {
    for (const at of [`/api${path}`, path.slice(0, -1)]) {
      const response = await upgrade(at, alice.headers)
      await listening(response).until('ready')
    }
    expect((await alice.post(path)).status).toBe(405)
  })

  it('20 sockets a user, however fast they come; the 21st is told 429', async () => {
    const [dave, erin] = await signUpPair()
    const answers = await Promise.all(
      Array.from({ length: 25 }, () => upgrade(`/messages/${erin.id}/live/`, dave.headers)),
    )
    const open = answers.filter(({ status }) => status === 101).map(listening)
    const refused = answers.filter(({ status }) => status === 429)
    expect([open.length, refused.length]).toEqual([20, 5])
    expect(refused[0]?.headers.get('retry-after')).toBe('60')
    expect(await refused[0]?.json()).toEqual({
      detail: 'Request was throttled. Expected available in 60 seconds.',
    })
    // The other person, and another conversation, have their own.
    await listen(erin, dave)
    await listen(dave, carol)
    open[0]?.close()
    await open[0]?.closed
    const again = await listen(dave, erin)
    await expectAlive(again, erin, dave)
  })

  it('503 where D1 is out of reach', async () => {
    const [dave, erin] = await signUpPair()
    await breakDb(conversationOf(dave, erin), once('before'))
    const answer = await refusal(`/messages/${erin.id}/live/`, dave.headers)
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
    await listen(dave, erin)
  })
})

describe('the end of a socket', () => {
  const tokenFor = async (person: Person, seconds: number) => {
    const { claims } = decodeJwt(person.access)
    return jwt({ ...claims, exp: Math.floor(Date.now() / 1000) + seconds })
  }

  it('comes with the end of the access token, by itself: 4401, and the next one goes on from there', async () => {
    const [alice, bob] = await signUpPair()
    const stays = await listen(alice, bob)
    const ends = await listen(alice, bob, { headers: bearer(await tokenFor(alice, 2)) })
    await say(bob, alice, 'one')
    await ends.until('message')
    expect(await ends.closed).toEqual({ code: 4401, reason: 'token expired' })
    const { seq } = await say(bob, alice, 'missed')
    const next = await listen(alice, bob, { since: 1 })
    expect((await next.until('message')).seq).toBe(seq)
    await expectAlive(stays, bob, alice)
  })

  it('comes when the alarm finds it, after an eviction too', async () => {
    const [alice, bob] = await signUpPair()
    const stays = await listen(alice, bob)
    await runInDurableObject(conversationOf(alice, bob), async (_, { storage }) => storage.deleteAlarm())
    const ends = await listen(alice, bob, { headers: bearer(await tokenFor(alice, 1)) })
    await evictDurableObject(conversationOf(alice, bob))
    await runDurableObjectAlarm(conversationOf(alice, bob))
    expect((await ends.closed).code).toBe(4401)
    await expectAlive(stays, bob, alice)
    // The next to end is waited for.
    const alarm = await runInDurableObject(conversationOf(alice, bob), (_, { storage }) => storage.getAlarm())
    expect(alarm).toBe(decodeJwt(alice.access).claims.exp * 1000)
  })

  it('an expired token neither hears nor says anything, alarm or not', async () => {
    const [alice, bob] = await signUpPair()
    const [hears, says] = [
      await listen(alice, bob, { headers: bearer(await tokenFor(alice, 2)) }),
      await listen(bob, alice, { headers: bearer(await tokenFor(bob, 2)) }),
    ]
    await runInDurableObject(conversationOf(alice, bob), async (_, { storage }) => storage.deleteAlarm())
    await new Promise((done) => setTimeout(done, 2_100))
    says.send({ type: 'send', content: 'late', key: 'late' })
    expect((await says.closed).code).toBe(4401)
    await say(bob, alice, 'not for who has no token')
    expect((await hears.closed).code).toBe(4401)
    expect(hears.changes()).toEqual([])
    expect((await bob.get(`/messages/${alice.id}/`)).body.count).toBe(1)
  })

  it('a token that outlives its session opens no more of them', async () => {
    const [alice, bob] = await signUpPair()
    const session = await logIn(alice)
    await anyone.post(`${AUTH}/logout/`, {}, { cookie: `${REFRESH}=${session.refresh}` })
    const path = `/messages/${bob.id}/live/`
    expect((await refusal(path, bearer(session.access))).status).toBe(401)
    expect((await upgrade(path, alice.headers)).status).toBe(101)
  })

  it('logout closes those of the session, in every conversation, and no others', async () => {
    const [alice, bob] = await signUpPair()
    const session = await logIn(alice)
    const ends = await Promise.all(
      [bob, carol].map((other) => listen(alice, other, { headers: bearer(session.access) })),
    )
    const stay = [await listen(alice, bob), await listen(bob, alice)]
    await anyone.post(`${AUTH}/logout/`, {}, { cookie: `${REFRESH}=${session.refresh}` })
    for (const socket of ends) expect(await socket.closed).toEqual({ code: 4401, reason: 'signed out' })
    for (const socket of stay) await expectAlive(socket, bob, alice)
  })

  it('a new password closes all but those of the session that set it', async () => {
    const [alice, bob] = await signUpPair()
    const [here, elsewhere] = [await logIn(alice), await logIn(alice)]
    const stays = await listen(alice, bob, { headers: bearer(here.access) })
    const ends = await listen(alice, bob, { headers: bearer(elsewhere.access) })
    const theirs = await listen(bob, alice)
    const fields = { new_password1: `${PASSWORD}2`, new_password2: `${PASSWORD}2` }
    expect((await anyone.post(`${AUTH}/password/change/`, fields, bearer(here.access))).status).toBe(200)
    expect((await ends.closed).code).toBe(4401)
    await expectAlive(stays, bob, alice)
    const stillHere = { ...alice, ...client(bearer(here.access)) }
    await expectAlive(theirs, stillHere, bob)
  })

  it('a password that was forgotten and set anew closes all of that user', async () => {
    const [alice, bob] = await signUpPair()
    await stored(
      "update users set email = 'a@example.com', email_key = 'a@example.com' where id = ?",
      alice.id,
    )
    const ends = [await listen(alice, bob), await listen(alice, carol)]
    const stays = await listen(bob, alice)
    const mails: { text: string }[] = []
    const SEND_EMAIL = { send: async (mail: { text: string }) => void mails.push(mail) }
    const bindings = { SEND_EMAIL, MAIL_FROM: 'noreply@example.com' }
    await callWith(bindings, 'POST', `${AUTH}/password/reset/`, { body: { email: 'a@example.com' } })
    const { searchParams } = new URL(/https?:\S+/.exec(mails[0]?.text ?? '')?.[0] ?? '')
    const fields = { new_password1: `${PASSWORD}2`, new_password2: `${PASSWORD}2` }
    const answer = await anyone.post(`${AUTH}/password/reset/confirm/`, {
      ...Object.fromEntries(searchParams),
      ...fields,
    })
    expect([answer.status, answer.body]).toMatchObject([200, {}])
    for (const socket of ends) expect((await socket.closed).code).toBe(4401)
    const back = await logIn(alice, `${PASSWORD}2`)
    await expectAlive(stays, { ...alice, ...client(bearer(back.access)) }, bob)
  })

  it('a user who is gone, inactive, or signed out where nobody was told, at the alarm', async () => {
    const [alice, bob] = await signUpPair()
    const [dave, erin] = await signUpPair()
    const session = await logIn(alice)
    const ends = [await listen(alice, bob, { headers: bearer(session.access) }), await listen(dave, erin)]
    const stay = [await listen(alice, bob), await listen(bob, alice)]
    await stored(
      "update sessions set revoked_at = 1 where user_id = ? and jti_hash like ? || '%'",
      alice.id,
      decodeJwt(session.access).claims.jti.split('.')[0],
    )
    await stored('update users set is_active = 0 where id = ?', dave.id)
    for (const stub of [conversationOf(alice, bob), conversationOf(dave, erin)])
      await runDurableObjectAlarm(stub)
    for (const socket of ends) expect(await socket.closed).toEqual({ code: 4401, reason: 'signed out' })
    for (const socket of stay) await expectAlive(socket, bob, alice)

    const [frank, grace] = await signUpPair()
    const gone = await listen(frank, grace)
    await stored('delete from users where id = ?', frank.id)
    await runDurableObjectAlarm(conversationOf(frank, grace))
    expect((await gone.closed).code).toBe(4401)
  })

  it('the alarm comes again where D1 is out of reach', async () => {
    const [alice, bob] = await signUpPair()
    const socket = await listen(alice, bob)
    await expectAlive(socket, bob, alice)
    await stored('update sessions set revoked_at = 1 where user_id = ?', alice.id)
    await breakDb(conversationOf(alice, bob), once('before'))
    await runDurableObjectAlarm(conversationOf(alice, bob))
    expect(socket.isClosed()).toBe(false)
    expect((await socket.closed).code).toBe(4401)
  })
})
