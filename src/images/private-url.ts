/// <reference path="../node-crypto.d.ts" />
/**
 * URLs of images in messages, each for one participant. `<img>` sends no token, and no cookies to another site, so the URL itself is signed: for one
 * viewer, one session and one image, for some hours. It reveals nothing about the image's bytes.
 */
import { createHmac } from 'node:crypto'
import { config } from '../http/config'
import type { Bindings, UserContext } from '../http/env'
import { type ImageUrls, imageUrlsAt, isAddress } from './url'

/** The viewer for whom a URL is made. It stops working when their session ends. */
export interface UrlHolder {
  userId: number
  session: string | undefined
}

/** For this long a URL stays the same, so that browsers can cache the image. It is valid for one to two times as long. */
const STEP_SECONDS = 6 * 3_600

export interface PrivateImageUrls extends ImageUrls {
  messageImage(messageId: number, hash: string): string
}

/** Builds URLs for the user of this request. */
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
    // In the path, because clients append a query of their own.
    messageImage: (messageId, hash) =>
      isAddress(hash)
        ? hash
        : `${origin}/media/messages/${messageId}/${claim}.${signature(secret, messageId, claim, hash)}`,
  }
}

const TICKET = /^(([1-9]\d{0,15})\.([0-9a-f]*)\.(\d{1,12}))\.([\w-]{22})$/

export interface Ticket extends UrlHolder {
  /** The number of seconds for which it is still valid. */
  seconds: number
  /** Whether it was made for this image of this message. */
  opens(messageId: number, hash: string): boolean
}

/** Parses the end of such a URL; undefined if it is malformed or has expired. Only `opens` checks the signature. */
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

/** The first 132 bits of an HMAC with SHA-256. Web Crypto is asynchronous, so every view of a message would have to wait for it. */
const signature = (secret: string, messageId: number, claim: string, hash: string): string =>
  createHmac('sha256', `message images ${secret}`)
    .update(`${messageId}/${claim}/${hash}`)
    .digest('base64url')
    .slice(0, 22)

const encoder = new TextEncoder()
const isSame = (one: string, other: string) =>
  crypto.subtle.timingSafeEqual(encoder.encode(one), encoder.encode(other))
