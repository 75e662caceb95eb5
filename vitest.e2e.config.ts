import { defineConfig } from 'vitest/config';

/** The studio in a real browser, with a real training and a real restore. One file after the other: each starts the program. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    // What is waited for comes; how soon depends on what else the machine does.
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
});
