import { readFileSync, rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import type { Evaluation } from '../../src/services/training/evaluation.ts';
import { describeWithShared, shared } from '../shared.ts';
import { mcirJson, newFolder } from './program.ts';

interface Expected {
  Set5x4: { mean: Record<string, number>; images: Record<string, Record<string, number>> };
}

const home = newFolder();
afterAll(() => rmSync(home, { recursive: true, force: true }));

describeWithShared('mcir evaluate', 'parity/imdn', () => {
  it.each([
    { of: 'luma', flags: ['--y-channel'], key: 'y' },
    { of: 'RGB', flags: [], key: 'rgb' },
  ])('measures the published IMDN x4 on Set5 as BasicSR does, by $of', async ({ flags, key }) => {
    const { Set5x4 } = JSON.parse(readFileSync(shared('parity/imdn/expected_metrics.json'), 'utf8')) as Expected;
    const { model, pictures, mean } = await mcirJson<Evaluation>(
      home,
      'evaluate',
      '--model',
      shared('weights/IMDN_x4.pth'),
      '--input',
      shared('data/Set5/LRx4'),
      '--target',
      shared('data/Set5/HR'),
      '--crop-border',
      '4',
      ...flags,
    );
    expect(model.network).toBe('imdn');
    expect(pictures.map(({ name }) => name)).toEqual(Object.keys(Set5x4.images));
    const measured = [
      ...pictures.map(({ name, psnr, ssim }) => ({ psnr, ssim, expected: Set5x4.images[name] })),
      { ...mean, expected: Set5x4.mean },
    ];
    for (const { psnr, ssim, expected } of measured) {
      expect(Math.abs((psnr ?? Infinity) - (expected?.[`psnr_${key}`] ?? NaN))).toBeLessThan(0.01);
      expect(Math.abs(ssim - (expected?.[`ssim_${key}`] ?? NaN))).toBeLessThan(0.0005);
    }
  });
});
