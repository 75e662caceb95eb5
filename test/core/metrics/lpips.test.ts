import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import type { Weights, WeightTensor } from '../../../src/core/formats/weights.ts';
import { Lpips, lpipsShapes } from '../../../src/core/metrics/lpips.ts';
import type { FloatPicture } from '../../../src/core/pictures/picture.ts';

beforeAll(() => void openEngine());

const wave = (shape: readonly number[], phase: number, scale: number): WeightTensor & { data: Float32Array } => ({
  dtype: 'float32',
  shape: [...shape],
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, n) => Math.sin(n * 0.37 + phase) * scale),
});

/** AlexNet's shapes filled with waves, so that another program can make the same weights. */
function waveWeights(): Weights {
  const weights: Weights = new Map();
  let k = -1;
  for (const [name, shape] of lpipsShapes('alex')) {
    if (name.startsWith('lin')) {
      const head = wave([shape[1] ?? 0], Number(name.charAt(3)) + 0.25, 1);
      weights.set(name, { ...head, shape: [...shape], data: head.data.map(Math.abs) });
    } else if (name.endsWith('.weight')) {
      k += 1;
      weights.set(name, wave(shape, k, 2 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b, 1))));
    } else weights.set(name, wave(shape, k + 0.5, 0.1));
  }
  return weights;
}

function wavePicture(phase: number, height: number, width: number): FloatPicture {
  const data = Float32Array.from(
    { length: height * width * 3 },
    (_, i) => Math.round(255 * (0.5 + 0.5 * Math.sin(i * 0.11 + phase))) / 255,
  );
  return { width, height, channels: 3, data };
}

describe('Lpips', () => {
  const weights = waveWeights();
  const open = (): Lpips => new Lpips({ network: 'alex', weights, source: 'waves' });

  it('gives what a plain numpy program in float64 gives for the same weights and pictures', () => {
    const lpips = open();
    expect(lpips.distance(wavePicture(0, 40, 36), wavePicture(2, 40, 36))).toBeCloseTo(1.1723428, 4);
    expect(lpips.distance(wavePicture(2, 40, 36), wavePicture(0, 40, 36))).toBeCloseTo(1.1723428, 4);
    lpips.dispose();
  });

  it('is 0 for equal pictures, and for pictures that differ only in the border that is cut', () => {
    const lpips = open();
    const picture = wavePicture(0, 40, 44);
    const framed = { ...picture, data: picture.data.map((v, i) => (Math.floor(i / (44 * 3)) < 2 ? 1 - v : v)) };
    expect(lpips.distance(picture, picture)).toBe(0);
    expect(lpips.distance(picture, framed)).toBeGreaterThan(0.001);
    expect(lpips.distance(picture, framed, 2)).toBe(0);
    lpips.dispose();
  });

  it('refuses pictures of different or too small sizes in a sentence', () => {
    const lpips = open();
    expect(() => lpips.distance(wavePicture(0, 40, 40), wavePicture(0, 40, 41))).toThrow(/same size/);
    expect(() => lpips.distance(wavePicture(0, 40, 34), wavePicture(0, 40, 34), 2)).toThrow(/at least 32 × 32 pixels/);
    lpips.dispose();
  });
});
