import { expect, test } from 'vitest';
import { LearningRate } from '../../../src/core/training/learningRate.ts';
import { runConfig } from '../../../src/shared/runConfig.ts';

const schedule = (settings: object) => runConfig.shape.schedule.parse(settings);
const rates = (settings: object, initial: number, count: number): number[] => {
  const rate = new LearningRate(schedule(settings), initial, count);
  return Array.from({ length: count }, (_, i) => rate.at(i + 1));
};

// Expected values: printed by PyTorch 2.2 with BasicSR's order of scheduler and warm-up.
test('cosine falls and rises again, as torch.optim.lr_scheduler.CosineAnnealingLR', () => {
  const expected = [
    2e-4, 1.8660321025142497e-4, 1.500025e-4, 1.00005e-4, 5.00075e-5, 1.3406789748575054e-5, 1e-8,
    1.3406789748575052e-5, 5.00075e-5, 1.00005e-4, 1.500025e-4, 1.866032102514251e-4, 2e-4, 1.866032102514251e-4,
  ];
  rates({ type: 'cosine', period: 6, minimum: 1e-8 }, 2e-4, 14).forEach((rate, i) =>
    expect(rate).toBeCloseTo(expected[i] ?? 0, 15),
  );
});

test('after a warm-up the cosine goes on from the rate the warm-up left, as the recursive form does', () => {
  const expected = [
    2.5e-4, 5e-4, 7.5e-4, 6.584018694489784e-4, 5.429814915147343e-4, 4.150370169705315e-4, 2.870925424263288e-4,
    1.716721644920847e-4, 8.007403394106305e-5, 2.126441399330045e-5, 1e-6, 2.5447270110570814e-5,
  ];
  rates({ type: 'cosine', period: 10, minimum: 1e-6, warmup: 4 }, 1e-3, 12).forEach((rate, i) =>
    expect(rate).toBeCloseTo(expected[i] ?? 0, 12),
  );
});

test('multistep falls at each milestone, twice at one named twice', () => {
  expect(rates({ type: 'multistep', milestones: [3, 5, 5], gamma: 0.5 }, 1e-3, 8)).toEqual([
    1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 1.25e-4, 1.25e-4, 1.25e-4,
  ]);
});

test('any step can be asked for in any order', () => {
  const rate = new LearningRate(schedule({ type: 'cosine' }), 1e-3, 100);
  const late = rate.at(70);
  rate.at(3);
  expect(rate.at(70)).toBe(late);
});
