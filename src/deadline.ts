/** Waiting with a timeout. */

/** The operation did not finish in time. It may still do so. */
export class TookTooLong extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`)
  }
}

/** Returns the answer or throws `TookTooLong`. A later answer or error is ignored. */
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
