import { defineConfig } from 'vitest/config';
import { patience } from './test/e2e/patience.ts';

/** The studio in a real Electron: `npm run test:electron`, which finds one and gives it a screen and an ordinary user. */
export default defineConfig({
  test: {
    include: ['test/e2e/electron/**/*.test.ts'],
    // It trains the whole sample, which takes minutes beside a window that is drawn in software.
    exclude: [
      ...(process.env['MCIR_TEST_LIFE'] === 'yes' ? [] : ['test/e2e/electron/life.test.ts']),
      // `npm run kills:electron`
      ...(process.env['KILLS'] === undefined ? ['test/e2e/electron/kills.test.ts'] : []),
      // `npm run starts:electron`
      ...(process.env['STARTS'] === undefined ? ['test/e2e/electron/starts.test.ts'] : []),
    ],
    globalSetup: 'test/e2e/electron/buildWindow.ts',
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 5 * patience,
    hookTimeout: 2 * patience,
    // Pictures are restored by TensorFlow on the processor, so that they are the same each time.
    env: { MCIR_DEVICE: process.env['MCIR_DEVICE'] ?? 'tensorflow' },
    expect: { poll: { timeout: patience } },
  },
});
