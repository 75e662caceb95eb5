import { defineConfig } from 'vitest/config';
import { patience } from './test/e2e/patience.ts';

/** The studio in a real browser, with a real training and a real restore. One file after the other: each starts the program. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    // Those have commands of their own: `npm run test:electron`, and `npm run test:life`, which trains the whole sample.
    exclude: ['test/e2e/electron/**', 'test/e2e/studio.test.ts'],
    globalSetup: 'test/e2e/buildPage.ts',
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 5 * patience,
    hookTimeout: 2 * patience,
    // Pictures are restored by TensorFlow on the processor, so that they are the same each time.
    env: { MCIR_DEVICE: process.env['MCIR_DEVICE'] ?? 'tensorflow' },
    expect: { poll: { timeout: patience } },
  },
});
