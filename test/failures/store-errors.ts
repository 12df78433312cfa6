/**
 * Errors that R2, objects and mail are documented or were seen to throw, as the runtime makes them; `provoked.test.ts` has the shape of those that
 * can be provoked. None says whether anything was done. Those of D1: `d1-errors.ts`.
 */

/**
 * https://developers.cloudflare.com/r2/api/error-codes/: the method's name in front, the code behind. Seen in threads of cloudflare/workers-sdk, for
 * what the binding loses on the way: "Network connection lost.".
 */
export const R2_ERRORS = [
  'We encountered an internal error. Please try again. (10001)',
  'Please look at https://www.cloudflarestatus.com for issues or contact customer support: https://support.cloudflare.com. (10002)',
  'Reduce your concurrent request rate for the same object. (10058)',
  'Network connection lost.',
  'Unspecified error (0)',
].map((message) => (method: string) => new Error(/lost/.test(message) ? message : `${method}: ${message}`))

/** What the runtime adds to errors of objects. */
interface ObjectFlags {
  retryable?: true
  overloaded?: true
  durableObjectReset?: true
}

/** https://developers.cloudflare.com/durable-objects/best-practices/error-handling/ and .../observability/troubleshooting/ */
const OBJECT_MESSAGES: [message: string, flags: ObjectFlags][] = [
  ['Network connection lost.', { retryable: true }],
  ['Durable Object reset because its code was updated.', { retryable: true, durableObjectReset: true }],
  ['Internal error in Durable Object storage write caused object to be reset.', { durableObjectReset: true }],
  ['Cannot resolve Durable Object due to transient issue on remote node.', { retryable: true }],
  [
    'Durable Object storage operation exceeded timeout which caused object to be reset.',
    { durableObjectReset: true },
  ],
  ['Durable Object’s isolate exceeded its memory limit and was reset.', { durableObjectReset: true }],
  ['Durable Object is overloaded. Requests queued for too long.', { overloaded: true }],
  [
    'Durable Object is overloaded. Too many requests for the same object within a 10 second window.',
    { overloaded: true },
  ],
  ['internal error; reference = 1234567890abcdef', {}],
  // Provoked.
  ['killed', { durableObjectReset: true }],
]
export const OBJECT_ERRORS = OBJECT_MESSAGES.map(
  ([message, flags]) =>
    () =>
      Object.assign(new Error(message), flags),
)

/** https://developers.cloudflare.com/email-service/api/send-emails/workers-api/ */
export const MAIL_ERRORS = [
  'destination address is not a verified address',
  'could not send email: internal error',
  'Network connection lost.',
].map((message) => () => new Error(message))
