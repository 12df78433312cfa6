/** The names and texts of the seed. No text occurs twice. */
import type { Random } from './random.ts'

const words = (list: string) => list.split('|')

const FIRST = words(
  'alice|bob|carol|dario|elif|farid|greta|hiro|ines|jonas|kemi|lars|mina|nora|oskar|paula|quentin|rosa|samir|tilda|uma|viktor|wanda|' +
    'xenia|yusuf|zoe|anouk|bruno|chiara|dmitri|esme|felix|gwen|hanna|ivo|jana|kofi|leila|marek|nils',
)
const LAST = words(
  'berg|costa|dahl|eze|falk|grau|holm|ito|jansen|klein|lund|moreau|nagy|okoye|petrov|quist|ricci|sato|tran|ueda|vega|weiss|yilmaz|zanetti',
)
const CRAFTS = words(
  'baker|beekeeper|bookbinder|carpenter|cyclist|gardener|geologist|illustrator|luthier|midwife|nurse|potter|sailor|teacher|tram driver|' +
    'translator|watchmaker|weaver',
)
const LOVES = words(
  'cold lakes|early trains|film cameras|fog|long walks|mountain huts|mushrooms|night markets|old maps|quiet harbours|rye bread|' +
    'second-hand books|sour cherries|stray cats|tide pools|tin toys',
)
const PLACES = words(
  'Aarhus|Bergen|Bilbao|Bologna|Brno|Cork|Évora|Galway|Gdańsk|Ghent|Graz|Izmir|Kraków|Lisbon|Malmö|Naxos|Oulu|Plovdiv|Porto|Pula|Riga|' +
    'Sapporo|Sibiu|Split|Tartu|Trieste|Turku|Utrecht|Valparaíso|Zadar',
)
const MOODS = words(
  'Blue|Bright|Crooked|Empty|First|Forgotten|Golden|Last|Late|Long|Loud|Lost|Old|Quiet|Silver|Sleepy|Slow|Small|Warm|Wild',
)
const THINGS = words(
  'balcony|bakery|bridge|canal|courtyard|ferry|field|garden|gate|harbour|hill|kitchen|lighthouse|market|orchard|pier|quay|river|rooftop|' +
    'square|staircase|station|street|tower|tram|valley|village|wall|window|workshop',
)
const TIMES = words(
  'at dawn|before breakfast|in the rain|at noon|after school|in the first snow|at low tide|on a Sunday|between two storms|at dusk|' +
    'by lamplight|at the end of summer|in November|after the concert|past midnight',
)
const REASONS = words(
  'Nobody else was up yet.|I went back twice for the light.|The dog would not leave.|It smelled of pine and salt.|' +
    'Best coffee of the week, ten steps from here.|We missed the last bus and did not mind.|My grandmother knew this place.|' +
    'Taken with cold hands.|An hour later it was all gone.|There is a bench if you know where to look.|Somebody was playing the accordion.|' +
    'The paint was still wet.|We had it to ourselves.|I only stopped to tie my shoe.|The rain held off until we were home.',
)
const OPENINGS = words(
  'Love this|What a find|The light|Lovely|Made my day|So quiet|Stunning|Beautiful colours|Saving this one|More of these, please|Haha, yes|' +
    'Wish I had seen it|I can almost smell it|Oh, this|You have an eye for it|I keep coming back to this',
)
const ASIDES = words(
  'It takes me back to the {thing} in {place}.|Is that the {thing} behind {place}?|I was there {time} once, it is even better.|' +
    'Looks like {place} {time}.|My sister has a {thing} just like it in {place}.|We should go {time}, the two of us.|' +
    'Have you seen the {thing} in {place} {time}?|I would have sworn this was {place}.|Now I miss {place} and its {thing}.|' +
    'Next time try it {time}, from the {thing}.',
)
const LINES = words(
  'Are you coming to {place} {time}?|I found the {thing} that you told me about, the one in {place}.|The {thing} was closed. Again {time}?|' +
    'I left your book at the {thing} in {place}.|Meet me by the {thing}, {time}.|Did you get home from {place}?|' +
    'They are tearing down the {thing} in {place}, can you believe it?|I have two tickets for {place}, {time}.|' +
    'Your image of the {thing} hangs in my kitchen now.|Guess who I met at the {thing} in {place}, {time}.|' +
    'I will bring the map of {place}. You bring the bread.|Let me know when you have seen the {thing} {time}.',
)
const ANSWERS = words(
  'Yes.|Gladly!|Not this week.|I will ask.|You first.|Ha!|Of course.|Let me think.|Any day but Monday.|Only if it is dry.|So soon?|Always.|' +
    'Why not?|As you like.|Tomorrow, then.|No idea.|At last!',
)

export interface Person {
  username: string
  firstName: string
  lastName: string
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

/** The first forty have simple names, so that alice and bob always exist. */
export function person(random: Random, index: number): Person {
  const first = FIRST[index % FIRST.length] ?? 'nobody'
  const last = random.pick(LAST)
  const round = Math.floor(index / FIRST.length)
  return {
    username: round === 0 ? first : `${first}.${last}${round}`,
    firstName: capital(first),
    lastName: capital(last),
  }
}

/** Never returns a text twice: tries again, and numbers the text if that does not help. */
export class Writer {
  readonly #random: Random
  readonly #said = new Set<string>()

  constructor(random: Random) {
    this.#random = random
  }

  title(): string {
    return this.#once(() => {
      const { thing, place, time } = this.#scene()
      const what = `${this.#random.pick(MOODS)} ${thing}`
      if (this.#random.chance(0.3)) return `${what}, ${place}`
      return this.#random.chance(0.5) ? `${what} ${time}` : `${what}, ${place} ${time}`
    })
  }

  story(): string {
    return this.#once(() => {
      const { thing, place, time } = this.#scene()
      return `The ${thing} in ${place}, ${time}. ${this.#random.pick(REASONS)} ${this.#random.pick(REASONS)}`
    })
  }

  reply(): string {
    return this.#once(() => {
      const opening = this.#random.pick(OPENINGS)
      return `${opening}${this.#random.pick(['!', '.', '…'])} ${this.#fill(this.#random.pick(ASIDES))}`
    })
  }

  bio(): string {
    return this.#once(() => {
      const love = this.#random.pick(LOVES)
      const another = this.#random.pick(LOVES.filter((one) => one !== love))
      const craft = capital(this.#random.pick(CRAFTS))
      return `${craft} from ${this.#random.pick(PLACES)}. Fond of ${love} and ${another}.`
    })
  }

  message(): string {
    return this.#once(() => {
      const line = this.#fill(this.#random.pick(LINES))
      return this.#random.chance(0.5) ? `${this.#random.pick(ANSWERS)} ${line}` : line
    })
  }

  #scene() {
    return {
      thing: this.#random.pick(THINGS),
      place: this.#random.pick(PLACES),
      time: this.#random.pick(TIMES),
    }
  }

  #fill(text: string): string {
    const { thing, place, time } = this.#scene()
    return text.replace('{thing}', thing).replace('{place}', place).replace('{time}', time)
  }

  #once(make: () => string): string {
    let text = make()
    for (let tries = 0; this.#said.has(text) && tries < 100; tries++) text = make()
    const first = text
    for (let number = 2; this.#said.has(text); number++) text = `${first} (${number})`
    this.#said.add(text)
    return text
  }
}
