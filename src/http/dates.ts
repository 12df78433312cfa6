/** Times as clients read them. All UTC; arguments in milliseconds since the epoch. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `27 Aug 2024`, for people. */
export function shortDate(time: number): string {
  const iso = isoDate(time)
  return `${iso.slice(8, 10)} ${MONTHS[Number(iso.slice(5, 7)) - 1]} ${iso.slice(0, 4)}`
}

/** ISO 8601, for machines. */
export const isoDate = (time: number): string => new Date(time).toISOString()

const DAY = 86_400
/** From the largest: a month is 30 days, a year 365. */
const UNITS: [name: string, seconds: number][] = [
  ['year', 365 * DAY],
  ['month', 30 * DAY],
  ['week', 7 * DAY],
  ['day', DAY],
  ['hour', 3600],
  ['minute', 60],
]

/**
 * How long ago, as Django's `naturaltime` says it: `now`, `30 seconds ago`, `an hour ago`, `1 week, 1 day ago`. From a
 * day on, two adjacent units; a number and its unit are joined by a no-break space.
 */
export function timeAgo(time: number, now: number): string {
  const seconds = Math.floor((now - time) / 1000)
  if (seconds < 1) return 'now'
  if (seconds < 60) return ago('second', seconds)
  if (seconds < 3600) return ago('minute', Math.floor(seconds / 60))
  if (seconds < DAY) return ago('hour', Math.floor(seconds / 3600))
  const first = UNITS.findIndex(([, size]) => seconds >= size)
  const parts: string[] = []
  let rest = seconds
  for (const [name, size] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count === 0) break
    parts.push(counted(name, count))
  }
  return `${parts.join(', ')} ago`
}

const counted = (unit: string, count: number) => `${count}\u00a0${unit}${count === 1 ? '' : 's'}`

/** Below a day one unit only, and one of it in words. */
function ago(unit: string, count: number): string {
  if (count > 1) return `${counted(unit, count)} ago`
  return unit === 'hour' ? 'an hour ago' : `a ${unit} ago`
}

/** `09:31` */
export const clockTime = (time: number): string => isoDate(time).slice(11, 16)

/** `09:31` under a day ago, `21 Aug` under 366 days, else `21 Aug 2024`. */
export function timeOrDate(time: number, now: number): string {
  const days = (now - time) / (DAY * 1000)
  if (days < 1) return clockTime(time)
  return days < 366 ? shortDate(time).slice(0, -5) : shortDate(time)
}
