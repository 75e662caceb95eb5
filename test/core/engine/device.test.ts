import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { visibleGpus } from '../../../src/core/engine/device.ts';

// The driver's own tool, as it answers on a machine with two.
describe.skipIf(process.platform === 'win32')('GPUs of the machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcir-gpus-'));
  beforeAll(() => {
    const tool = join(folder, 'nvidia-smi');
    writeFileSync(tool, '#!/bin/sh\necho "NVIDIA H100 80GB HBM3, 81559"\necho "NVIDIA T4, 15360"\n');
    chmodSync(tool, 0o755);
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it('have a name and a size', () =>
    expect(visibleGpus()).toEqual([
      { name: 'NVIDIA H100 80GB HBM3', memory: 81559 * 2 ** 20 },
      { name: 'NVIDIA T4', memory: 15 * 2 ** 30 },
    ]));
});
