import { defineConfig } from 'vitest/config'

/** Tests that drive the Worker from outside, as `wrangler dev` serves it. */
export default defineConfig({
  test: {
    include: ['test/node/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 90_000,
    fileParallelism: false,
  },
})
