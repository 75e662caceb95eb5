import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'test/package/**', 'test/webgpu/**'],
    // TensorFlow's native binding belongs in processes of its own; two cores, so two at a time.
    pool: 'forks',
    maxWorkers: 2,
    // Many tests are of what is rewritten for the CPU; a machine's GPU is left alone unless somebody names it.
    // Pictures are restored by TensorFlow on the processor, so that they are the same each time; tests of backends choose others.
    env: {
      CUDA_VISIBLE_DEVICES: process.env['CUDA_VISIBLE_DEVICES'] ?? '-1',
      MCIR_DEVICE: process.env['MCIR_DEVICE'] ?? 'tensorflow',
    },
    // What is waited for comes; how soon depends on what else the machine does.
    expect: { poll: { timeout: 30_000 } },
    // A busy machine takes several times as long as a quiet one; this is for what hangs.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
