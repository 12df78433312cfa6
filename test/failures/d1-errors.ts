/**
 * Errors that D1 is documented or was seen to throw and that say nothing of whether a batch was written. Thrown as the runtime throws its own
 * (`unknown-outcomes.test.ts` provokes some and asserts their shape).
 *
 * https://developers.cloudflare.com/d1/observability/debug-d1/ and threads of cloudflare/workers-sdk and workerd.
 */
export const UNKNOWN = [
  // Documented.
  'Network connection lost.',
  'D1 DB is overloaded. Requests queued for too long.',
  'D1 DB is overloaded. Too many requests queued.',
  'D1 DB exceeded its CPU time limit and was reset.',
  'D1 DB reset because its code was updated.',
  'D1 DB storage operation exceeded timeout which caused object to be reset.',
  'Internal error while starting up D1 DB storage caused object to be reset.',
  'Internal error in D1 DB storage caused object to be reset.',
  'Cannot resolve D1 DB due to transient issue on remote node.',
  'Exceeded maximum DB size.',
  // Seen.
  'internal error; reference = 1234567890abcdef',
  "Can't read from request stream because client disconnected.",
  'Replica disconnected from primary.',
  'Failed to parse body as JSON, got: error code: 1031',
  'database is locked: SQLITE_BUSY',
  'disk I/O error: SQLITE_IOERR',
  'database or disk is full: SQLITE_FULL',
  'out of memory: SQLITE_NOMEM',
  'interrupted: SQLITE_INTERRUPT',
  // Nobody has seen it yet.
  'something new',
]
