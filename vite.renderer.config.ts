import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The window's page, the same for both shells. All its addresses are relative: the loopback server has it under a path that differs at every start. */
export default defineConfig({
  root: here('src/renderer'),
  base: './',
  plugins: [react()],
  // The page's policy allows no data: scripts or fonts, so nothing is inlined.
  build: { outDir: here('out/renderer'), emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 1500 },
});
