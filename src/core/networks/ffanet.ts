import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { composite } from '../engine/tracing/composite.ts';
import type { Layer } from './layer.ts';
import { conv2d, globalAverage, sequential, weighedPointwise } from './layers.ts';
import type { NetworkDefinition } from './network.ts';
import type { Parameters } from './parameters.ts';

const options = z.strictObject({
  gps: z.literal(3).default(3).describe('Groups of blocks; the network is defined for three.'),
  blocks: z.int().min(1).max(64).default(19).describe('Blocks in each group; 19 as published.'),
});
type Options = z.output<typeof options>;

/** Width of every feature map, fixed by the authors. */
const DIM = 64;

/** "FFA-Net: Feature Fusion Attention Network for Single Image Dehazing", AAAI 2020; names of zhilin007/FFA-Net. */
export const ffanet: NetworkDefinition<Options> = {
  id: 'ffanet',
  title: 'FFA-Net',
  description: 'Removes haze with channel and pixel attention; slow and accurate.',
  tasks: ['dehazing', 'general'],
  paper: 'Qin et al., FFA-Net: Feature Fusion Attention Network for Single Image Dehazing, AAAI 2020',
  options,
  published: { 'FFA-Net': options.parse({}) },
  inputNorm: { mean: [0.64, 0.6, 0.58], std: [0.14, 0.15, 0.152] },
  scale: () => 1,
  seesWholePicture: true,
  inputSizes: 'any size',

  detect(shapes) {
    if (shapes.get('g1.gp.0.calayer.ca.0.weight')?.join() !== '8,64,1,1') return undefined;
    // A group ends with a plain convolution, so its highest index is the number of blocks.
    const indices = [...shapes.keys()].flatMap((name) => /^g1\.gp\.(\d+)\./.exec(name)?.[1] ?? []);
    return options.safeParse({ blocks: Math.max(...indices.map(Number)) }).data;
  },

  build(p, { gps, blocks }) {
    // Declared in the order of the authors' class, which is the order in their files.
    const groups = Array.from({ length: gps }, (_, i) => group(p, `g${i + 1}`, blocks));
    const channelWeights = squeezeExcite(p, 'ca', DIM * gps, DIM / 16, DIM * gps, 1); // the pooling is part of the authors' Sequential
    const pixelWeights = squeezeExcite(p, 'palayer.pa', DIM, DIM / 8, 1);
    const pre = conv2d(p, 'pre.0', 3, DIM, 3);
    const post = [conv2d(p, 'post.0', DIM, DIM, 3), conv2d(p, 'post.1', DIM, 3, 3)] as const;

    return (x) => {
      let h = pre(x); // [B,H,W,64]
      const results = groups.map((g) => (h = g(h)));
      const weights = tf.split(channelWeights(tf.concat(results.map(globalAverage), 3)), gps, 3); // gps × [B,1,1,64]
      const fused = tf.addN<tf.Tensor4D>(results.map((result, i) => tf.mul(result, weights[i] as tf.Tensor4D)));
      const attended = tf.mul<tf.Tensor4D>(fused, pixelWeights(fused));
      return tf.add(post[1](post[0](attended)), x);
    };
  },
};

function group(p: Parameters, name: string, blocks: number): Layer {
  const body = sequential(Array.from({ length: blocks }, (_, i) => block(p, `${name}.gp.${i}`)));
  const last = conv2d(p, `${name}.gp.${blocks}`, DIM, DIM, 3);
  return (x) => tf.add(last(body(x)), x);
}

/**
 * Two convolutions, then channel and pixel attention. The authors weight the features by channel, compute pixel weights
 * from the result, and weight again. Here the channel weights are folded into the filter that computes the pixel
 * weights, and both weights are combined in one product, so that the features are multiplied only once.
 */
function block(p: Parameters, name: string): Layer {
  const conv1 = conv2d(p, `${name}.conv1`, DIM, DIM, 3);
  const conv2 = conv2d(p, `${name}.conv2`, DIM, DIM, 3);
  const channelWeights = squeezeExcite(p, `${name}.calayer.ca`, DIM, DIM / 8, DIM);
  const squeeze = weighedPointwise(p, `${name}.palayer.pa.0`, DIM, DIM / 8);
  const excite = conv2d(p, `${name}.palayer.pa.2`, DIM / 8, 1, 1);
  return (x) => {
    const features = conv2(tf.add<tf.Tensor4D>(tf.relu(conv1(x)), x));
    const channels = channelWeights(globalAverage(features)); // [B,1,1,64]
    const pixels = tf.sigmoid(excite(tf.relu(squeeze(features, channels)))); // [B,H,W,1]
    return tf.add(tf.mul<tf.Tensor4D>(features, outerProduct(pixels, channels)), x);
  };
}

/**
 * Weights between 0 and 1: of channels from their averages, [B,1,1,in] → [B,1,1,out], or of pixels, [B,H,W,in] →
 * [B,H,W,1]. `offset` is the index of the first convolution in the authors' Sequential.
 */
function squeezeExcite(
  p: Parameters,
  name: string,
  channelsIn: number,
  hidden: number,
  channelsOut: number,
  offset = 0,
): Layer {
  const squeeze = conv2d(p, `${name}.${offset}`, channelsIn, hidden, 1);
  const excite = conv2d(p, `${name}.${offset + 2}`, hidden, channelsOut, 1);
  return (x) => tf.sigmoid(excite(tf.relu(squeeze(x))));
}

/** A weight for each pixel [B,H,W,1] times one for each channel [B,1,1,C]: [B,H,W,C]. */
function outerProduct(pixels: tf.Tensor4D, channels: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width] = pixels.shape;
  const count = channels.shape[3];
  // As a matrix product, which is several times as fast as a broadcast of both sides.
  return composite({ op: 'OuterProduct', inputs: [pixels, channels] }, () =>
    tf.reshape(tf.matMul(tf.reshape(pixels, [batch, height * width, 1]), tf.reshape(channels, [batch, 1, count])), [
      batch,
      height,
      width,
      count,
    ]),
  );
}
