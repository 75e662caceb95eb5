import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Builds the page as `npm start` does; the tests of this folder do it once, before the first of them. */
export default async function buildPage(): Promise<void> {
  await build({
    configFile: fileURLToPath(new URL('../../vite.renderer.config.ts', import.meta.url)),
    logLevel: 'error',
  });
}
