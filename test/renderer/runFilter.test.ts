import { expect, test } from 'vitest';
import { gainOf, noFilter, pick } from '../../src/renderer/screens/runs/runFilter.ts';
import type { Run } from '../../src/shared/contract/training.ts';

const base: Run = {
  id: 'a',
  name: 'Haze',
  state: 'finished',
  created: 1,
  changed: 1,
  step: 10,
  steps: 10,
  network: 'ffanet',
  negatives: 2,
  seed: 0,
  tags: [],
  note: '',
};
const runs: Run[] = [
  { ...base, best: { step: 5, psnr: 20, ssim: 0.8 }, psnrBefore: 15, tags: ['paper'] },
  {
    ...base,
    id: 'b',
    name: 'Rain',
    created: 2,
    network: 'idt',
    negatives: 0,
    best: { step: 5, psnr: 30, ssim: 0.7 },
    psnrBefore: 29,
    note: 'bad lr',
  },
  { ...base, id: 'c', name: 'Queued', created: 3, state: 'queued' },
];
const ids = (found: Run[]): string => found.map(({ id }) => id).join('');
const newest = { column: 'created', down: true } as const;

test('each filter lets through what fits, and the words what any field holds', () => {
  expect(ids(pick(runs, noFilter, newest))).toBe('cba');
  expect(ids(pick(runs, { ...noFilter, mcir: 'without' }, newest))).toBe('b');
  expect(ids(pick(runs, { ...noFilter, state: 'queued' }, newest))).toBe('c');
  expect(ids(pick(runs, { ...noFilter, tag: 'paper' }, newest))).toBe('a');
  expect(ids(pick(runs, { ...noFilter, network: 'ffanet', text: ' HAZ' }, newest))).toBe('a');
  expect(ids(pick(runs, { ...noFilter, text: 'bad lr' }, newest))).toBe('b');
});

test('sorting by a result puts runs without one last, downwards; equal ones the newer first', () => {
  expect(ids(pick(runs, noFilter, { column: 'psnr', down: true }))).toBe('bac');
  expect(ids(pick(runs, noFilter, { column: 'ssim', down: true }))).toBe('abc');
  expect(ids(pick(runs, noFilter, { column: 'gain', down: true }))).toBe('abc');
  expect(ids(pick(runs, noFilter, { column: 'name', down: false }))).toBe('acb');
  expect(ids(pick(runs, noFilter, { column: 'step', down: true }))).toBe('cba');
  expect(runs.map(gainOf)).toEqual([5, 1, undefined]);
});
