import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Layer } from './layer.ts';
import {
  conv2d,
  crop,
  enlargeNearest,
  kaimingNormal,
  perPlane,
  pixelUnshuffle,
  reflectPad,
  sequential,
  zeros,
} from './layers.ts';
import type { NetworkDefinition, Shapes } from './network.ts';
import type { Parameters } from './parameters.ts';
import { countParts } from './shapes.ts';

const sources = ['basicsr', 'esrgan', 'esrgan-old'] as const;
type Source = (typeof sources)[number];

const options = z
  .strictObject({
    num_in_ch: z.literal([1, 3]).default(3).describe('Input channels: 3 for colour, 1 for grey.'),
    num_out_ch: z.literal([1, 3]).default(3).describe('Output channels; the same number as input channels.'),
    scale: z.literal([1, 2, 4, 8, 16]).default(4).describe('Output size over input size.'),
    num_feat: z.int().min(1).max(1024).default(64).describe('Channels of every feature map.'),
    num_block: z.int().min(1).max(256).default(23).describe('Residual in residual dense blocks.'),
    num_grow_ch: z.int().min(1).max(512).default(32).describe('Channels that each convolution of a dense block adds.'),
    names: z
      .enum(sources)
      .default('basicsr')
      .describe(
        'Naming scheme of the weights: BasicSR and Real-ESRGAN (body.0.rdb1), ESRGAN and BSRGAN (RRDB_trunk.0.RDB1), or the first ESRGAN (model.1.sub.0.RDB1).',
      ),
    unshuffle: z
      .literal([1, 2, 4])
      .nullable()
      .default(null)
      .describe(
        'Factor by which pixels are first moved into channels. Empty for the default of the naming scheme: 4 over scale for basicsr, which always doubles twice; 1 for the others.',
      ),
    plus: z.boolean().default(false).describe('ESRGAN+: an additional residual inside each dense block.'),
  })
  .refine(({ num_in_ch, num_out_ch }) => num_in_ch === num_out_ch, {
    path: ['num_out_ch'],
    error: 'Give num_out_ch the value of num_in_ch.',
  })
  .refine((o) => resolution(o).unshuffle >= 1, {
    path: ['unshuffle'],
    error: 'BasicSR enlarges by 1, 2 or 4; set unshuffle to 1 to enlarge by more.',
  });
type Options = z.output<typeof options>;

/** "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks", ECCV Workshops 2018; class of BasicSR. */
export const rrdbnet: NetworkDefinition<Options> = {
  id: 'rrdbnet',
  title: 'ESRGAN (RRDBNet)',
  description:
    'Enlarges pictures with dense blocks; used by ESRGAN, Real-ESRGAN, BSRGAN and most models that photographers share.',
  tasks: ['super-resolution', 'general'],
  paper: 'Wang et al., ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks, ECCV Workshops 2018',
  options,
  published: {
    'Real-ESRGAN x4plus': options.parse({}),
    'Real-ESRGAN x4plus anime 6B': options.parse({ num_block: 6 }),
    'Real-ESRGAN x2plus': options.parse({ scale: 2 }),
    'ESRGAN x4': options.parse({ names: 'esrgan' }),
    'ESRGAN x4, first release': options.parse({ names: 'esrgan-old' }),
    'BSRGAN x2': options.parse({ names: 'esrgan', scale: 2 }),
  },
  scale: ({ scale }) => scale,
  seesWholePicture: false,
  inputSizes: 'any size; with pixel unshuffle (x1, x2), padded by reflection to a multiple of 4 or 2',
  detect,

  build(p, o) {
    const { unshuffle, stages } = resolution(o);
    const names = namings[o.names](o.num_block, stages);
    const feat = o.num_feat;
    const first = conv2d(p, names.first, o.num_in_ch * unshuffle ** 2, feat, 3);
    const body = sequential(
      Array.from({ length: o.num_block }, (_, i) =>
        residualInResidual(p, (dense, conv) => names.body(i, dense, conv), o),
      ),
    );
    const afterBody = conv2d(p, names.afterBody, feat, feat, 3);
    const enlarge = sequential(
      Array.from({ length: stages }, (_, i) => enlarging(conv2d(p, names.up(i), feat, feat, 3))),
    );
    const full = conv2d(p, names.full, feat, feat, 3);
    const last = conv2d(p, names.last, feat, o.num_out_ch, 3);

    const restore: Layer = (picture) => {
      const [, height, width] = picture.shape;
      const padded = reflectPad(picture, 0, -height & (unshuffle - 1), 0, -width & (unshuffle - 1)); // unshuffle is a power of 2
      const shallow = first(unshuffle > 1 ? pixelUnshuffle(padded, unshuffle) : padded); // [B,H/u,W/u,feat]
      const deep = tf.add<tf.Tensor4D>(shallow, afterBody(body(shallow)));
      return crop(last(leaky(full(enlarge(deep)))), height * o.scale, width * o.scale);
    };
    return o.num_in_ch === 1 ? perPlane(restore) : restore;
  },
};

const leaky: Layer = (x) => tf.leakyRelu(x, 0.2);

/** Repeats pixels to double the size, then convolves. */
const enlarging =
  (conv: Layer): Layer =>
  (x) =>
    leaky(conv(enlargeNearest(x, 2)));

/**
 * The factor by which pixels are first moved into channels, and how often the features are doubled in size at the end.
 */
function resolution({ names, scale, unshuffle: given }: { names: Source; scale: number; unshuffle: number | null }): {
  unshuffle: number;
  stages: number;
} {
  const unshuffle = given ?? usualUnshuffle(names, scale);
  return { unshuffle, stages: Math.log2(scale * unshuffle) };
}

function usualUnshuffle(names: Source, scale: number): number {
  return names === 'basicsr' ? 4 / scale : 1;
}

/** RRDB: three dense blocks, whose result is scaled down and added to the input. */
function residualInResidual(p: Parameters, name: (dense: number, conv: number | '1x1') => string, o: Options): Layer {
  const blocks = sequential([1, 2, 3].map((dense) => denseBlock(p, (conv) => name(dense, conv), o)));
  return (x) => tf.add(tf.mul<tf.Tensor4D>(blocks(x), 0.2), x);
}

/** Five convolutions, each with everything before it as input; the result of the last one is scaled down and added. */
function denseBlock(
  p: Parameters,
  name: (conv: number | '1x1') => string,
  { num_feat: feat, num_grow_ch: grow, plus }: Options,
): Layer {
  const convs = [1, 2, 3, 4, 5].map((i) => {
    const channels = feat + (i - 1) * grow;
    return conv2d(p, name(i), channels, i === 5 ? feat : grow, 3, {
      weightInit: kaimingNormal(channels * 9, 0.1),
      biasInit: zeros,
    });
  });
  const [last] = convs.splice(4) as [Layer];
  const shortcut = plus ? conv2d(p, name('1x1'), feat, grow, 1, { bias: false }) : undefined;
  return (x) => {
    let residual: tf.Tensor4D | undefined = shortcut?.(x);
    const dense = convs.reduce((h, conv, i) => {
      let y = leaky(conv(h));
      // ESRGAN+ adds the previous result to every second one.
      if (residual && i % 2 === 1) residual = y = tf.add(y, residual);
      return tf.concat([h, y], 3); // grows by `grow` channels each time
    }, x);
    return tf.add(tf.mul<tf.Tensor4D>(last(dense), 0.2), x);
  };
}

interface Names {
  first: string;
  /** Convolution `conv` (1 to 5, or ESRGAN+'s 1x1) of dense block `dense` (1 to 3) of block `i`. */
  body(i: number, dense: number, conv: number | '1x1'): string;
  afterBody: string;
  up(i: number): string;
  full: string;
  last: string;
}

/** The three naming schemes of this network. */
const namings: Record<Source, (blocks: number, stages: number) => Names> = {
  basicsr: () => ({
    first: 'conv_first',
    body: (i, dense, conv) => `body.${i}.rdb${dense}.conv${conv}`,
    afterBody: 'conv_body',
    up: (i) => `conv_up${i + 1}`,
    full: 'conv_hr',
    last: 'conv_last',
  }),
  esrgan: () => ({
    first: 'conv_first',
    body: (i, dense, conv) => `RRDB_trunk.${i}.RDB${dense}.conv${conv}`,
    afterBody: 'trunk_conv',
    up: (i) => `upconv${i + 1}`,
    full: 'HRconv',
    last: 'conv_last',
  }),
  // A single Sequential: each stage is an upsampling, a convolution and an activation.
  'esrgan-old': (blocks, stages) => ({
    first: 'model.0',
    body: (i, dense, conv) => `model.1.sub.${i}.RDB${dense}.conv${conv}${conv === '1x1' ? '' : '.0'}`,
    afterBody: `model.1.sub.${blocks}`,
    up: (i) => `model.${3 * i + 3}`,
    full: `model.${3 * stages + 2}`,
    last: `model.${3 * stages + 4}`,
  }),
};

function detect(shapes: Shapes): Options | undefined {
  const names = sources.find((kind) => shapes.has(`${namings[kind](1, 2).body(0, 1, 1)}.weight`));
  if (!names) return undefined;
  const old = names === 'esrgan-old';
  // The old Sequential has weights at its first two and last two positions, and once for each stage in between.
  const stages = old
    ? countParts(shapes, 'model.') - 4
    : [...shapes.keys()].filter((name) => /^(upconv|conv_up)\d\.weight$/.test(name)).length;
  const num_block = old
    ? countParts(shapes, 'model.1.sub.') - 1
    : Math.max(countParts(shapes, 'body.'), countParts(shapes, 'RRDB_trunk.'));
  const naming = namings[names](num_block, stages);
  const [num_feat, channels] = shapes.get(`${naming.first}.weight`) ?? [];
  const [num_grow_ch] = shapes.get(`${naming.body(0, 1, 1)}.weight`) ?? [];
  const [num_out_ch] = shapes.get(`${naming.last}.weight`) ?? [];
  if (!channels || !num_out_ch) return undefined;
  // Input and output have the same number of colours, so the first convolution shows how pixels were unshuffled.
  const unshuffle = Math.sqrt(channels / num_out_ch);
  const scale = 2 ** stages / unshuffle;
  const plus = shapes.has(`${naming.body(0, 1, '1x1')}.weight`);
  const unusual = unshuffle !== usualUnshuffle(names, scale) && { unshuffle };
  return options.safeParse({
    num_in_ch: num_out_ch,
    num_out_ch,
    scale,
    num_feat,
    num_block,
    num_grow_ch,
    names,
    plus,
    ...unusual,
  }).data;
}
