import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from '../../../src/core/training/checkpoint.ts';
import { MetricsWriter, RunFolder } from '../../../src/core/training/runFolder.ts';

let path: string;
let folder: RunFolder;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'mcir-test-'));
  folder = new RunFolder(path).create();
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

const checkpoint = (step: number): Checkpoint => ({
  snapshot: {
    tensors: new Map([['net.w', { dtype: 'float32', shape: [3], data: Float32Array.of(step, 1e-38, -0.1) }]]),
    meta: { step, adaptiveUpdates: step * 2 },
  },
  judgement: { best: { step: 1, psnr: 30.12345678901234, ssim: 0.9 }, validationsSinceBest: 2 },
});
const save = (step: number): Promise<void> =>
  saveCheckpoint(folder, checkpoint(step), { network: 'ffanet', options: {}, title: 't', run: 'r', step });

describe('checkpoints', () => {
  it('are restored bit for bit, including the state for best checkpoint and early stopping', async () => {
    await save(5);
    expect(await loadCheckpoint(folder, () => undefined)).toEqual(checkpoint(5));
  });

  it('leave nothing but the last two', async () => {
    for (const step of [1, 2, 3]) await save(step);
    expect(readdirSync(folder.checkpoints).sort()).toEqual(['last.safetensors', 'previous.safetensors']);
  });

  it('do not exist for a run that has not saved', async () => {
    expect(await loadCheckpoint(folder, () => undefined)).toBeUndefined();
  });

  const flip = (file: string): void => {
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    writeFileSync(file, bytes);
  };
  it.each<[string, (file: string) => void, number]>([
    ['cut', (file) => truncateSync(file, readFileSync(file).length - 5), 1],
    ['empty', (file) => truncateSync(file, 0), 1],
    ['changed in one bit', flip, 1],
    ['missing', (file) => rmSync(file), 0],
  ])('fall back to the previous one if the last is %s', async (_, damage, warnings) => {
    await save(1);
    await save(2);
    damage(folder.checkpoint('last'));
    const said: string[] = [];
    expect((await loadCheckpoint(folder, (text) => said.push(text)))?.snapshot.meta.step).toBe(1);
    expect(said).toHaveLength(warnings);
    // The next save must not put the damaged file in the place of the whole one.
    await save(3);
    rmSync(folder.checkpoint('last'));
    expect((await loadCheckpoint(folder, () => undefined))?.snapshot.meta.step).toBe(1);
  });

  it('are an error, not a fresh start, if none can be read', async () => {
    await save(1);
    await save(2);
    flip(folder.checkpoint('last'));
    flip(folder.checkpoint('previous'));
    for (let twice = 0; twice < 2; twice++)
      await expect(loadCheckpoint(folder, () => undefined)).rejects.toThrow(/No checkpoint of this run can be read/);
  });
});

describe('metrics.jsonl', () => {
  const write = (...steps: number[]): void => {
    const writer = new MetricsWriter(folder);
    for (const step of steps) writer.write({ step, values: { l_pix: 1 / (step + 3) } });
    writer.close();
  };
  const steps = (): number[] => [...folder.readMetrics()].map(({ step }) => step);

  it('keeps every digit', () => {
    write(0, 4);
    expect([...folder.readMetrics()]).toEqual([
      { step: 0, values: { l_pix: 1 / 3 } },
      { step: 4, values: { l_pix: 1 / 7 } },
    ]);
  });

  it('drops lines after a step, and appending then works as usual', () => {
    write(1, 2, 2, 3, 4);
    folder.truncateMetrics(2);
    expect(steps()).toEqual([1, 2, 2]);
    write(3);
    expect(steps()).toEqual([1, 2, 2, 3]);
    folder.truncateMetrics(-1);
    expect(readFileSync(folder.metrics, 'utf8')).toBe('');
  });

  it('drops an incomplete line left by a crash', () => {
    write(1, 2);
    writeFileSync(folder.metrics, '{"step":3,"val', { flag: 'a' });
    expect(steps()).toEqual([1, 2]);
    folder.truncateMetrics(9);
    write(3);
    expect(steps()).toEqual([1, 2, 3]);
  });
});
