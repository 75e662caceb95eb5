import { fileURLToPath } from 'node:url';
import { build } from 'electron-vite';

/** Builds the page and Electron's frame around it as `npm start` does, once before the first test. */
export default async function buildWindow(): Promise<void> {
  if (!process.env['MCIR_TEST_ELECTRON']) throw new Error('These tests are run by: npm run test:electron');
  await build({
    configFile: fileURLToPath(new URL('../../../electron.vite.config.ts', import.meta.url)),
    logLevel: 'error',
  });
}
