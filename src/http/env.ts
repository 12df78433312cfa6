import type { Context, HonoRequest } from 'hono'
import type { Db } from '../db/client'
import type { MessageDeed } from '../db/moderation-words'

/** Bindings, variables and secrets: wrangler.toml, `wrangler secret`, and `.dev.vars` on a laptop. */
export interface Bindings {
  /** All data. */
  DB: D1Database
  /** Images, each under the SHA-256 of its bytes. */
  MEDIA: R2Bucket
  /** Makes smaller versions of images (`images/variant.ts`); without it the originals answer. */
  IMAGES?: ImagesBinding
  /** One object for each conversation, named by its two people. */
  CONVERSATION: DurableObjectNamespace
  /** One object for each person, named by their id: it holds the sockets to which everything is told. */
  CHANNEL: DurableObjectNamespace
  /** The files of `public/`: default images. */
  ASSETS: Fetcher
  /** Sends mails; without it the dev server logs them, and elsewhere what promises one answers 503. */
  SEND_EMAIL?: SendEmail
  /** The platform's own limit of requests by address, in front of all; approximate. */
  FLOOD?: RateLimit
  /** Cloudflare Turnstile's secret: with it, registering takes a `cf-turnstile-response`. */
  TURNSTILE_SECRET?: string
  /** How much may be asked: see `limits/limits.ts`. */
  LIMITS?: string
  /** Signs tokens: 32 characters or more. */
  JWT_SECRET: string
  /** The secret before the last rotation: tokens signed with it are still good. */
  JWT_SECRET_PREVIOUS?: string
  /** Comma-separated origins of front ends that may call with credentials. */
  CLIENT_ORIGINS?: string
  /** The origin that clients know, behind a proxy that changes the Host header. */
  PUBLIC_URL?: string
  /** Another name of this Worker's `/media`, such as a CDN's. */
  MEDIA_URL?: string
  /** Lifetimes in seconds: 5 minutes, 30 days, a year. */
  ACCESS_TOKEN_SECONDS?: string
  REFRESH_TOKEN_SECONDS?: string
  SESSION_SECONDS?: string
  /** "true": a password is changed only by those who know the old one. */
  REQUIRE_OLD_PASSWORD?: string
  /** For how many days whoever signs in to an account that they have deleted has it back: 14. */
  ACCOUNT_GRACE_DAYS?: string
  /** "none", "optional" or "mandatory": whether addresses are to be proved. */
  EMAIL_VERIFICATION?: string
  /** The front end's page that proves an address; `?key=…` is added. */
  EMAIL_VERIFICATION_URL?: string
  /** The front end's page for a new password; `?uid=…&token=…` is added. */
  PASSWORD_RESET_URL?: string
  /** Sender of mails. */
  MAIL_FROM?: string
  /** Where the source is, for the page at the root. */
  SOURCE_URL?: string
  /** "true": answers tell what they cost D1, in a Server-Timing header. */
  SERVER_TIMING?: string
}

/** Somebody signed in. */
export interface Viewer {
  id: number
  via: 'bearer' | 'cookie'
  /** Names the session that their token came from; absent in tokens made elsewhere. */
  session: string | undefined
  /** When their access token runs out, in milliseconds since the epoch. */
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
    /** The body's fields that the route takes, as they were read. */
    fields: Record<string, unknown>
    /** Errors are to have lists for values, whatever they are. */
    errorsInLists: true | undefined
    /** Sessions that the request has ended: one, or all of a user but one. Set before they are, as the answer to that may be lost. */
    endedSessions: EndedSessions | undefined
    /** Does something to a message of these two, in the name of whoever asks; false where there is nothing to do it to. */
    moderateMessage: (c: UserContext, pair: readonly [number, number], deed: MessageDeed) => Promise<boolean>
    /** Two people whose conversation the request has ended: one of them blocks the other. */
    parted: readonly [number, number] | undefined
  }
}

/** The variables of a route behind `requireUser`. */
export interface UserEnv extends AppEnv {
  Variables: AppEnv['Variables'] & { user: Viewer }
}

/** What helpers need of a context. Reading only, so that any route's context will do. */
export interface RequestContext extends Pick<Context<AppEnv>, 'env' | 'var' | 'executionCtx'> {
  readonly req: Pick<HonoRequest, 'url' | 'path' | 'method' | 'raw' | 'header'>
}
export interface UserContext extends Omit<RequestContext, 'var'>, Pick<Context<UserEnv>, 'var'> {}
