import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceCheck, examine } from '../../../src/services/app/doctor.ts';
import { openHome } from '../../../src/services/app/home.ts';

let folder: string;
const nodeOptions = process.env['NODE_OPTIONS'];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-doctor-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  if (nodeOptions === undefined) delete process.env['NODE_OPTIONS'];
  else process.env['NODE_OPTIONS'] = nodeOptions;
});

describe('doctor', () => {
  it('finds the engine and names its version, device and threads', async () => {
    const { engine, checks } = await examine(openHome(folder));
    expect(engine?.tensorflow).toMatch(/^2\.\d+\.\d+/);
    expect(engine?.device.threads).toBeGreaterThan(0);
    expect(checks.filter(({ state }) => state === 'missing')).toEqual([]);
    expect(checks.map(({ title }) => title)).toEqual([
      'Node',
      'TensorFlow',
      'Device',
      'bfloat16 on the CPU',
      'sharp',
      'SQLite',
      'ExifTool',
      'Data folder',
      'Cache folder',
    ]);
    expect(checks.find(({ title }) => title === 'Data folder')?.detail).toContain(folder);
  });

  it('survives an engine that ends its process, and says what to run', async () => {
    process.env['NODE_OPTIONS'] = '--import=data:text/javascript,process.kill(process.pid,9)';
    const { engine, checks } = await examine(openHome(folder));
    expect(engine).toBeUndefined();
    expect(checks.find(({ title }) => title === 'TensorFlow')).toEqual({
      title: 'TensorFlow',
      state: 'missing',
      detail: 'TensorFlow crashed during the check (SIGKILL).',
      fix: 'npm run setup',
    });
  });

  it('points out a GPU that is not used', () => {
    const cpu = { kind: 'cpu', name: 'Some CPU', memory: 0, threads: 2, bf16: [] } as const;
    expect(deviceCheck(cpu, [])).toEqual({ title: 'Device', state: 'ok', detail: 'CPU Some CPU, 2 threads' });
    expect(deviceCheck(cpu, [{ name: 'NVIDIA T4', memory: 2 ** 34 }])).toMatchObject({
      state: 'warning',
      fix: 'npm run setup -- --gpu',
    });
    expect(
      deviceCheck({ ...cpu, kind: 'gpu', name: 'NVIDIA T4', memory: 2 ** 34 }, [
        { name: 'NVIDIA T4', memory: 2 ** 34 },
      ]),
    ).toEqual({ title: 'Device', state: 'ok', detail: 'NVIDIA T4, 16 GiB' });
  });
});
