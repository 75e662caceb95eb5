import { defineConfig } from 'vitest/config';

/** The studio in a real browser, with a real training and a real restore. One file after the other: each starts the program. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
});
