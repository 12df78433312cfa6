/** Runs a command. If it fails, prints why in one line and exits with 1. */
export async function endWith(command: () => Promise<void>): Promise<void> {
  try {
    await command()
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}

export const rowsOf = (digests: readonly { rows: number }[]): number =>
  digests.reduce((total, { rows }) => total + rows, 0)

/** The time and memory taken. Rows are counted where a database was read or written; `started` is a `performance.now()`. */
export function speed(rows: number, started: number): string {
  const seconds = (performance.now() - started) / 1_000
  const number = (value: number) => Math.round(value).toLocaleString('en')
  // In KiB.
  const memory = (process.resourceUsage().maxRSS * 1_024) / 1e6
  return `${number(rows)} rows in ${seconds.toFixed(1)} s, ${number(rows / seconds)} a second, in ${number(memory)} MB.`
}
