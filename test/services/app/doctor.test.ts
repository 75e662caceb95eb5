import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceCheck, examine } from '../../../src/services/app/doctor.ts';
import { type BackendReport, backendChecks } from '../../../src/services/restoring/backendReport.ts';
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
    const gpus = /^GPU /;
    expect(checks.map(({ title }) => title).filter((title) => !gpus.test(title))).toEqual([
      'Node',
      'TensorFlow',
      'Device',
      'bfloat16 on the CPU',
      'Graphics',
      'ONNX Runtime on the processor',
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

  it('without TensorFlow, says that pictures can be restored and what to run for training', async () => {
    process.env['MCIR_TENSORFLOW'] = 'off';
    try {
      const { checks, backends } = await examine(openHome(folder));
      expect(checks.find(({ title }) => title === 'TensorFlow')).toEqual({
        title: 'TensorFlow',
        state: 'warning',
        detail: expect.stringMatching(/turned off.* Pictures are restored without it\. Training/) as string,
        fix: 'npm run setup',
      });
      expect(backends.providers.find(({ backend }) => backend === 'onnx:cpu')).toMatchObject({ works: true });
      expect(checks.filter(({ state }) => state === 'missing')).toEqual([]);
    } finally {
      delete process.env['MCIR_TENSORFLOW'];
    }
  });

  it('says which models a backend was found right for, and which not', () => {
    const found = { graphics: '', version: '', width: 512, height: 512, when: 0 };
    const report = {
      adapters: [{ name: 'Some GPU', driver: '1.2' }],
      graphics: '',
      providers: [{ backend: 'onnx:webgpu', works: true, detail: 'next 1 ms' }],
      findings: [
        { ...found, model: 'a', title: 'IMDN', backend: 'onnx:webgpu', secondsPerMegapixel: 0.4 },
        { ...found, model: 'b', title: 'FFA-Net', backend: 'onnx:webgpu', distrust: 'black' },
      ],
    } satisfies BackendReport;
    expect(backendChecks(report)).toEqual([
      { title: 'Graphics', state: 'ok', detail: 'Some GPU (driver 1.2)' },
      {
        title: 'GPU (WebGPU)',
        state: 'ok',
        detail: 'works; next 1 ms; right for 1 model; not used for FFA-Net (a black picture)',
      },
    ]);
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
