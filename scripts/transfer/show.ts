/** On a terminal, one line that changes; elsewhere nothing, because logs are read later. */
export type Show = (step: string) => void

const PAUSE_MS = 100

export function openShow(): Show {
  let shownAt = 0
  return (step) => {
    if (!process.stdout.isTTY || (step !== '' && Date.now() - shownAt < PAUSE_MS)) return
    shownAt = Date.now()
    process.stdout.write(`\r\x1b[K${step}`)
  }
}

/** `table: 12,000 of 50,000 ▓▓▓░░░ 24%` */
export function bar(what: string, done: number, of: number): string {
  const share = of === 0 ? 1 : done / of
  const full = Math.round(share * 20)
  return `${what} ${'▓'.repeat(full)}${'░'.repeat(20 - full)} ${Math.floor(share * 100)}% (${done.toLocaleString('en')} of ${of.toLocaleString('en')})`
}
