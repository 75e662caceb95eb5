import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { composite } from '../engine/tracing/composite.ts';
import type { Layer } from './layer.ts';
import { constant, conv2d, enlargeNearest, perPlane, pixelShuffle, sequential } from './layers.ts';
import type { NetworkDefinition } from './network.ts';
import type { Parameters } from './parameters.ts';

const options = z
  .strictObject({
    num_in_ch: z.literal([1, 3]).default(3).describe('Input channels: 3 for colour, 1 for grey.'),
    num_out_ch: z.literal([1, 3]).default(3).describe('Output channels; the same number as input channels.'),
    num_feat: z.int().min(1).max(1024).default(64).describe('Channels of every feature map.'),
    num_conv: z.int().min(0).max(256).default(16).describe('Number of convolutions between the first and the last.'),
    upscale: z.int().min(1).max(8).default(4).describe('Output size over input size.'),
    act_type: z
      .enum(['relu', 'prelu', 'leakyrelu'])
      .default('prelu')
      .describe('Activation after each convolution except the last.'),
  })
  .refine(({ num_in_ch, num_out_ch }) => num_in_ch === num_out_ch, {
    path: ['num_out_ch'],
    error: 'Give num_out_ch the value of num_in_ch.',
  });
type Options = z.output<typeof options>;

/** Real-ESRGAN's small network, ICCV Workshops 2021; names of BasicSR's SRVGGNetCompact. */
export const srvgg: NetworkDefinition<Options> = {
  id: 'srvgg',
  title: 'SRVGGNetCompact',
  description: 'Enlarges pictures with a plain sequence of convolutions; the fast networks of Real-ESRGAN.',
  tasks: ['super-resolution', 'general'],
  paper:
    'Wang et al., Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data, ICCV Workshops 2021',
  options,
  published: {
    'realesr-animevideov3': options.parse({ num_conv: 16 }),
    'realesr-general-x4v3': options.parse({ num_conv: 32 }),
  },
  scale: ({ upscale }) => upscale,
  seesWholePicture: false,
  inputSizes: 'any size',

  detect(shapes) {
    // The first and last convolution and those between; activations, where they have weights, have one axis.
    const convs = [...shapes].filter(([name, shape]) => name.startsWith('body.') && shape.length === 4).length;
    const [num_feat, channels] = shapes.get('body.0.weight') ?? [];
    const [rows] = shapes.get(`body.${2 * convs - 2}.weight`) ?? [];
    if (!num_feat || !channels || !rows) return undefined;
    // The two activations without weights cannot be told apart; no model with leakyrelu is published.
    const act_type = shapes.has('body.1.weight') ? 'prelu' : 'relu';
    return options.safeParse({
      num_in_ch: channels,
      num_out_ch: channels,
      num_feat,
      num_conv: convs - 2,
      upscale: Math.sqrt(rows / channels),
      act_type,
    }).data;
  },

  build(p, o) {
    const body = sequential(
      Array.from({ length: o.num_conv + 1 }, (_, i) => [
        conv2d(p, `body.${2 * i}`, i === 0 ? o.num_in_ch : o.num_feat, o.num_feat, 3),
        activation(p, `body.${2 * i + 1}`, o),
      ]).flat(),
    );
    const last = conv2d(p, `body.${2 * o.num_conv + 2}`, o.num_feat, o.num_out_ch * o.upscale ** 2, 3);

    const restore: Layer = (x) => tf.add(pixelShuffle(last(body(x)), o.upscale), enlargeNearest(x, o.upscale));
    return o.num_in_ch === 1 ? perPlane(restore) : restore;
  },
};

function activation(p: Parameters, name: string, { act_type, num_feat }: Options): Layer {
  switch (act_type) {
    case 'relu':
      return (x) => tf.relu(x);
    case 'leakyrelu':
      return (x) => tf.leakyRelu(x, 0.1);
    case 'prelu': {
      const slope = p.add(`${name}.weight`, [num_feat], 'plain', constant(0.25));
      return (x) =>
        composite({ op: 'PRelu', inputs: [x, slope.value] }, () => tf.prelu<tf.Tensor>(x, slope.value) as tf.Tensor4D);
    }
  }
}
