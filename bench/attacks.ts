/**
 * What a million requests of an attack cost the operator. Computed from the prices in `bill.ts` and the resources that one request uses: the rows
 * that the tests count, and the CPU time in speed.md.
 */

/** The price of a mail: https://developers.cloudflare.com/email-service/platform/pricing/ */
const PER_MILLION = {
  requests: 0.3,
  cpuMs: 0.02,
  rowsRead: 0.001,
  rowsWritten: 1,
  objectRequests: 0.15,
  bucketWrites: 4.5,
  mails: 350,
}

interface Use {
  cpuMs: number
  rowsRead: number
  rowsWritten: number
  objectRequests?: number
  bucketWrites?: number
  mails?: number
}

interface Attack {
  name: string
  before: Use
  /** What a request uses that gets through, and how many of the million do. */
  after: Use
  through: number
  /** What a refused request uses. */
  refused: Use
}

const DAY_SECONDS = 86_400

/** How many requests a limit lets through in a day: the burst, then `count` per `seconds`, as in `src/limits/limits.ts`. */
const inDay = (burst: number, count: number, seconds = DAY_SECONDS) => burst + (count * DAY_SECONDS) / seconds
const ROWS_IN_DAY = inDay(200_000, 200_000, 60)

const REFUSED: Use = { cpuMs: 1.2, rowsRead: 6, rowsWritten: 0 }
/** Refused from memory, before any D1 call. */
const REFUSED_AT_ONCE: Use = { cpuMs: 0.3, rowsRead: 0, rowsWritten: 0 }
/** The rows that the most expensive page may read. */
const DEAREST_ROWS = 2_500

const ATTACKS: Attack[] = [
  {
    name: 'wrong passwords, one address, one account',
    before: { cpuMs: 26, rowsRead: 1, rowsWritten: 0 },
    after: { cpuMs: 26, rowsRead: 16, rowsWritten: 3 },
    through: inDay(10, 10),
    refused: REFUSED,
  },
  {
    name: 'wrong passwords, 1,000 addresses, one account',
    before: { cpuMs: 26, rowsRead: 1, rowsWritten: 0 },
    after: { cpuMs: 26, rowsRead: 16, rowsWritten: 3 },
    through: 1_000 * inDay(10, 10),
    refused: REFUSED,
  },
  {
    name: 'registrations, one address',
    before: { cpuMs: 30, rowsRead: 6, rowsWritten: 10 },
    after: { cpuMs: 30, rowsRead: 8, rowsWritten: 11 },
    through: inDay(100, 500),
    refused: REFUSED,
  },
  {
    name: 'reset mails, one address',
    before: { cpuMs: 1.5, rowsRead: 4, rowsWritten: 4, mails: 1 },
    after: { cpuMs: 1.6, rowsRead: 8, rowsWritten: 6, mails: 1 },
    through: inDay(20, 50),
    refused: REFUSED,
  },
  {
    name: 'the dearest page of 24,000 rows, nobody signed in, one address',
    before: { cpuMs: 95, rowsRead: 193_192, rowsWritten: 0 },
    after: { cpuMs: 8, rowsRead: DEAREST_ROWS, rowsWritten: 0 },
    through: Math.floor(ROWS_IN_DAY / DEAREST_ROWS),
    refused: REFUSED_AT_ONCE,
  },
  {
    name: 'searches for one letter in 24,000 posts, nobody signed in, one address',
    before: { cpuMs: 96, rowsRead: 8 * 24_000, rowsWritten: 0 },
    after: { cpuMs: 7, rowsRead: 2_100, rowsWritten: 0 },
    through: Math.floor(ROWS_IN_DAY / 2_100),
    refused: REFUSED_AT_ONCE,
  },
  {
    name: 'posts of one user',
    before: { cpuMs: 1.5, rowsRead: 12, rowsWritten: 9 },
    after: { cpuMs: 1.6, rowsRead: 15, rowsWritten: 10 },
    through: inDay(300, 600),
    refused: REFUSED,
  },
  {
    name: 'uploads of one user, 64 KB each',
    before: { cpuMs: 12, rowsRead: 14, rowsWritten: 8, bucketWrites: 1 },
    after: { cpuMs: 12, rowsRead: 20, rowsWritten: 10, bucketWrites: 1 },
    // Counted as changes of a profile's picture. By bytes, a day would allow 12,288.
    through: inDay(500, 5_000),
    refused: REFUSED,
  },
  {
    name: 'likes of one user',
    before: { cpuMs: 1.2, rowsRead: 9, rowsWritten: 7 },
    after: { cpuMs: 1.3, rowsRead: 13, rowsWritten: 8 },
    through: inDay(1_000, 5_000),
    refused: REFUSED,
  },
  {
    name: 'messages of one user',
    before: { cpuMs: 1.4, rowsRead: 24, rowsWritten: 4, objectRequests: 1 },
    after: { cpuMs: 1.5, rowsRead: 29, rowsWritten: 5, objectRequests: 1 },
    through: inDay(1_000, 10_000),
    // Refused by the object, from memory.
    refused: { cpuMs: 0.5, rowsRead: 0, rowsWritten: 0, objectRequests: 1 },
  },
  {
    name: 'sockets of one user',
    before: { cpuMs: 1.2, rowsRead: 8, rowsWritten: 2, objectRequests: 1 },
    after: { cpuMs: 1.3, rowsRead: 11, rowsWritten: 3, objectRequests: 1 },
    through: inDay(25, 25, 300),
    refused: { cpuMs: 1.2, rowsRead: 8, rowsWritten: 0, objectRequests: 1 },
  },
]

const priceOf = (
  { cpuMs, rowsRead, rowsWritten, objectRequests = 0, bucketWrites = 0, mails = 0 }: Use,
  count: number,
) =>
  (count / 1e6) *
  (PER_MILLION.requests +
    cpuMs * PER_MILLION.cpuMs +
    rowsRead * PER_MILLION.rowsRead +
    rowsWritten * PER_MILLION.rowsWritten +
    objectRequests * PER_MILLION.objectRequests +
    bucketWrites * PER_MILLION.bucketWrites +
    mails * PER_MILLION.mails)

const dollars = (n: number) =>
  `$${n.toLocaleString('en', { minimumFractionDigits: n < 100 ? 2 : 0, maximumFractionDigits: n < 100 ? 2 : 0 })}`

/** A section of costs.md. */
export function attackSection(): string {
  const rows = ATTACKS.map(({ name, before, after, through, refused }) => {
    const now = priceOf(after, through) + priceOf(refused, 1e6 - through)
    return `| ${name} | ${dollars(priceOf(before, 1e6))} | ${through.toLocaleString('en')} | ${dollars(now)} |`
  })
  return `## What an attack costs

A million requests of one kind in a day, with no limits and with those of \`src/limits/limits.ts\`; computed from rows and CPU of one such request. What is refused still
costs the request ($0.30 a million) and a statement that writes nothing. What the platform's binding \`FLOOD\` refuses before that, beyond 1,200 a minute
from one address, is not deducted: it is approximate.

| a million | without limits | get through | with limits |
| --- | ---: | ---: | ---: |
${rows.join('\n')}

What the limits themselves cost: one row written more for what a user creates, renames, uploads (by image) or opens (sockets), and for a message; three more for a login
from an unknown device, and another where one of them is taken back; one from a known one. One row is an eighth of a like. Frames, hashes and
rows read are counted in memory, for nothing.

One deletion beside 100,000 images that no row showed any more read 400,011 rows and wrote 100,009 ($0.10, and 1.9 s in which nobody else was served); it reads at most 1,000 and
writes at most 120 now, and the scheduled job deletes the rest in pieces of 500.
`
}
