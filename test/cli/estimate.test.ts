import { afterAll, expect, test } from 'vitest';
import { trial, type Trial } from '../../src/shared/trials.ts';
import { endPrograms, mcir, mcirJson, newFolder, tinyTraining } from './program.ts';

afterAll(endPrograms);

test('--estimate measures real steps of the configuration, and leaves no run behind', async () => {
  const home = newFolder();
  const config = await tinyTraining(newFolder());
  const measured = trial.parse(await mcirJson<Trial>(home, 'train', config, '--estimate', '--set', 'steps=1000'));
  expect(measured.counts).toEqual({ train: 4, validation: 1 });
  // Before the first step, every 8 steps of 1000.
  expect(measured.validations).toBe(126);
  const seconds = (measured.firstStepMs + 999 * measured.stepMs + 126 * measured.validationMs) / 1000;
  expect(measured.totalSeconds).toBeCloseTo(seconds, 6);
  expect(measured.memory).toBeGreaterThan(50 * 2 ** 20);
  expect((await mcirJson<{ runs: unknown[] }>(home, 'runs')).runs).toEqual([]);
});

test('--estimate says what is wrong with the pictures in the same sentence as a training', async () => {
  const home = newFolder();
  const config = await tinyTraining(newFolder());
  const wrong = ['train', config, '--set', 'data.train.target=/nowhere'];
  const training = await mcir(home, ...wrong);
  const estimate = await mcir(home, ...wrong, '--estimate');
  expect(estimate.stderr).toContain('/nowhere');
  // A folder that is not there is wrong use, and found before anything starts.
  expect([estimate.code, estimate.stderr]).toEqual([2, training.stderr]);
});
