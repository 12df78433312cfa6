/** A small line chart as SVG with logarithmic axes. Each series is a line with its name at the end. */

export interface Series {
  name: string
  points: [x: number, y: number][]
}

interface Labels {
  title: string
  x: string
  y: string
}

const WIDTH = 820
const HEIGHT = 420
const LEFT = 70
const RIGHT = 190
const TOP = 46
const BOTTOM = 52
const LABEL = 13
// Colours that colour-blind people can distinguish: https://www.nature.com/articles/nmeth.1618
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#8a6d00', '#56b4e9', '#555555', '#e69f00']

const log = Math.log10
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export function lineChart(series: Series[], { title, x: xLabel, y: yLabel }: Labels): string {
  const xs = series.flatMap(({ points }) => points.map(([x]) => x))
  const ys = series.flatMap(({ points }) => points.map(([, y]) => Math.max(1, y)))
  const [x0, x1] = [log(Math.min(...xs)), log(Math.max(...xs))]
  const [y0, y1] = [Math.floor(log(Math.min(...ys))), Math.max(1, Math.ceil(log(Math.max(...ys))))]
  const px = (x: number) => LEFT + ((log(x) - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT)
  const py = (y: number) =>
    HEIGHT - BOTTOM - ((log(Math.max(1, y)) - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM)

  const ticks = Array.from({ length: y1 - y0 + 1 }, (_, i) => 10 ** (y0 + i))
  const grid = ticks.map(
    (y) => `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${fixed(py(y))}" y2="${fixed(py(y))}" stroke="#ddd"/>
  <text x="${LEFT - 8}" y="${fixed(py(y) + 4)}" text-anchor="end">${y.toLocaleString('en')}</text>`,
  )
  const marks = [...new Set(xs)].map(
    (x) =>
      `<text x="${fixed(px(x))}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${x.toLocaleString('en')}</text>`,
  )
  const ends = spreadOut(series.map(({ points }) => py(points.at(-1)?.[1] ?? 1)))
  const lines = series.map(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length]
    const path = points.map(([x, y]) => `${fixed(px(x))},${fixed(py(y))}`).join(' ')
    const dots = points.map(
      ([x, y]) => `<circle cx="${fixed(px(x))}" cy="${fixed(py(y))}" r="3" fill="${colour}"/>`,
    )
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}
  <text x="${WIDTH - RIGHT + 10}" y="${fixed((ends[i] ?? 0) + 4)}" fill="${colour}">${escaped(name)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" role="img">
  <title>${escaped(title)}</title>
  <rect width="100%" height="100%" fill="#fff"/>
  <text x="${LEFT}" y="24" font-size="15" font-weight="600">${escaped(title)}</text>
  ${grid.join('\n  ')}
  ${marks.join('\n  ')}
  <text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escaped(xLabel)}</text>
  <text transform="translate(18 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>
  ${lines.join('\n  ')}
</svg>
`
}

const fixed = (n: number) => n.toFixed(1)

/** The nearest positions at which labels do not overlap. */
function spreadOut(places: number[]): number[] {
  const order = places.map((place, i) => ({ place, i })).sort((a, b) => a.place - b.place)
  let below = Number.NEGATIVE_INFINITY
  for (const label of order) {
    label.place = Math.max(label.place, below + LABEL)
    below = label.place
  }
  const over = Math.max(0, below - (HEIGHT - BOTTOM + 4))
  const result: number[] = []
  for (const { place, i } of order) result[i] = place - over
  return result
}
