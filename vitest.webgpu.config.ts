import { defineConfig } from 'vitest/config';

/** `npm run test:webgpu`: every network on WebGPU; SwiftShader takes minutes, so `npm test` does some of them only. */
export default defineConfig({
  test: { include: ['test/webgpu/**/*.test.ts'], testTimeout: 600_000, hookTimeout: 600_000 },
});
