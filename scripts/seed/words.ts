/** What the people of the seed are called and what they write about. */
import type { Random } from './random.ts'

// biome-ignore-start format: lists read better as lists
const FIRST = [
  'alice',
  'bob',
  'carol',
  'dario',
  'elif',
  'farid',
  'greta',
  'hiro',
  'ines',
  'jonas',
  'kemi',
  'lars',
  'mina',
  'nora',
  'oskar',
  'paula',
  'quentin',
  'rosa',
  'samir',
  'tilda',
  'uma',
  'viktor',
  'wanda',
  'xenia',
  'yusuf',
  'zoe',
  'anouk',
  'bruno',
  'chiara',
  'dmitri',
  'esme',
  'felix',
  'gwen',
  'hanna',
  'ivo',
  'jana',
  'kofi',
  'leila',
  'marek',
  'nils',
]
const LAST = [
  'berg',
  'costa',
  'dahl',
  'eze',
  'falk',
  'grau',
  'holm',
  'ito',
  'jansen',
  'klein',
  'lund',
  'moreau',
  'nagy',
  'okoye',
  'petrov',
  'quist',
  'ricci',
  'sato',
  'tran',
  'ueda',
  'vega',
  'weiss',
  'yilmaz',
  'zanetti',
]
const CRAFTS = [
  'baker',
  'beekeeper',
  'bookbinder',
  'carpenter',
  'cyclist',
  'gardener',
  'geologist',
  'illustrator',
  'luthier',
  'midwife',
  'nurse',
  'potter',
  'sailor',
  'teacher',
  'tram driver',
  'translator',
  'watchmaker',
  'weaver',
]
const LOVES = [
  'cold lakes',
  'early trains',
  'film cameras',
  'fog',
  'long walks',
  'mountain huts',
  'mushrooms',
  'night markets',
  'old maps',
  'quiet harbours',
  'rye bread',
  'second-hand books',
  'sour cherries',
  'stray cats',
  'tide pools',
  'tin toys',
]
const PLACES = [
  'Aarhus',
  'Bergen',
  'Bilbao',
  'Cork',
  'Ghent',
  'Graz',
  'Izmir',
  'Kraków',
  'Lisbon',
  'Naxos',
  'Oulu',
  'Porto',
  'Riga',
  'Sapporo',
  'Tartu',
  'Trieste',
  'Turku',
  'Utrecht',
  'Valparaíso',
  'Zadar',
]
const MOODS = [
  'Blue',
  'Crooked',
  'First',
  'Golden',
  'Last',
  'Late',
  'Loud',
  'Lost',
  'Quiet',
  'Slow',
  'Small',
  'Wild',
]
const THINGS = [
  'bridge',
  'courtyard',
  'ferry',
  'field',
  'garden',
  'harbour',
  'hill',
  'kitchen',
  'lighthouse',
  'market',
  'morning',
  'orchard',
  'rain',
  'river',
  'snow',
  'staircase',
  'summer',
  'tram',
  'window',
  'workshop',
]
const REMARKS = [
  'Nobody else was up yet.',
  'I went back twice for the light.',
  'The dog would not leave.',
  'It smelled of pine and salt.',
  'Best coffee of the week, ten steps from here.',
  'We missed the last bus and did not mind.',
  'My grandmother knew this place.',
  'Taken with cold hands.',
  'An hour later it was all gone.',
  'There is a bench if you know where to look.',
]
const REPLIES = [
  'Love this!',
  'Where is that?',
  'The light!',
  'I was there in spring, it is even better.',
  'Wish I had seen it.',
  'Beautiful.',
  'Which camera?',
  'More of these, please.',
  'That looks cold.',
  'Made my day.',
  'I can almost smell it.',
  'We should go together.',
  'Is the café still there?',
  'Stunning colours.',
  'Haha, the dog!',
  'Saving this one.',
]
// biome-ignore-end format: see above

export interface Person {
  username: string
  firstName: string
  lastName: string
  bio: string
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

/** The first forty have plain names, so that alice and bob are always there. */
export function person(random: Random, index: number): Person {
  const first = FIRST[index % FIRST.length] ?? 'nobody'
  const last = random.pick(LAST)
  const round = Math.floor(index / FIRST.length)
  return {
    username: round === 0 ? first : `${first}.${last}${round}`,
    firstName: capital(first),
    lastName: capital(last),
    bio: `${capital(random.pick(CRAFTS))} from ${random.pick(PLACES)}. Fond of ${random.pick(LOVES)} and ${random.pick(LOVES)}.`,
  }
}

export function title(random: Random): string {
  const what = `${random.pick(MOODS)} ${random.pick(THINGS)}`
  return random.chance(0.6) ? `${what}, ${random.pick(PLACES)}` : what
}

export function story(random: Random): string {
  return random.chance(0.2) ? '' : `${random.pick(REMARKS)} ${random.pick(REMARKS)}`
}

export const reply = (random: Random): string => random.pick(REPLIES)
