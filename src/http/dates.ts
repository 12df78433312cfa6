/** Times as clients read them. All UTC. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number) => String(n).padStart(2, '0')

/** `27 Aug 2024`, for people. `time` in milliseconds since the epoch. */
export function shortDate(time: number): string {
  const date = new Date(time)
  return `${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`
}

/** ISO 8601, for machines. */
export const isoDate = (time: number): string => new Date(time).toISOString()
