import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Layer } from './layer.ts';
import { conv2d, pixelShuffle, sequential } from './layers.ts';
import type { NetworkDefinition } from './network.ts';
import type { Parameters } from './parameters.ts';
import { countParts } from './shapes.ts';

const options = z.strictObject({
  num_in_ch: z.literal(3).default(3).describe('Input channels.'),
  num_out_ch: z.literal(3).default(3).describe('Output channels.'),
  num_feat: z.int().min(1).max(1024).default(64).describe('Channels of every feature map.'),
  num_block: z.int().min(0).max(256).default(16).describe('Residual blocks.'),
  upscale: z.literal([1, 2, 3, 4, 8]).default(4).describe('Output size over input size.'),
  res_scale: z.number().default(1).describe('Factor on each residual.'),
  img_range: z.number().positive().default(255).describe('The network works in [0, img_range].'),
  rgb_mean: z
    .tuple([z.number(), z.number(), z.number()])
    .default([0.4488, 0.4371, 0.404])
    .describe('Mean colour subtracted before the network (DIV2K’s).'),
});
type Options = z.output<typeof options>;

/** The authors' full size; it only trains with scaled residuals. */
const large = { num_feat: 256, num_block: 32, res_scale: 0.1 };

/** "Enhanced Deep Residual Networks for Single Image Super-Resolution", CVPRW 2017; names of BasicSR's class. */
export const edsr: NetworkDefinition<Options> = {
  id: 'edsr',
  title: 'EDSR',
  description: 'Enlarges pictures with plain residual blocks; fast and reliable.',
  tasks: ['super-resolution', 'general'],
  paper: 'Lim et al., Enhanced Deep Residual Networks for Single Image Super-Resolution, CVPRW 2017',
  options,
  published: {
    'EDSR-M x2': options.parse({ upscale: 2 }),
    'EDSR-M x3': options.parse({ upscale: 3 }),
    'EDSR-M x4': options.parse({ upscale: 4 }),
    'EDSR-L x2': options.parse({ ...large, upscale: 2 }),
    'EDSR-L x3': options.parse({ ...large, upscale: 3 }),
    'EDSR-L x4': options.parse({ ...large, upscale: 4 }),
  },
  scale: ({ upscale }) => upscale,
  seesWholePicture: false,
  inputSizes: 'any size',

  detect(shapes) {
    const [num_feat] = shapes.get('conv_first.weight') ?? [];
    if (!num_feat || !shapes.has('body.0.conv1.weight')) return undefined;
    const num_block = countParts(shapes, 'body.');
    const threefold = shapes.get('upsample.0.weight')?.[0] === 9 * num_feat;
    const stages = [...shapes.keys()].filter((name) => /^upsample\.\d+\.weight$/.test(name)).length;
    // The factor on residuals is not stored in a file; only the large size is published with one.
    const res_scale = num_feat === large.num_feat && num_block === large.num_block ? large.res_scale : 1;
    return options.safeParse({ num_feat, num_block, upscale: threefold ? 3 : 2 ** stages, res_scale }).data;
  },

  build(p, o) {
    const first = conv2d(p, 'conv_first', o.num_in_ch, o.num_feat, 3);
    const body = sequential(Array.from({ length: o.num_block }, (_, i) => residualBlock(p, `body.${i}`, o)));
    const afterBody = conv2d(p, 'conv_after_body', o.num_feat, o.num_feat, 3);
    const enlarge = upsample(p, 'upsample', o.num_feat, o.upscale);
    const last = conv2d(p, 'conv_last', o.num_feat, o.num_out_ch, 3);

    return (x) => {
      const mean = tf.tensor1d(o.rgb_mean);
      const h = first(tf.mul<tf.Tensor4D>(tf.sub(x, mean), o.img_range));
      const features = tf.add<tf.Tensor4D>(afterBody(body(h)), h);
      return tf.add(tf.div(last(enlarge(features)), o.img_range), mean);
    };
  },
};

function residualBlock(p: Parameters, name: string, o: Options): Layer {
  const conv1 = conv2d(p, `${name}.conv1`, o.num_feat, o.num_feat, 3);
  const conv2 = conv2d(p, `${name}.conv2`, o.num_feat, o.num_feat, 3);
  return (x) => {
    const residual = conv2(tf.relu(conv1(x)));
    return tf.add(x, o.res_scale === 1 ? residual : tf.mul(residual, o.res_scale));
  };
}

/** BasicSR's `Upsample`: convolution and pixel shuffle, repeated by 2 as often as needed, or once by 3. */
export function upsample(p: Parameters, name: string, channels: number, scale: number): Layer {
  const factors = scale === 3 ? [3] : Array.from({ length: Math.log2(scale) }, () => 2);
  // The authors' Sequential also counts the shuffles, so only every second index is used.
  return sequential(
    factors.map((factor, i): Layer => {
      const conv = conv2d(p, `${name}.${2 * i}`, channels, channels * factor * factor, 3);
      return (x) => pixelShuffle(conv(x), factor);
    }),
  );
}
