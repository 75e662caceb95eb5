import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { spatialBlock, windowBlock } from './idtBlocks.ts';
import type { Layer } from './layer.ts';
import { conv2d, enlargingConv2d, perPlane, sequential } from './layers.ts';
import type { NetworkDefinition, Shapes } from './network.ts';
import { overlappingTiles } from './overlappingTiles.ts';
import type { Parameters } from './parameters.ts';
import { ratioOf } from './shapes.ts';
import { risingRates } from './stochasticDepth.ts';

interface Stage {
  name: string;
  /** How often the resolution has been halved at each stage. */
  level: number;
  /** Channels, in multiples of embed_dim. */
  width: number;
  /** Number of blocks with window attention. */
  blocks: number;
  /** Bound of relative positions in the spatial block that follows; null if there is none. */
  bound: number | null;
}

/**
 * The nine stages, fixed by the authors. A decoder stage gets the enlarged stage below, and the encoder's stage of its
 * level.
 */
const STAGES: readonly Stage[] = [
  { name: 'encoderlayer_0', level: 0, width: 1, blocks: 3, bound: 16 },
  { name: 'encoderlayer_1', level: 1, width: 2, blocks: 3, bound: 8 },
  { name: 'encoderlayer_2', level: 2, width: 4, blocks: 2, bound: 4 },
  { name: 'encoderlayer_3', level: 3, width: 8, blocks: 2, bound: 2 },
  { name: 'bottle', level: 4, width: 16, blocks: 1, bound: null },
  { name: 'decoderlayer_0', level: 3, width: 16, blocks: 1, bound: 2 },
  { name: 'decoderlayer_1', level: 2, width: 8, blocks: 2, bound: 4 },
  { name: 'decoderlayer_2', level: 1, width: 4, blocks: 2, bound: 8 },
  { name: 'decoderlayer_3', level: 0, width: 2, blocks: 3, bound: 16 },
];

/** Bound of relative positions inside a window. */
const WINDOW_BOUND = 8;
/** Smallest overlap of the tiles of a large picture, in pixels. */
const OVERLAP = 20;

const nine = <T extends z.ZodType>(item: T) => z.tuple([item, item, item, item, item, item, item, item, item]);

const options = z
  .strictObject({
    img_size: z
      .int()
      .min(64)
      .max(1024)
      .multipleOf(64)
      .default(128)
      .describe('Side of the network’s input, a multiple of 64; larger pictures are split into overlapping tiles.'),
    in_chans: z.literal([1, 3]).default(3).describe('Channels of the pictures: 3 for colour, 1 for grey.'),
    embed_dim: z.int().min(1).max(512).default(32).describe('Channels at full resolution; they double at each level.'),
    depths: nine(z.int().min(0))
      .default([2, 2, 2, 2, 2, 2, 2, 2, 2])
      .describe(
        'Part of the authors’ configurations. Their class has a fixed number of blocks and uses this only to distribute drop_path_rate.',
      ),
    num_heads: nine(z.int().min(1).max(64))
      .default([1, 2, 4, 8, 16, 16, 8, 4, 2])
      .describe('Attention heads of the nine stages: four of the encoder, the lowest, four of the decoder.'),
    win_size: z.int().min(1).max(64).default(8).describe('Side of the attention windows.'),
    mlp_ratio: z
      .number()
      .positive()
      .default(4)
      .describe('Ratio of the feed-forward part’s hidden channels to the channels.'),
    qkv_bias: z.boolean().default(true).describe('Bias on queries, keys and values.'),
    qk_scale: z.number().nullable().default(null).describe('Factor on the queries; empty for 1/√(channels of a head).'),
    drop_path_rate: z
      .number()
      .min(0)
      .lt(1)
      .default(0.1)
      .describe(
        'Training only: how often the lowest stage is skipped for a sample (stochastic depth); outer ones less often.',
      ),
  })
  .refine(
    (o) =>
      STAGES.every(({ width, bound }, i) =>
        [o.embed_dim * width, bound === null ? 0 : 64].every((channels) => channels % (o.num_heads[i] ?? 1) === 0),
      ),
    {
      path: ['num_heads'],
      error: 'Choose heads that divide the channels of their stage, and 64 too except at the lowest stage.',
    },
  )
  .refine((o) => STAGES.every(({ level }) => (o.img_size / 2 ** level) % windowSide(o, level) === 0), {
    path: ['win_size'],
    error:
      'Choose img_size so that it stays a multiple of win_size when it is halved up to four times, as long as it is larger.',
  });
type Options = z.output<typeof options>;

/** "Image De-raining Transformer", IEEE TPAMI 2023; names of jiexiaou/IDT. */
export const idt: NetworkDefinition<Options> = {
  id: 'idt',
  title: 'IDT',
  description: 'Removes rain with attention inside windows and between them; accurate and slow.',
  tasks: ['deraining', 'general'],
  paper:
    'Xiao et al., Image De-raining Transformer, IEEE Transactions on Pattern Analysis and Machine Intelligence 2023',
  options,
  published: { IDT: options.parse({}) },
  scale: () => 1,
  seesWholePicture: true,
  inputSizes: 'any size; pictures larger than img_size (128) are restored in overlapping tiles of this size',
  detect,

  build(p, o) {
    const dim = o.embed_dim;
    // Declared in the order of the authors' class, which is the order in their files.
    const inputProjection = conv2d(p, 'input_proj.proj.0', o.in_chans, dim, 3);
    const outputProjection = conv2d(p, 'output_proj.proj.0', 2 * dim, o.in_chans, 3);
    const encoders = [0, 1, 2, 3].map((i) => ({
      encode: buildStage(p, o, i),
      down: conv2d(p, `dowsample_${i}.conv.0`, dim * 2 ** i, dim * 2 ** (i + 1), 4, { stride: 2, padding: 1 }),
    }));
    const bottle = buildStage(p, o, 4);
    const decoders = [0, 1, 2, 3].map((i) => ({
      up: enlargingConv2d(p, `upsample_${i}.deconv.0`, dim * (STAGES[4 + i]?.width ?? 0), dim * 2 ** (3 - i), 2),
      decode: buildStage(p, o, 5 + i),
    }));

    const restore: Layer = (x) => {
      const skips: tf.Tensor4D[] = [];
      let h = tf.leakyRelu(inputProjection(x), 0.01); // [B,H,W,dim]
      for (const { encode, down } of encoders) {
        skips.push(encode(h));
        h = down(skips.at(-1) as tf.Tensor4D); // [B,H/2ⁱ,W/2ⁱ,dim·2ⁱ]
      }
      h = bottle(h);
      for (const { up, decode } of decoders) h = decode(tf.concat([up(h), skips.pop() as tf.Tensor4D], 3));
      return tf.add(x, outputProjection(h));
    };
    const anySize = overlappingTiles(restore, o.img_size, OVERLAP);
    return o.in_chans === 1 ? perPlane(anySize) : anySize;
  },
};

function detect(shapes: Shapes): Options | undefined {
  const [embed_dim, in_chans] = shapes.get('input_proj.proj.0.weight') ?? [];
  const hidden = shapes.get('encoderlayer_0.blocks.0.mlp.linear1.0.weight')?.[0];
  // The size of this convolution grows with the number of squares in the smallest map that has spatial attention.
  const extent = shapes.get('encoderlayer_3.blocks.2.attn.Position_Extract.0.weight')?.[2];
  if (!embed_dim || !in_chans || !hidden || !extent || !shapes.has('dowsample_0.conv.0.weight')) return undefined;
  return options.parse({
    img_size: { 1: 64, 3: 128 }[extent] ?? 256,
    in_chans,
    embed_dim,
    num_heads: STAGES.map(({ name }) => shapes.get(`${name}.blocks.0.attn.relative_position_bias_table`)?.[1]),
    mlp_ratio: ratioOf(hidden, embed_dim),
    qkv_bias: shapes.has('encoderlayer_0.blocks.0.attn.qkv.to_q.bias'),
  });
}

/** Window side at a level. As in the authors' code, a map no larger than a window is a single window. */
function windowSide({ img_size, win_size }: { img_size: number; win_size: number }, level: number): number {
  return Math.min(win_size, img_size / 2 ** level);
}

/**
 * How often training skips the blocks of each stage, by `depths`: rising through the encoder, falling through the
 * decoder.
 */
function dropRates({ drop_path_rate: rate, depths }: Options): number[][] {
  const fall = risingRates(rate, depths.slice(5).reverse()).map((rates) => rates.reverse());
  return [...risingRates(rate, depths.slice(0, 4)), [rate], ...fall.reverse()];
}

function buildStage(p: Parameters, o: Options, index: number): Layer {
  const { name, level, width, blocks, bound } = STAGES[index] as Stage;
  const rates = dropRates(o)[index] ?? [];
  const common = {
    channels: o.embed_dim * width,
    heads: o.num_heads[index] ?? 1,
    mlpRatio: o.mlp_ratio,
    qkvBias: o.qkv_bias,
    qkScale: o.qk_scale,
  };
  // The authors' window blocks all use a stage's first rate; the block across the map uses its last.
  const inWindows = { ...common, side: windowSide(o, level), bound: WINDOW_BOUND, dropRate: rates[0] ?? 0 };
  const layers = Array.from({ length: blocks }, (_, i) => windowBlock(p, `${name}.blocks.${i}`, inWindows));
  if (bound !== null)
    layers.push(
      spatialBlock(p, `${name}.blocks.${blocks}`, {
        ...common,
        side: o.img_size / 2 ** level / 8,
        bound,
        dropRate: rates.at(-1) ?? 0,
      }),
    );
  return sequential(layers);
}
