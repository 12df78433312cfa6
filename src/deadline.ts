/** Waiting for what may never come. */

/** What was waited for did not come in time. It may still happen. */
export class TookTooLong extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`)
  }
}

/** The answer, or `TookTooLong`. What comes later than that is not looked at, whether an answer or an error. */
export async function withinDeadline<T>(ms: number, ask: () => PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TookTooLong(ms)), ms)
  })
  try {
    return await Promise.race([ask(), tooLate])
  } finally {
    if (timer !== undefined) clearTimeout(timer)
  }
}
