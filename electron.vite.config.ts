import { fileURLToPath } from 'node:url';
import { defineConfig } from 'electron-vite';
import renderer from './vite.renderer.config.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The same renderer as the loopback shell's, and Electron's main process and preload script around it. */
export default defineConfig({
  main: {
    build: {
      outDir: here('out/main'),
      rollupOptions: { input: here('src/main/main.ts'), output: { format: 'es', entryFileNames: 'main.mjs' } },
    },
  },
  preload: {
    build: {
      outDir: here('out/preload'),
      rollupOptions: {
        input: here('src/preload/preload.ts'),
        output: { format: 'cjs', entryFileNames: 'preload.cjs' },
      },
    },
  },
  renderer: { ...renderer, build: { ...renderer.build, rollupOptions: { input: here('src/renderer/index.html') } } },
});
