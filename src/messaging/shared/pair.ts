/** The two users of a conversation, for whom there is one Durable Object. */

export interface Pair {
  /** The smaller id. */
  a: number
  b: number
}

/** Which of the two a user is. */
export type Side = keyof Pair

export const pairOf = (one: number, other: number): Pair => ({
  a: Math.min(one, other),
  b: Math.max(one, other),
})

export const sideOf = (pair: Pair, userId: number): Side => (userId === pair.a ? 'a' : 'b')

export const otherSide = (side: Side): Side => (side === 'a' ? 'b' : 'a')

/** The name of a pair's object. The object learns from it whose conversation it holds. */
export const objectName = ({ a, b }: Pair): string => `${a}-${b}`

export function pairFromName(name: string): Pair {
  const [a = 0, b = 0] = name.split('-').map(Number)
  return { a, b }
}
