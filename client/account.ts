/** Signing in and out, and the user's own account. */
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

/** `forget` deletes everything else that this device stores about the user who signs out. */
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
    // Browsers drop cookies silently, above all those of another site. Better to fail now than at the next call.
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
    /** Signs up, then signs in. */
    async register(body: Registration, options?: CallOptions): Promise<User> {
      const session = await call<Session>('POST', `${AUTH}registration/`, { ...options, body })
      // As in the original, signing up sets no cookies.
      return usesCookies ? login(body.username, body.password1, options) : signedIn(session)
    },
    /**
     * Forgets the tokens and deletes unsent messages, also offline. `sessionEnded` says whether the API has ended the session too. Only the API can
     * clear cookies, so with cookies this rejects if the API cannot be reached.
     */
    async logout(options?: CallOptions): Promise<{ sessionEnded: boolean }> {
      // The refresh token still identifies the session after minutes, when the access token has expired.
      const token = (await tokens.get())?.refresh
      const end = () => call('POST', `${AUTH}logout/`, { ...options, token })
      if (usesCookies) await end()
      const owner = await identity()
      await tokens.set(undefined)
      // Ends conversations, so that none of them stores any more drafts.
      auth.tell({ type: 'signed-out', why: 'logout' })
      if (owner !== undefined) await forget(owner)
      const ended = usesCookies || !token || end()
      const sessionEnded = await Promise.resolve(ended).then(
        () => true,
        () => false,
      )
      return { sessionEnded }
    },
    /** Calls back whenever somebody signs in or out, here or in another tab. Returns a function that stops this. */
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
