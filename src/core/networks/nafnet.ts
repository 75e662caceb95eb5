import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Layer } from './layer.ts';
import {
  conv2d,
  crop,
  depthwiseConv2d,
  globalAverage,
  layerNorm,
  perChannel,
  perPlane,
  pixelShuffle,
  sequential,
  zeros,
} from './layers.ts';
import { localAverage } from './localAverage.ts';
import type { NetworkDefinition } from './network.ts';
import type { Parameters } from './parameters.ts';
import { countParts } from './shapes.ts';

const blockCounts = z.array(z.int().min(0).max(128)).min(1).max(8);

const options = z
  .strictObject({
    img_channel: z.literal([1, 3]).default(3).describe('Channels of the pictures: 3 for colour, 1 for grey.'),
    width: z.int().min(1).max(1024).default(32).describe('Channels at full resolution; they double at each level.'),
    middle_blk_num: z.int().min(0).max(128).default(1).describe('Blocks at the lowest resolution.'),
    enc_blk_nums: blockCounts
      .default([1, 1, 1, 28])
      .describe('Blocks of the encoder at each level, from full resolution down.'),
    dec_blk_nums: blockCounts
      .default([1, 1, 1, 1])
      .describe('Blocks of the decoder at each level, from low resolution up.'),
    local: z
      .boolean()
      .default(false)
      .describe(
        'NAFNetLocal (TLC): on pictures larger than the training patches, average in windows instead of over the whole picture. Same weights; the authors test their GoPro and REDS models this way.',
      ),
    train_size: z
      .tuple([z.int().min(1), z.int().min(1), z.int().min(1), z.int().min(1)])
      .default([1, 3, 256, 256])
      .describe(
        'For NAFNetLocal: batch, channels, height and width of the training patches; windows are 1.5 times as large.',
      ),
    fast_imp: z
      .boolean()
      .default(false)
      .describe('For NAFNetLocal: average over fewer pixels, faster and slightly different.'),
  })
  .refine(({ enc_blk_nums, dec_blk_nums }) => enc_blk_nums.length === dec_blk_nums.length, {
    path: ['dec_blk_nums'],
    message: 'Give as many levels as enc_blk_nums has.',
  });
type Options = z.output<typeof options>;

const goPro = { enc_blk_nums: [1, 1, 1, 28], middle_blk_num: 1, dec_blk_nums: [1, 1, 1, 1] };
const sidd = { enc_blk_nums: [2, 2, 4, 8], middle_blk_num: 12, dec_blk_nums: [2, 2, 2, 2] };

/** "Simple Baselines for Image Restoration", ECCV 2022; names of megvii-research/NAFNet. */
export const nafnet: NetworkDefinition<Options> = {
  id: 'nafnet',
  title: 'NAFNet',
  description:
    'Removes blur and noise with a simple U-shaped network without activation functions; accurate for its speed.',
  tasks: ['deblurring', 'denoising', 'general'],
  paper: 'Chen et al., Simple Baselines for Image Restoration, ECCV 2022',
  options,
  published: {
    'NAFNet-GoPro-width32': options.parse({ ...goPro, width: 32 }),
    'NAFNet-GoPro-width64': options.parse({ ...goPro, width: 64 }),
    'NAFNet-SIDD-width32': options.parse({ ...sidd, width: 32 }),
    'NAFNet-SIDD-width64': options.parse({ ...sidd, width: 64 }),
  },
  scale: () => 1,
  seesWholePicture: true,
  changesWithSize: ({ local }) => local,
  inputSizes:
    'any size; filled with zeros at the right and the bottom up to a multiple of 2 for each level (16 as published)',

  detect(shapes) {
    const [width, img_channel] = shapes.get('intro.weight') ?? [];
    const levels = countParts(shapes, 'downs.');
    const attention = [...shapes.keys()].some((name) =>
      /^(encoders\.\d+|middle_blks|decoders\.\d+)\.\d+\.sca\.1\.weight$/.test(name),
    );
    if (!width || !img_channel || !attention || levels === 0 || !shapes.has('ending.weight')) return undefined;
    const count = (part: string) => Array.from({ length: levels }, (_, i) => countParts(shapes, `${part}.${i}.`));
    return options.parse({
      img_channel,
      width,
      middle_blk_num: countParts(shapes, 'middle_blks.'),
      enc_blk_nums: count('encoders'),
      dec_blk_nums: count('decoders'),
    });
  },

  build(p, o) {
    const levels = o.enc_blk_nums.length;
    const multiple = 2 ** levels;
    const channels = (level: number): number => o.width * 2 ** level;
    const stage = (name: string, level: number, count: number): Layer => {
      return sequential(
        Array.from({ length: count }, (_, i) => block(p, `${name}.${i}`, channels(level), averageAt(level, o))),
      );
    };
    // Declared in the order of the authors' class, which is the order in their files.
    const intro = conv2d(p, 'intro', o.img_channel, o.width, 3);
    const ending = conv2d(p, 'ending', o.width, o.img_channel, 3);
    const encoders = o.enc_blk_nums.map((count, i) => stage(`encoders.${i}`, i, count));
    const decoders = o.dec_blk_nums.map((count, i) => stage(`decoders.${i}`, levels - 1 - i, count));
    const middle = stage('middle_blks', levels, o.middle_blk_num);
    const ups = decoders.map((_, i) =>
      conv2d(p, `ups.${i}.0`, channels(levels - i), channels(levels - i) * 2, 1, { bias: false }),
    );
    const downs = encoders.map((_, i) =>
      conv2d(p, `downs.${i}`, channels(i), channels(i + 1), 2, { stride: 2, padding: 0 }),
    );

    const restore: Layer = (x) => {
      const [, height, width] = x.shape;
      const bottom = -height & (multiple - 1);
      const right = -width & (multiple - 1);
      const input =
        bottom + right > 0
          ? tf.pad(x, [
              [0, 0],
              [0, bottom],
              [0, right],
              [0, 0],
            ])
          : x;
      const skips: tf.Tensor4D[] = [];
      let h = intro(input);
      encoders.forEach((encode, i) => {
        skips.push(encode(h));
        h = (downs[i] as Layer)(skips[i] as tf.Tensor4D); // [B,H/2^(i+1),W/2^(i+1),width·2^(i+1)]
      });
      h = middle(h);
      decoders.forEach((decode, i) => {
        h = decode(tf.add(pixelShuffle((ups[i] as Layer)(h), 2), skips[levels - 1 - i] as tf.Tensor4D));
      });
      return crop(tf.add(ending(h), input), height, width);
    };
    return o.img_channel === 1 ? perPlane(restore) : restore;
  },
};

/** The averaging that channel attention uses at a level: global, or in the windows that NAFNetLocal computes. */
function averageAt(level: number, { local, train_size, fast_imp, enc_blk_nums }: Options): Layer {
  if (!local) return globalAverage;
  const multiple = 2 ** enc_blk_nums.length;
  const sides = [train_size[2], train_size[3]] as const;
  // A training patch's side at this level, after the network's own padding.
  const inside = sides.map((side) => (Math.ceil(side / multiple) * multiple) / 2 ** level);
  const kernel = sides.map((side, i) => Math.floor(((inside[i] as number) * Math.floor(side * 1.5)) / side)) as [
    number,
    number,
  ];
  if (!fast_imp) return localAverage({ kernel });
  const maxStep = sides.map((side, i) => Math.max(1, Math.floor((5 * (inside[i] as number)) / side))) as [
    number,
    number,
  ];
  return localAverage({ kernel, maxStep });
}

function block(p: Parameters, name: string, channels: number, average: Layer): Layer {
  const beta = perChannel(p, `${name}.beta`, channels, zeros);
  const gamma = perChannel(p, `${name}.gamma`, channels, zeros);
  const conv1 = conv2d(p, `${name}.conv1`, channels, 2 * channels, 1);
  const conv2 = depthwiseConv2d(p, `${name}.conv2`, 2 * channels, 3);
  const conv3 = conv2d(p, `${name}.conv3`, channels, channels, 1);
  const attention = conv2d(p, `${name}.sca.1`, channels, channels, 1);
  const conv4 = conv2d(p, `${name}.conv4`, channels, 2 * channels, 1);
  const conv5 = conv2d(p, `${name}.conv5`, channels, channels, 1);
  const norm1 = layerNorm(p, `${name}.norm1`, channels, 1e-6);
  const norm2 = layerNorm(p, `${name}.norm2`, channels, 1e-6);
  return (x) => {
    const gated = gate(conv2(conv1(norm1(x))));
    const attended = tf.mul<tf.Tensor4D>(gated, attention(average(gated)));
    const y = tf.add<tf.Tensor4D>(x, tf.mul(conv3(attended), beta.value));
    return tf.add(y, tf.mul(conv5(gate(conv4(norm2(y)))), gamma.value));
  };
}

/** SimpleGate: one half of the channels times the other. */
function gate(x: tf.Tensor4D): tf.Tensor4D {
  const [a, b] = tf.split(x, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
  return tf.mul(a, b);
}
