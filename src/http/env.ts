import type { Context, HonoRequest } from 'hono'
import type { Db } from '../db/client'
import type { MessageDeed } from '../db/moderation-words'

/** Bindings, variables and secrets: wrangler.toml, `wrangler secret`, and `.dev.vars` on a laptop. */
export interface Bindings {
  /** All data. */
  DB: D1Database
  /** Images, each under the SHA-256 of its bytes. */
  MEDIA: R2Bucket
  /** Creates smaller versions of images (`images/variant.ts`); without it the originals are returned. */
  IMAGES?: ImagesBinding
  /** One object for each conversation, named by its two people. */
  CONVERSATION: DurableObjectNamespace
  /** One object for each user, named by their id: it holds the sockets that receive all of the user's events. */
  CHANNEL: DurableObjectNamespace
  /** The files of `public/`: default images. */
  ASSETS: Fetcher
  /** Sends mails. Without it the dev server logs them, and elsewhere calls that depend on a mail answer 503. */
  SEND_EMAIL?: SendEmail
  /** The platform's own rate limit by address, checked before all others; approximate. */
  FLOOD?: RateLimit
  /** Cloudflare Turnstile's secret: if set, registration requires a `cf-turnstile-response`. */
  TURNSTILE_SECRET?: string
  /** The rate limits: see `limits/limits.ts`. */
  LIMITS?: string
  /** Signs tokens: 32 characters or more. */
  JWT_SECRET: string
  /** The secret before the last rotation: tokens signed with it are still valid. */
  JWT_SECRET_PREVIOUS?: string
  /** Comma-separated origins of front ends that may call with credentials. */
  CLIENT_ORIGINS?: string
  /** The origin that clients know, behind a proxy that changes the Host header. */
  PUBLIC_URL?: string
  /** Another URL for this Worker's `/media`, such as a CDN's. */
  MEDIA_URL?: string
  /** Lifetimes in seconds: 5 minutes, 30 days, a year. */
  ACCESS_TOKEN_SECONDS?: string
  REFRESH_TOKEN_SECONDS?: string
  SESSION_SECONDS?: string
  /** "true": changing a password requires the old one. */
  REQUIRE_OLD_PASSWORD?: string
  /** For how many days after its deletion the owner can restore an account by signing in: 14. */
  ACCOUNT_GRACE_DAYS?: string
  /** "none", "optional" or "mandatory": whether email addresses must be verified. */
  EMAIL_VERIFICATION?: string
  /** The front end's page that verifies an email address; `?key=…` is added. */
  EMAIL_VERIFICATION_URL?: string
  /** The front end's page for a new password; `?uid=…&token=…` is added. */
  PASSWORD_RESET_URL?: string
  /** Sender of mails. */
  MAIL_FROM?: string
  /** Where the source is, for the page at the root. */
  SOURCE_URL?: string
  /** "true": answers report their cost in D1 in a Server-Timing header. */
  SERVER_TIMING?: string
}

/** The signed-in user. */
export interface Viewer {
  id: number
  via: 'bearer' | 'cookie'
  /** The name of their token's session; absent for tokens issued elsewhere. */
  session: string | undefined
  /** When their access token expires, in milliseconds since the epoch. */
  expiresAt: number
}

export type EndedSessions = { userId: number } & ({ session: string } | { except: string | undefined })

export interface AppEnv {
  Bindings: Bindings
  Variables: {
    requestId: string
    /** The request's D1 session; for the viewer, if somebody is signed in. */
    db: Db
    viewer: Viewer | undefined
    /** The body's fields that the route accepts, as they were read. */
    fields: Record<string, unknown>
    /** In errors, every value must be a list. */
    errorsInLists: true | undefined
    /** Sessions that the request ends: one, or all of a user except one. Set before they end, because the answer to the write may be lost. */
    endedSessions: EndedSessions | undefined
    /** Acts on a message between these two, on behalf of the signed-in user; false if there is no such message. */
    moderateMessage: (c: UserContext, pair: readonly [number, number], deed: MessageDeed) => Promise<boolean>
    /** Two people whose sockets the request closes, because one has blocked the other. */
    parted: readonly [number, number] | undefined
  }
}

/** The variables of a route behind `requireUser`. */
export interface UserEnv extends AppEnv {
  Variables: AppEnv['Variables'] & { user: Viewer }
}

/** What helpers need of a context. It is read-only, so that the context of any route fits. */
export interface RequestContext extends Pick<Context<AppEnv>, 'env' | 'var' | 'executionCtx'> {
  readonly req: Pick<HonoRequest, 'url' | 'path' | 'method' | 'raw' | 'header'>
}
export interface UserContext extends Omit<RequestContext, 'var'>, Pick<Context<UserEnv>, 'var'> {}
