import { describe, expect, it } from 'vitest';
import { disagreement, MOST_DIFFERENCE } from '../../../../src/core/inference/backends/trust.ts';
import type { FloatPicture } from '../../../../src/core/pictures/picture.ts';
import { noise } from './stubs.ts';

const reference = noise(16, 12);
const changed = (change: (value: number, i: number) => number): FloatPicture => ({
  ...reference,
  data: reference.data.map(change),
});

describe('a tile of a backend, compared with the processor,', () => {
  it.each<[string, FloatPicture, string | undefined]>([
    ['is correct if it differs only by rounding', changed((value) => value + 1e-5), undefined],
    [
      'is correct just below the limit',
      changed((value, i) => (i === 50 ? value + MOST_DIFFERENCE * 0.98 : value)),
      undefined,
    ],
    [
      'is wrong if one pixel is above the limit',
      changed((value, i) => (i === 50 ? value + 2.1e-3 : value)),
      'different',
    ],
    ['is wrong if one value is NaN', changed((value, i) => (i === 7 ? Number.NaN : value)), 'not-a-number'],
    ['is wrong if one value is infinite', changed((value, i) => (i === 7 ? Infinity : value)), 'not-a-number'],
    ['is wrong if it is black', changed(() => 0), 'black'],
    ['is wrong if it is a single grey', changed(() => 0.5), 'constant'],
    [
      'is wrong if it is shifted by a pixel',
      changed((_, i) => reference.data[Math.max(0, i - 3)] as number),
      'different',
    ],
    ['is wrong if it has another size', { ...noise(12, 16) }, 'size'],
  ])('%s', (_, given, kind) => {
    expect(disagreement(reference, given)?.kind).toBe(kind);
  });

  it('is correct if the picture is black on the processor too', () => {
    const black = changed(() => 0);
    expect(
      disagreement(
        black,
        changed(() => 1e-6),
      ),
    ).toBeUndefined();
  });

  it('is not at fault if the model gives NaN everywhere', () => {
    const broken = changed((value, i) => (i === 3 ? Number.NaN : value));
    expect(disagreement(broken, broken)).toBeUndefined();
  });
});
