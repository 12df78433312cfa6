/** What an import reports besides its rows and hashes. */
import type { DatabaseSync } from 'node:sqlite'
import { isVerifiable } from '../../../src/auth/django-hash'
import type { Pictures } from './pictures'

export interface Report {
  /** Objects of the dump by model. */
  counts: [string, number][]
  /** Fields that have no place here. */
  leftOut: [string, number][]
  sharedAddresses: number
  readAfterUnread: number
  pictures: Pictures
  /** Accounts whose password has to be reset. */
  resets: number
  /** Profiles whose id differed from their user's. */
  movedProfiles: number
  bad: number
}

export function reportOf(db: DatabaseSync): Report {
  const meta = <T>(key: string): T =>
    JSON.parse(String(db.prepare('select value from meta where key = ?').get(key)?.value))
  const count = (sql: string) => Number(db.prepare(sql).get()?.n)
  let resets = 0
  for (const { password } of db.prepare('select password from users').iterate())
    if (!isVerifiable(String(password))) resets++
  return {
    counts: meta('counts'),
    leftOut: meta('leftOut'),
    sharedAddresses: meta('sharedAddresses'),
    readAfterUnread: meta('readAfterUnread'),
    pictures: meta('pictures'),
    resets,
    movedProfiles: count('select count(*) as n from profiles where id <> owner'),
    bad: count('select count(*) as n from bad'),
  }
}

const some = (count: number, one: string, many: string): string[] =>
  count === 0 ? [] : [`${count.toLocaleString('en')} ${count === 1 ? one : many}`]

export function linesOfReport(report: Report): string[] {
  return [
    ...report.counts.map(([model, count]) => `${model}: ${count.toLocaleString('en')}`),
    ...some(report.bad, 'object is left out', 'objects are left out'),
    ...some(report.pictures.found, 'picture comes along', 'pictures come along'),
    ...some(
      report.pictures.missing.length,
      'picture is missing, and the default in its place',
      'pictures are missing, and the default in their place',
    ),
    ...some(
      report.resets,
      'account has a password that has to be reset',
      'accounts have passwords that have to be reset',
    ),
    ...some(
      report.sharedAddresses,
      'account has an address that is somebody else’s: it is shown, and good for no reset',
      'accounts have addresses that are somebody else’s: they are shown, and good for no reset',
    ),
    ...some(
      report.movedProfiles,
      'profile now has the id of its user',
      'profiles now have the ids of their users',
    ),
    ...some(
      report.readAfterUnread,
      'message is unread again, as one before it is',
      'messages are unread again, as ones before them are',
    ),
    ...report.leftOut.map(
      ([field, count]) => `${field} has no place here (${count.toLocaleString('en')} times)`,
    ),
  ]
}
