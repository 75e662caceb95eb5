import sharp from 'sharp';
import { expect, test } from 'vitest';
import { curveSvg } from '../../../../src/services/training/report/curveSvg.ts';
import { runningSeconds, thin } from '../../../../src/services/training/report/runSummary.ts';

const steps = [0, 10, 20, 30];
const path = (svg: string): [number, number][] =>
  [...(/<path d="(M[^"HVv]*L[^"]*)"/.exec(svg)?.[1] ?? '').matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);

test('a curve starts and ends at the edges, its extremes touch them, and it can be drawn', async () => {
  const svg = curveSvg([{ name: 'psnr', steps, values: [10, 30, 20, 15] }], { title: 'PSNR & more, dB' });
  const points = path(svg);
  expect(points.map(([x]) => x)).toEqual([76, 258.7, 441.3, 624]);
  expect(points.map(([, y]) => y)).toEqual([244, 34, 139, 191.5]);
  expect(svg).toContain('PSNR &#38; more, dB');
  const { width, height, format } = await sharp(Buffer.from(svg)).metadata();
  expect([width, height, format]).toEqual([640, 280, 'svg']);
});

test('on a logarithmic axis equal factors are equal distances, and what has no logarithm is left out', () => {
  const points = path(curveSvg([{ name: 'l_pix', steps, values: [1, 0.1, 0, 0.01] }], { title: 'loss', log: true }));
  expect(points.map(([x]) => x)).toEqual([76, 258.7, 624]);
  expect(points.map(([, y]) => y)).toEqual([34, 139, 244]);
});

test('a series without a value, with one value or with equal values is drawn without NaN', () => {
  for (const values of [[], [5], [5, 5, 5]])
    expect(curveSvg([{ name: 'x', steps: steps.slice(0, values.length), values }], { title: 'x' })).not.toContain(
      'NaN',
    );
});

test('thinning keeps the first and the last value; computing time leaves out pauses and queues', () => {
  const long = Array.from({ length: 1001 }, (_, i) => i);
  const thinned = thin({ name: 'x', steps: long, values: long }, 100);
  expect([thinned.steps[0], thinned.steps.at(-1)]).toEqual([0, 1000]);
  expect(thinned.steps.length).toBeLessThanOrEqual(102);
  const states = (['queued', 'running', 'paused', 'running', 'finished'] as const).map((state, i) => ({
    at: [0, 5000, 9000, 100_000, 103_000][i] ?? 0,
    state,
  }));
  expect(runningSeconds(states)).toBe(7);
  const putBack = [...states, { at: 200_000, state: 'running' as const }, { at: 1000, state: 'finished' as const }];
  expect(runningSeconds(putBack)).toBe(7);
});
