import { defineConfig } from 'vitest/config';
import browser from './vitest.e2e.config.ts';

/** The life of a small project in a browser, with the whole sample trained: `npm run test:life`. */
export default defineConfig({ test: { ...browser.test, include: ['test/e2e/studio.test.ts'], exclude: [] } });
