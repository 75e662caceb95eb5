import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { l1 } from '../../../src/core/losses/pixel.ts';
import { perceptualDistance } from '../../../src/core/losses/perceptual.ts';
import { VggFeatures, type VggOptions } from '../../../src/core/losses/vgg.ts';
import { randomStream } from '../../../src/core/random.ts';
import { featuresConfig } from '../../../src/shared/runConfig.ts';

beforeAll(() => void openEngine());

/** Bilinear noise over octaves: a picture with large shapes and small ones, [1,64,64,3] in [0,1]. */
function picture(): tf.Tensor4D {
  const random = randomStream('a picture of octaves');
  const octaves = [2, 4, 8, 16, 32, 64].map((cells) => {
    const noise = Float32Array.from({ length: cells * cells * 3 }, () => random.normal());
    return tf.mul(tf.image.resizeBilinear(tf.tensor4d(noise, [1, cells, cells, 3]), [64, 64]), 1 / cells);
  });
  return tf.clipByValue(tf.add(0.45, tf.mul(0.45, tf.addN(octaves))), 0, 1);
}

/** Length of the negative term's gradient by the output over that of the pixel term's, at a weight of 0.001. */
function share(gains: VggOptions['gains']): number {
  const { layers } = featuresConfig.parse({});
  const network = new VggFeatures('vgg16', Object.keys(layers), { gains });
  const value = tf.tidy(() => {
    const clean = picture();
    const reduced = (side: number): tf.Tensor4D =>
      tf.image.resizeBilinear(tf.image.resizeBilinear(clean, [side, side], false, true), [64, 64], false, true);
    const negative = network.extract(reduced(16));
    const length = (gradient: tf.Tensor): tf.Tensor => tf.sqrt(tf.sum(tf.square(gradient)));
    const term = tf.grad((x) => perceptualDistance(network.extract(x as tf.Tensor4D), negative, Object.values(layers)));
    const pixel = tf.grad((x) => l1(x, clean));
    const output = reduced(32);
    return 0.001 * (tf.div(length(term(output)), length(pixel(output))).dataSync<'float32'>()[0] ?? 0);
  });
  network.dispose();
  return value;
}

it('the stand-in has about the share of the gradient that the published VGG16 has at the published weight', () => {
  // The published one has 6 %; another picture changes that by a few percent of the gradient.
  expect(share('share')).toBeGreaterThan(0.04);
  expect(share('share')).toBeLessThan(0.09);
});

it('a stand-in of before version 0.2 keeps its scale, so that its runs can be resumed', () => {
  expect(share('none')).toBeLessThan(0.012);
});
