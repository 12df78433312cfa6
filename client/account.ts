/** Signing in and out, and one's own account. */
import type { AuthChange } from './auth'
import { ApiError, failure } from './errors'
import type { CallOptions } from './options'
import type {
  Detail,
  PasswordChange,
  PasswordResetConfirmation,
  Registration,
  Session,
  User,
  UserChanges,
} from './schema'
import type { Transport } from './transport'

const AUTH = '/dj-rest-auth/'

/** `forget`: what else this device keeps of somebody who signs out. */
export function account(
  { call, tokens, usesCookies, auth, me, identity }: Transport,
  forget: (owner: number) => Promise<void>,
) {
  async function signedIn({ access_token: access, refresh_token: refresh, user }: Session): Promise<User> {
    await tokens.set({ ...(usesCookies ? { access: '', refresh: '' } : { access, refresh }), user: user.pk })
    auth.tell({ type: 'signed-in', user })
    return user
  }

  async function login(username: string, password: string, options?: CallOptions): Promise<User> {
    const session = await call<Session>('POST', `${AUTH}login/`, { ...options, body: { username, password } })
    // A browser drops cookies without a word, above all those of another site. Better told now than by the next call.
    if (usesCookies) {
      await me(options).catch((error: unknown) => {
        throw error instanceof ApiError && error.status === 401
          ? failure('cookies_blocked', 'This browser does not keep the cookies of the API.')
          : error
      })
    }
    return signedIn(session)
  }

  return {
    login,
    /** Signs up, and in. */
    async register(body: Registration, options?: CallOptions): Promise<User> {
      const session = await call<Session>('POST', `${AUTH}registration/`, { ...options, body })
      // Signing up sets no cookies, as in the original.
      return usesCookies ? login(body.username, body.password1, options) : signedIn(session)
    },
    /**
     * Forgets the tokens, and what was not sent, also offline: `sessionEnded` says whether the API has ended the session as well. Cookies
     * only the API can take away: where they are used this rejects if it is not reached.
     */
    async logout(options?: CallOptions): Promise<{ sessionEnded: boolean }> {
      // Unlike the access token, the refresh token still names the session when minutes have passed.
      const token = (await tokens.get())?.refresh
      const end = () => call('POST', `${AUTH}logout/`, { ...options, token })
      if (usesCookies) await end()
      const owner = await identity()
      await tokens.set(undefined)
      // Ends conversations, so that none of them keeps anything any more.
      auth.tell({ type: 'signed-out', why: 'logout' })
      if (owner !== undefined) await forget(owner)
      const ended = usesCookies || !token || end()
      const sessionEnded = await Promise.resolve(ended).then(
        () => true,
        () => false,
      )
      return { sessionEnded }
    },
    /** Calls back whenever somebody signs in or out, here or in another tab. Gives what ends it. */
    onAuthChange: (listener: (change: AuthChange) => void): (() => void) => auth.listen(listener),
    me,
    updateMe: (body: UserChanges, options?: CallOptions) =>
      call<User>('PATCH', `${AUTH}user/`, { ...options, body }),
    changePassword: (body: PasswordChange, options?: CallOptions) =>
      call<Detail>('POST', `${AUTH}password/change/`, { ...options, body }),
    requestPasswordReset: (email: string, options?: CallOptions) =>
      call<Detail>('POST', `${AUTH}password/reset/`, { ...options, body: { email } }),
    resetPassword: (body: PasswordResetConfirmation, options?: CallOptions) =>
      call<Detail>('POST', `${AUTH}password/reset/confirm/`, { ...options, body }),
  }
}
