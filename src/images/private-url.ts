/// <reference path="../node-crypto.d.ts" />
/**
 * URLs of the pictures of messages, for the eyes of one of the two people. `<img>` sends neither token nor, on a page of another site, cookies:
 * so the URL itself is signed, for one viewer, one session, one picture and some hours. It says nothing of the picture's bytes.
 */
import { createHmac } from 'node:crypto'
import { config } from '../http/config'
import type { Bindings, UserContext } from '../http/env'
import { type ImageUrls, imageUrlsAt, isAddress } from './url'

/** For whom a URL is made: what it opens ends with their session. */
export interface UrlHolder {
  userId: number
  session: string | undefined
}

/** A URL stays the same for so long, so that browsers keep what it shows; it is good for once to twice as long. */
const STEP_SECONDS = 6 * 3_600

export interface PrivateImageUrls extends ImageUrls {
  messageImage(messageId: number, hash: string): string
}

/** The builder of URLs for the user of this request. */
export const privateImageUrls = (c: UserContext): PrivateImageUrls =>
  privateImageUrlsAt(c.env, {
    userId: c.var.user.id,
    session: c.var.user.session,
    origin: new URL(c.req.url).origin,
  })

export function privateImageUrlsAt(
  env: Bindings,
  { origin, userId, session }: UrlHolder & { origin: string },
): PrivateImageUrls {
  const [secret] = config(env).jwtSecrets
  const ends = (Math.floor(Date.now() / 1000 / STEP_SECONDS) + 2) * STEP_SECONDS
  const claim = `${userId}.${session ?? ''}.${ends}`
  return {
    ...imageUrlsAt(env, origin),
    // In the path, as clients append a query of their own.
    messageImage: (messageId, hash) =>
      isAddress(hash)
        ? hash
        : `${origin}/media/messages/${messageId}/${claim}.${signature(secret, messageId, claim, hash)}`,
  }
}

const TICKET = /^(([1-9]\d{0,15})\.([0-9a-f]*)\.(\d{1,12}))\.([\w-]{22})$/

export interface Ticket extends UrlHolder {
  /** Seconds for which it is still good. */
  seconds: number
  /** Whether it was made for this picture of this message. */
  opens(messageId: number, hash: string): boolean
}

/** What the end of such a URL says; undefined once its time is over, and for what is none. Whether it is true, `opens` tells. */
export function readTicket(env: Bindings, text: string): Ticket | undefined {
  const [, claim = '', userId, session, ends, signed = ''] = TICKET.exec(text) ?? []
  const seconds = Number(ends) - Math.ceil(Date.now() / 1000)
  if (!(seconds > 0)) return undefined
  return {
    userId: Number(userId),
    session: session || undefined,
    seconds,
    opens: (messageId, hash) =>
      config(env).jwtSecrets.some((secret) => isSame(signature(secret, messageId, claim, hash), signed)),
  }
}

/** The first 132 bits of an HMAC with SHA-256. Not by Web Crypto, for which every view of a message would have to wait. */
const signature = (secret: string, messageId: number, claim: string, hash: string): string =>
  createHmac('sha256', `message images ${secret}`)
    .update(`${messageId}/${claim}/${hash}`)
    .digest('base64url')
    .slice(0, 22)

const encoder = new TextEncoder()
const isSame = (one: string, other: string) =>
  crypto.subtle.timingSafeEqual(encoder.encode(one), encoder.encode(other))
