import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Layer } from './layer.ts';
import { conv2d, crop, globalAverage, perPlane, pixelShuffle, reflectPad } from './layers.ts';
import type { NetworkDefinition } from './network.ts';
import type { Parameters } from './parameters.ts';

/** Number of blocks, fixed by the authors: each is a field of their class. */
const BLOCKS = 6;
/** Factor by which IMDN_AS makes features smaller than the input. */
const REDUCTION = 4;

const options = z
  .strictObject({
    in_nc: z.literal([1, 3]).default(3).describe('Input channels: 3 for colour, 1 for grey.'),
    nf: z.int().min(16).max(1024).multipleOf(4).default(64).describe('Channels of every feature map; a multiple of 4.'),
    num_modules: z.literal(BLOCKS).default(BLOCKS).describe('Distillation blocks; the network is defined for six.'),
    out_nc: z.literal([1, 3]).default(3).describe('Output channels; the same number as input channels.'),
    upscale: z
      .int()
      .min(1)
      .max(8)
      .default(4)
      .describe(
        'Output size over the size at which the blocks work: that of the input, or with `adaptive` a quarter of it.',
      ),
    adaptive: z
      .boolean()
      .default(false)
      .describe(
        'IMDN_AS: features are first made four times smaller, so that upscale 4 keeps the size; for pictures that were already enlarged by any factor.',
      ),
  })
  .refine(({ adaptive, upscale }) => !adaptive || upscale % REDUCTION === 0, {
    path: ['upscale'],
    error: 'With `adaptive`, set upscale to 4 to keep the size, or to 8 to double it.',
  })
  .refine(({ in_nc, out_nc }) => in_nc === out_nc, { path: ['out_nc'], error: 'Give out_nc the value of in_nc.' });
type Options = z.output<typeof options>;

/** "Lightweight Image Super-Resolution with Information Multi-distillation Network", ACM MM 2019; names of Zheng222/IMDN. */
export const imdn: NetworkDefinition<Options> = {
  id: 'imdn',
  title: 'IMDN',
  description: 'Enlarges pictures with blocks that distil features step by step; light and fast.',
  tasks: ['super-resolution', 'general'],
  paper: 'Hui et al., Lightweight Image Super-Resolution with Information Multi-distillation Network, ACM MM 2019',
  options,
  published: {
    'IMDN x2': options.parse({ upscale: 2 }),
    'IMDN x3': options.parse({ upscale: 3 }),
    'IMDN x4': options.parse({ upscale: 4 }),
    IMDN_AS: options.parse({ adaptive: true }),
  },
  scale: outputScale,
  seesWholePicture: true,
  inputSizes: 'any size; with `adaptive`, padded by reflection to a multiple of 4',

  detect(shapes) {
    const adaptive = shapes.has('fea_conv.2.weight');
    const [nf, in_nc] = shapes.get(adaptive ? 'fea_conv.0.weight' : 'fea_conv.weight') ?? [];
    const [rows] = shapes.get('upsampler.0.weight') ?? [];
    if (!nf || !in_nc || !rows || !shapes.has('IMDB1.c1.weight')) return undefined;
    return options.safeParse({ in_nc, nf, out_nc: in_nc, upscale: Math.sqrt(rows / in_nc), adaptive }).data;
  },

  build(p, o) {
    const { in_nc, nf, out_nc, upscale } = o;
    const first = o.adaptive ? reducingConvs(p, in_nc, nf) : conv2d(p, 'fea_conv', in_nc, nf, 3);
    const multiple = o.adaptive ? REDUCTION : 1;
    const scale = outputScale(o);
    const blocks = Array.from({ length: BLOCKS }, (_, i) => distillation(p, `IMDB${i + 1}`, nf));
    const fuse = conv2d(p, 'c.0', nf * BLOCKS, nf, 1);
    const afterBody = conv2d(p, 'LR_conv', nf, nf, 3);
    const last = conv2d(p, 'upsampler.0', nf, out_nc * upscale ** 2, 3);

    const restore: Layer = (picture) => {
      const [, height, width] = picture.shape;
      const shallow = first(reflectPad(picture, 0, missing(height, multiple), 0, missing(width, multiple))); // [B,H,W,nf], or a quarter of these sides
      let h = shallow;
      const results = blocks.map((block) => (h = tf.tidy(() => block(h))));
      const features = afterBody(leaky(fuse(tf.concat(results, 3))));
      return crop(pixelShuffle(last(tf.add(features, shallow)), upscale), height * scale, width * scale);
    };
    return in_nc === 1 ? perPlane(restore) : restore;
  },
};

function outputScale({ adaptive, upscale }: Options): number {
  return adaptive ? upscale / REDUCTION : upscale;
}

const missing = (length: number, multiple: number): number => (multiple - (length % multiple)) % multiple;

/** The start of IMDN_AS, [B,H,W,C] → [B,H/4,W/4,nf]. */
function reducingConvs(p: Parameters, channels: number, nf: number): Layer {
  const once = conv2d(p, 'fea_conv.0', channels, nf, 3, { stride: 2 });
  const twice = conv2d(p, 'fea_conv.2', nf, nf, 3, { stride: 2 });
  return (x) => twice(leaky(once(x)));
}

const leaky: Layer = (x) => tf.leakyRelu(x, 0.05);

/** IMDB, [B,H,W,nf] → the same: each step keeps a quarter of its channels and refines the rest. */
function distillation(p: Parameters, name: string, nf: number): Layer {
  const aside = nf / 4;
  const rest = nf - aside;
  const steps = [
    conv2d(p, `${name}.c1`, nf, nf, 3),
    conv2d(p, `${name}.c2`, rest, nf, 3),
    conv2d(p, `${name}.c3`, rest, nf, 3),
  ];
  const finish = conv2d(p, `${name}.c4`, rest, aside, 3);
  const fuse = conv2d(p, `${name}.c5`, nf, nf, 1);
  const weigh = contrastAttention(p, `${name}.cca.conv_du`, nf);
  return (x) => {
    let h = x;
    const distilled = steps.map((step) => {
      const [kept, refined] = tf.split(leaky(step(h)), [aside, rest], 3) as [tf.Tensor4D, tf.Tensor4D];
      h = refined;
      return kept;
    });
    const gathered = tf.concat([...distilled, finish(h)], 3);
    return tf.add(fuse(tf.mul(gathered, weigh(gathered))), x);
  };
}

/** Contrast-aware channel attention's weights, [B,H,W,C] → [B,1,1,C], from each channel's mean and standard deviation. */
function contrastAttention(p: Parameters, name: string, channels: number): Layer {
  const squeeze = conv2d(p, `${name}.0`, channels, Math.floor(channels / 16), 1);
  const excite = conv2d(p, `${name}.2`, Math.floor(channels / 16), channels, 1);
  return (x) => {
    const average = globalAverage(x);
    const variance = globalAverage(tf.square(tf.sub<tf.Tensor4D>(x, average)));
    // The square root has no gradient at 0, which happens in a channel of constant value.
    const contrast = tf.sqrt(tf.maximum(variance, 1e-12));
    return tf.sigmoid(excite(tf.relu(squeeze(tf.add(contrast, average)))));
  };
}
