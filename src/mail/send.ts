/** Sends all mails. They never contain a name or text that somebody else could have chosen, or a link that is not from the configuration. */
import { ConfigError } from '../http/config'
import type { RequestContext } from '../http/env'

const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]'])

const NO_MAIL = 'SEND_EMAIL or MAIL_FROM is not configured.'

export interface Mail {
  to: string
  subject: string
  text: string
}

/** Whether mails can be sent: both the binding and the sender's address are configured. */
export const canSendMail = ({ env }: RequestContext): boolean => Boolean(env.SEND_EMAIL && env.MAIL_FROM)

/** Whether this is the dev server, which logs mails instead of sending them. */
export const isDevServer = (c: RequestContext): boolean => LOCAL_HOSTS.has(new URL(c.req.url).hostname)

/** Whether mails are sent, or logged by the dev server. */
export const mayMail = (c: RequestContext): boolean => canSendMail(c) || isDevServer(c)

/** For answers that promise a mail. Throws `ConfigError` if mails are neither sent nor logged. */
export function requireMail(c: RequestContext): void {
  if (!mayMail(c)) throw new ConfigError(NO_MAIL)
}

/** Sends a mail after the answer, because the time it takes would reveal who has an account. A failure is logged without the address. */
export function sendMail(c: RequestContext, mail: Mail): void {
  c.executionCtx.waitUntil(send(c, mail))
}

async function send(c: RequestContext, { to, subject, text }: Mail): Promise<void> {
  const { SEND_EMAIL, MAIL_FROM } = c.env
  if (SEND_EMAIL && MAIL_FROM) {
    await SEND_EMAIL.send({ from: MAIL_FROM, to, subject, text }).catch(() =>
      fail(c, 'A mail could not be sent.'),
    )
  } else if (isDevServer(c)) {
    console.log(`Mail (development only): ${subject}\n\n${text}`)
  } else {
    fail(c, NO_MAIL)
  }
}

const fail = (c: RequestContext, error: string) =>
  console.error(JSON.stringify({ requestId: c.var.requestId, error }))
