import { COUNTED, type listDays } from './statistics-queries'

type Sizes = Awaited<ReturnType<typeof listDays>>
type Kind = keyof typeof COUNTED

/** How much each day, except the first, added to the day before. A day without a row added nothing. */
export function statisticsView(sizes: Sizes) {
  const days = [...new Set(sizes.map(({ day }) => day))]
  const sizeAt = (day: string | undefined, kind: Kind) =>
    sizes.find((size) => size.day === day && size.name === COUNTED[kind])?.lastId ?? 0
  return days.slice(1).map((day, i) => {
    const brought = (kind: Kind) => sizeAt(day, kind) - sizeAt(days[i], kind)
    return {
      day,
      people: brought('people'),
      posts: brought('posts'),
      messages: brought('messages'),
      reports: brought('reports'),
    }
  })
}
