import { defineConfig } from 'vitest/config';
import { patience } from './test/e2e/patience.ts';

/** The installed program: `npm run test:package`, which packs it first. */
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 5 * patience,
    hookTimeout: 2 * patience,
    expect: { poll: { timeout: patience } },
  },
});
