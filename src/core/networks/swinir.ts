import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { upsample } from './edsr.ts';
import type { Layer } from './layer.ts';
import {
  conv2d,
  crop,
  enlargeNearest,
  layerNorm,
  perPlane,
  pixelShuffle,
  reflectPad,
  sequential,
  truncatedNormal,
} from './layers.ts';
import type { NetworkDefinition, Shapes } from './network.ts';
import type { Parameters } from './parameters.ts';
import { countParts, ratioOf } from './shapes.ts';
import { risingRates } from './stochasticDepth.ts';
import { type MaskedLayer, swinBlock, type Windows } from './swinBlock.ts';
import { maskOf } from './windows.ts';

const MAX_SIDE = 4096;
const side = z.int().min(1).max(MAX_SIDE);

const options = z
  .strictObject({
    img_size: z
      .union([side, z.tuple([side, side])])
      .default(64)
      .describe(
        'Side of the training patches, or height and width. Other sizes work too; files hold masks of this size.',
      ),
    patch_size: z.literal(1).default(1).describe('Side of a token; the network is defined for single pixels.'),
    in_chans: z.literal([1, 3]).default(3).describe('Channels of the pictures: 3 for colour, 1 for grey.'),
    embed_dim: z.int().min(4).max(1024).default(96).describe('Channels of every feature map; a multiple of the heads.'),
    depths: z
      .array(z.int().min(1).max(32))
      .min(1)
      .max(32)
      .default([6, 6, 6, 6])
      .describe('Attention blocks in each group.'),
    num_heads: z
      .array(z.int().min(1).max(64))
      .min(1)
      .max(32)
      .default([6, 6, 6, 6])
      .describe('Attention heads in each group.'),
    window_size: z.int().min(1).max(32).default(8).describe('Side of the attention windows.'),
    mlp_ratio: z
      .number()
      .positive()
      .default(4)
      .describe('Ratio of the feed-forward part’s hidden channels to embed_dim.'),
    qkv_bias: z.boolean().default(true).describe('Bias on queries, keys and values.'),
    qk_scale: z.number().nullable().default(null).describe('Factor on the queries; empty for 1/√(channels of a head).'),
    ape: z
      .boolean()
      .default(false)
      .describe('A learnt embedding of absolute positions with img_size; resized for other sizes.'),
    drop_path_rate: z
      .number()
      .min(0)
      .lt(1)
      .default(0.1)
      .describe(
        'Training only: how often the last block is skipped for a sample (stochastic depth); earlier ones less often.',
      ),
    patch_norm: z.boolean().default(true).describe('Layer norm before the first group.'),
    upscale: z
      .literal([1, 2, 3, 4, 8])
      .default(2)
      .describe('Output size over input size; unused if upsampler is empty.'),
    img_range: z.number().positive().default(1).describe('The network works in [0, img_range].'),
    upsampler: z
      .enum(['', 'pixelshuffle', 'pixelshuffledirect', 'nearest+conv'])
      .default('')
      .describe(
        'End of the network: pixelshuffle (classical), pixelshuffledirect (light), nearest+conv (real-world), or empty to keep the size.',
      ),
    resi_connection: z
      .enum(['1conv', '3conv'])
      .default('1conv')
      .describe('End of each group: one convolution, or three narrow ones.'),
  })
  .refine((o) => o.depths.length === o.num_heads.length, {
    path: ['num_heads'],
    error: 'Give one number of heads for each group in depths.',
  })
  .refine((o) => o.num_heads.every((heads) => o.embed_dim % heads === 0), {
    path: ['embed_dim'],
    error: 'Make embed_dim a multiple of every number of heads.',
  })
  .refine((o) => isWholeWindows(windowsOf(o)), {
    path: ['img_size'],
    error: 'Make img_size a multiple of window_size.',
  })
  .refine((o) => o.upsampler !== 'nearest+conv' || o.upscale === 2 || o.upscale === 4, {
    path: ['upscale'],
    error: 'The upsampler nearest+conv enlarges by 2 or by 4: choose one of them.',
  });
type Options = z.output<typeof options>;

// The sizes of the authors' main_test_swinir.py.
const light = { embed_dim: 60, mlp_ratio: 2, upsampler: 'pixelshuffledirect' };
const middle = { embed_dim: 180, mlp_ratio: 2, depths: Array<number>(6).fill(6), num_heads: Array<number>(6).fill(6) };
const classical = { ...middle, upsampler: 'pixelshuffle' };
const realWorld = { ...middle, upsampler: 'nearest+conv' };
const large = {
  ...realWorld,
  embed_dim: 240,
  depths: Array<number>(9).fill(6),
  num_heads: Array<number>(9).fill(8),
  resi_connection: '3conv',
};
const denoising = { ...middle, img_size: 128, upscale: 1 };
const jpeg = { ...middle, img_size: 126, window_size: 7, img_range: 255, upscale: 1 };

/** "SwinIR: Image Restoration Using Swin Transformer", ICCV Workshops 2021; names of JingyunLiang/SwinIR. */
export const swinir: NetworkDefinition<Options> = {
  id: 'swinir',
  title: 'SwinIR',
  description: 'Enlarges, denoises and removes JPEG artefacts with shifted-window attention; accurate and slow.',
  tasks: ['super-resolution', 'denoising', 'jpeg-artifacts', 'general'],
  paper: 'Liang et al., SwinIR: Image Restoration Using Swin Transformer, ICCV Workshops 2021',
  options,
  published: {
    'SwinIR light x2': options.parse({ ...light, upscale: 2 }),
    'SwinIR light x3': options.parse({ ...light, upscale: 3 }),
    'SwinIR light x4': options.parse({ ...light, upscale: 4 }),
    'SwinIR classical x2, DIV2K': options.parse({ ...classical, img_size: 48, upscale: 2 }),
    'SwinIR classical x3, DIV2K': options.parse({ ...classical, img_size: 48, upscale: 3 }),
    'SwinIR classical x4, DIV2K': options.parse({ ...classical, img_size: 48, upscale: 4 }),
    'SwinIR classical x8, DIV2K': options.parse({ ...classical, img_size: 48, upscale: 8 }),
    'SwinIR classical x2, DF2K': options.parse({ ...classical, upscale: 2 }),
    'SwinIR classical x3, DF2K': options.parse({ ...classical, upscale: 3 }),
    'SwinIR classical x4, DF2K': options.parse({ ...classical, upscale: 4 }),
    'SwinIR classical x8, DF2K': options.parse({ ...classical, upscale: 8 }),
    'SwinIR real-world x2': options.parse({ ...realWorld, upscale: 2 }),
    'SwinIR real-world x4': options.parse({ ...realWorld, upscale: 4 }),
    'SwinIR real-world x4, large': options.parse({ ...large, upscale: 4 }),
    'SwinIR denoising': options.parse(denoising),
    'SwinIR denoising, grey': options.parse({ ...denoising, in_chans: 1 }),
    'SwinIR JPEG': options.parse(jpeg),
    'SwinIR JPEG, grey': options.parse({ ...jpeg, in_chans: 1 }),
  },
  scale: outputScale,
  seesWholePicture: false,
  inputSizes: 'any size; padded by reflection to a multiple of the window size',
  detect,

  build(p, o) {
    const windows = windowsOf(o);
    const scale = outputScale(o);
    // Declared in the order of the authors' class, which is the order in their files.
    const embedPosition = o.ape ? positionEmbedding(p, windows, o.embed_dim) : unchanged;
    const first = conv2d(p, 'conv_first', o.in_chans, o.embed_dim, 3);
    const patchNorm: Layer = o.patch_norm ? layerNorm(p, 'patch_embed.norm', o.embed_dim) : unchanged;
    const dropRates = risingRates(o.drop_path_rate, o.depths);
    const groups = sequential(
      dropRates.map((rates, i) => group(p, `layers.${i}`, rates, o.num_heads[i] ?? 1, windows, o)),
    );
    const norm: Layer = layerNorm(p, 'norm', o.embed_dim);
    const afterBody = residualConv(p, 'conv_after_body', o);
    const reconstruct = reconstruction(p, o);

    const restore: Layer = (picture) => {
      const [, height, width] = picture.shape;
      const padded = reflectPad(
        picture,
        0,
        missing(height, o.window_size, windows.size),
        0,
        missing(width, o.window_size, windows.size),
      );
      const mask = maskOf(padded, windows.size, windows.shift);
      const mean = tf.tensor1d(o.in_chans === 3 ? [0.4488, 0.4371, 0.404] : [0]); // of DIV2K

      const x = tf.mul<tf.Tensor4D>(tf.sub(padded, mean), o.img_range); // [B,H,W,C]
      const shallow = first(x); // [B,H,W,dim]
      const deep = norm(groups(embedPosition(patchNorm(shallow)), mask));
      const y = reconstruct(tf.add<tf.Tensor4D>(afterBody(deep), shallow), x); // [B,H·scale,W·scale,C]
      return crop(tf.add(tf.div(y, o.img_range), mean), height * scale, width * scale);
    };
    return o.in_chans === 1 ? perPlane(restore) : restore;
  },
};

const unchanged: Layer = (x) => x;

/** Without an upsampler the size stays, whatever `upscale` says. */
function outputScale(o: Options): number {
  return o.upsampler === '' ? 1 : o.upscale;
}

/**
 * The windows of shifted blocks. As in the authors' code, a training patch no larger than a window is one window, and
 * not shifted.
 */
function windowsOf({ img_size, window_size }: { img_size: number | [number, number]; window_size: number }): Windows {
  const [height, width] = typeof img_size === 'number' ? [img_size, img_size] : img_size;
  const shortest = Math.min(height, width);
  return shortest <= window_size
    ? { size: shortest, shift: 0, height, width }
    : { size: window_size, shift: Math.floor(window_size / 2), height, width };
}

function isWholeWindows({ size, shift, height, width }: Windows): boolean {
  return shift === 0 || (height % size === 0 && width % size === 0);
}

/**
 * How many pixels to add so that the length is a multiple of all of these (they differ only if img_size is below
 * window_size).
 */
function missing(length: number, ...sizes: number[]): number {
  let padded = length;
  while (sizes.some((size) => padded % size !== 0)) padded++;
  return padded - length;
}

function positionEmbedding(p: Parameters, { height, width }: Windows, dim: number): Layer {
  const table = p.add('absolute_pos_embed', [1, height * width, dim], 'plain', truncatedNormal(0.02));
  return (x) => {
    const embedding = tf.reshape<tf.Rank.R4>(table.value, [1, height, width, dim]);
    const [, h, w] = x.shape;
    // Aligned corners, because tfjs has a gradient only for this kind.
    return tf.add(x, h === height && w === width ? embedding : tf.image.resizeBilinear(embedding, [h, w], true));
  };
}

/** RSTB: as many attention blocks as there are rates, every second one in shifted windows, then convolution, and the input added. */
function group(
  p: Parameters,
  name: string,
  dropRates: readonly number[],
  heads: number,
  windows: Windows,
  o: Options,
): MaskedLayer {
  const blocks = sequential(
    dropRates.map((rate, i) =>
      swinBlock(
        p,
        `${name}.residual_group.blocks.${i}`,
        heads,
        i % 2 === 0 ? { ...windows, shift: 0 } : windows,
        o,
        rate,
      ),
    ),
  );
  const conv = residualConv(p, `${name}.conv`, o);
  return (x, mask) => tf.add(conv(blocks(x, mask)), x);
}

/** One convolution, or three with a quarter of the channels between them. */
function residualConv(p: Parameters, name: string, { embed_dim: dim, resi_connection }: Options): Layer {
  if (resi_connection === '1conv') return conv2d(p, name, dim, dim, 3);
  const quarter = Math.floor(dim / 4);
  const narrow = conv2d(p, `${name}.0`, dim, quarter, 3);
  const mix = conv2d(p, `${name}.2`, quarter, quarter, 1);
  const widen = conv2d(p, `${name}.4`, quarter, dim, 3);
  return (x) => widen(tf.leakyRelu(mix(tf.leakyRelu(narrow(x), 0.2)), 0.2));
}

/** Channels before the end of the classical and real-world variants, fixed by the authors. */
const FEATURES = 64;

/** From features [B,H,W,dim] to the picture, still in the network's range; `x` is the picture that went in. */
function reconstruction(p: Parameters, o: Options): (features: tf.Tensor4D, x: tf.Tensor4D) => tf.Tensor4D {
  if (o.upsampler === '') {
    const last = conv2d(p, 'conv_last', o.embed_dim, o.in_chans, 3);
    return (features, x) => tf.add(x, last(features));
  }
  if (o.upsampler === 'pixelshuffledirect') {
    const conv = conv2d(p, 'upsample.0', o.embed_dim, o.in_chans * o.upscale ** 2, 3);
    return (features) => pixelShuffle(conv(features), o.upscale);
  }
  const before = conv2d(p, 'conv_before_upsample.0', o.embed_dim, FEATURES, 3);
  const enlarge =
    o.upsampler === 'pixelshuffle' ? upsample(p, 'upsample', FEATURES, o.upscale) : enlargeAndConvolve(p, o.upscale);
  const last = conv2d(p, 'conv_last', FEATURES, o.in_chans, 3);
  return (features) => last(enlarge(tf.leakyRelu(before(features), 0.01)));
}

/** The real-world variants enlarge by repeating pixels and convolving, which leaves fewer artefacts than shuffling. */
function enlargeAndConvolve(p: Parameters, upscale: number): Layer {
  const enlarge = sequential(
    Array.from({ length: Math.log2(upscale) }, (_, i): Layer => {
      const up = conv2d(p, `conv_up${i + 1}`, FEATURES, FEATURES, 3);
      return (x) => tf.leakyRelu(up(enlargeNearest(x, 2)), 0.2);
    }),
  );
  const full = conv2d(p, 'conv_hr', FEATURES, FEATURES, 3);
  return (x) => tf.leakyRelu(full(enlarge(x)), 0.2);
}

/** img_range is not in a file: it is 255 for the JPEG models, which alone have windows of 7, and 1 for all others. */
function detect(shapes: Shapes): Options | undefined {
  const block = 'layers.0.residual_group.blocks.0';
  const [embed_dim, in_chans] = shapes.get('conv_first.weight') ?? [];
  const [positions] = shapes.get(`${block}.attn.relative_position_bias_table`) ?? [];
  const [hidden] = shapes.get(`${block}.mlp.fc1.weight`) ?? [];
  if (!embed_dim || !in_chans || !positions || !hidden) return undefined;
  const window_size = (Math.sqrt(positions) + 1) / 2;
  if (!Number.isInteger(window_size)) return undefined;

  const groups = Array.from({ length: countParts(shapes, 'layers.') }, (_, i) => `layers.${i}.residual_group.blocks.`);
  const end = detectEnd(shapes, in_chans);
  const found = options.safeParse({
    img_size: detectImageSize(shapes, window_size),
    in_chans,
    embed_dim,
    depths: groups.map((blocks) => countParts(shapes, blocks)),
    num_heads: groups.map((blocks) => shapes.get(`${blocks}0.attn.relative_position_bias_table`)?.[1]),
    window_size,
    mlp_ratio: ratioOf(hidden, embed_dim),
    qkv_bias: shapes.has(`${block}.attn.qkv.bias`),
    ape: shapes.has('absolute_pos_embed'),
    patch_norm: shapes.has('patch_embed.norm.weight'),
    img_range: window_size === 7 && end.upsampler === '' ? 255 : 1,
    resi_connection: shapes.has('conv_after_body.weight') ? '1conv' : '3conv',
    ...end,
  });
  return found.data;
}

function detectEnd(shapes: Shapes, channels: number): { upsampler: string; upscale: number } {
  if (shapes.has('conv_up1.weight'))
    return { upsampler: 'nearest+conv', upscale: shapes.has('conv_up2.weight') ? 4 : 2 };
  const rows = shapes.get('upsample.0.weight')?.[0] ?? 0;
  if (rows === 0)
    return shapes.has('conv_before_upsample.0.weight')
      ? { upsampler: 'pixelshuffle', upscale: 1 }
      : { upsampler: '', upscale: 1 };
  if (!shapes.has('conv_before_upsample.0.weight'))
    return { upsampler: 'pixelshuffledirect', upscale: Math.sqrt(rows / channels) };
  const stages = [...shapes.keys()].filter((name) => /^upsample\.\d+\.weight$/.test(name)).length;
  return { upsampler: 'pixelshuffle', upscale: rows === 9 * FEATURES ? 3 : 2 ** stages };
}

/**
 * Derives the size of the training patches from the number of windows in masks and embedding; of the possible sizes,
 * the most square.
 */
function detectImageSize(shapes: Shapes, window: number): number | [number, number] {
  const windows = shapes.get('layers.0.residual_group.blocks.1.attn_mask')?.[0];
  const unshifted =
    windows === undefined && shapes.has('layers.0.residual_group.blocks.1.attn.relative_position_index');
  const pixels = shapes.get('absolute_pos_embed')?.[1] ?? (windows ? windows * window ** 2 : undefined);
  // Without masks in the file: patches of one window, or the masks were removed.
  if (pixels === undefined) return unshifted ? window : Math.ceil(64 / window) * window;
  let height = Math.min(MAX_SIDE, Math.floor(Math.sqrt(pixels)));
  while (pixels % height !== 0 || (!unshifted && height % window !== 0 && height > 1)) height--;
  return height * height === pixels ? height : [height, pixels / height];
}
