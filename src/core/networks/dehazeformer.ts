import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { dehazeformerBlock, reflectConv } from './dehazeformerBlock.ts';
import type { Layer } from './layer.ts';
import { conv2d, crop, globalAverage, pixelShuffle, reflectPad, sequential } from './layers.ts';
import type { NetworkDefinition, Shapes } from './network.ts';
import type { Parameters } from './parameters.ts';
import { countParts, ratioOf } from './shapes.ts';

const stages = [0, 1, 2, 3, 4] as const;
const five = <T extends z.ZodType>(item: T) => z.tuple([item, item, item, item, item]);

const options = z
  .strictObject({
    in_chans: z.literal(3).default(3).describe('Input channels.'),
    out_chans: z
      .literal(4)
      .default(4)
      .describe('Channels before the last operation: one for the factor on the input, three for what is subtracted.'),
    signed: z
      .boolean()
      .default(true)
      .describe(
        'The network works in [-1, 1], as the authors train and test it: pictures are converted to this range and back.',
      ),
    window_size: z.int().min(1).max(32).default(8).describe('Side of the attention windows.'),
    embed_dims: five(z.int().min(1).max(1024))
      .default([24, 48, 96, 48, 24])
      .describe('Channels of each of the five stages; the fourth equals the second, the fifth the first.'),
    mlp_ratios: five(z.number().positive())
      .default([2, 4, 4, 2, 2])
      .describe('Ratio of the feed-forward part’s hidden channels to the channels, for each stage.'),
    depths: five(z.int().min(0).max(128)).default([16, 16, 16, 8, 8]).describe('Blocks of each stage.'),
    num_heads: five(z.int().min(1).max(64)).default([2, 4, 6, 1, 1]).describe('Attention heads of each stage.'),
    attn_ratio: five(z.number().min(0).max(1))
      .default([1 / 4, 1 / 2, 3 / 4, 0, 0])
      .describe('Share of the blocks of each stage (its last ones) that have attention.'),
    conv_type: five(z.enum(['Conv', 'DWConv']).nullable())
      .default(['DWConv', 'DWConv', 'DWConv', 'DWConv', 'DWConv'])
      .describe('Convolution in the blocks of each stage: two full ones, one depthwise, or none (attention only).'),
    norm_layer: five(z.literal('RLN'))
      .default(['RLN', 'RLN', 'RLN', 'RLN', 'RLN'])
      .describe('Normalisation of each stage; the authors’ blocks only work with their rescale layer norm.'),
  })
  .refine(({ embed_dims: d }) => d[1] === d[3] && d[0] === d[4], {
    path: ['embed_dims'],
    error: 'Give the fourth stage the channels of the second, and the fifth those of the first.',
  })
  .refine(
    (o) =>
      stages.every((i) =>
        attentionIn(o.depths[i], o.attn_ratio[i]).every(
          (attends) => !attends || o.embed_dims[i] % o.num_heads[i] === 0,
        ),
      ),
    {
      path: ['num_heads'],
      error: 'Where a stage has attention, make its channels a multiple of its heads.',
    },
  )
  .refine(
    (o) => stages.every((i) => o.conv_type[i] !== null || attentionIn(o.depths[i], o.attn_ratio[i]).every(Boolean)),
    {
      path: ['conv_type'],
      error: 'A stage without convolution needs attention in all of its blocks: make its attn_ratio 1.',
    },
  );
type Options = z.output<typeof options>;

const wide = [48, 96, 192, 96, 48];
const full = ['Conv', 'Conv', 'Conv', 'Conv', 'Conv'];

/** "Vision Transformers for Single Image Dehazing", IEEE TIP 2023; names of IDKiro/DehazeFormer. */
export const dehazeformer: NetworkDefinition<Options> = {
  id: 'dehazeformer',
  title: 'DehazeFormer',
  description: 'Removes haze with window attention and convolutions; from very small to large.',
  tasks: ['dehazing', 'general'],
  paper: 'Song et al., Vision Transformers for Single Image Dehazing, IEEE Transactions on Image Processing 2023',
  options,
  published: {
    'DehazeFormer-T': options.parse({ depths: [4, 4, 4, 2, 2], attn_ratio: [0, 1 / 2, 1, 0, 0] }),
    'DehazeFormer-S': options.parse({ depths: [8, 8, 8, 4, 4] }),
    'DehazeFormer-B': options.parse({ depths: [16, 16, 16, 8, 8] }),
    'DehazeFormer-D': options.parse({ depths: [32, 32, 32, 16, 16] }),
    'DehazeFormer-W': options.parse({ depths: [16, 16, 16, 8, 8], embed_dims: wide }),
    'DehazeFormer-M': options.parse({ depths: [12, 12, 12, 6, 6], conv_type: full }),
    'DehazeFormer-L': options.parse({ depths: [16, 16, 16, 12, 12], embed_dims: wide, conv_type: full }),
  },
  scale: () => 1,
  seesWholePicture: true,
  inputSizes: 'any size; padded by reflection to a multiple of 4',
  detect,

  build(p, o) {
    const [d1, d2, d3, d4, d5] = o.embed_dims;
    // Declared in the order of the authors' class, which is the order in their files.
    const embed = reflectConv(p, 'patch_embed.proj', o.in_chans, d1, 3);
    const layer1 = buildStage(p, o, 0);
    const merge1 = conv2d(p, 'patch_merge1.proj', d1, d2, 2, { stride: 2, padding: 0 });
    const skip1 = conv2d(p, 'skip1', d1, d1, 1);
    const layer2 = buildStage(p, o, 1);
    const merge2 = conv2d(p, 'patch_merge2.proj', d2, d3, 2, { stride: 2, padding: 0 });
    const skip2 = conv2d(p, 'skip2', d2, d2, 1);
    const layer3 = buildStage(p, o, 2);
    const split1 = conv2d(p, 'patch_split1.proj.0', d3, 4 * d4, 1);
    const fusion1 = fusion(p, 'fusion1', d4);
    const layer4 = buildStage(p, o, 3);
    const split2 = conv2d(p, 'patch_split2.proj.0', d4, 4 * d5, 1);
    const fusion2 = fusion(p, 'fusion2', d5);
    const layer5 = buildStage(p, o, 4);
    const unembed = reflectConv(p, 'patch_unembed.proj.0', d5, o.out_chans, 3);

    const restore: Layer = (picture) => {
      const [, height, width] = picture.shape;
      const x = reflectPad(picture, 0, -height & 3, 0, -width & 3);
      const first = layer1(embed(x)); // [B,H,W,d1]
      const second = layer2(merge1(first)); // [B,H/2,W/2,d2]
      const third = layer3(merge2(second)); // [B,H/4,W/4,d3]
      const up1 = pixelShuffle(split1(third), 2); // [B,H/2,W/2,d4]
      const fourth = layer4(tf.add(fusion1(up1, skip2(second)), up1));
      const up2 = pixelShuffle(split2(fourth), 2); // [B,H,W,d5]
      const fifth = layer5(tf.add(fusion2(up2, skip1(first)), up2));
      // Soft reconstruction: K·x − B + x.
      const [k, b] = tf.split(unembed(fifth), [1, 3], 3) as [tf.Tensor4D, tf.Tensor4D];
      return crop(tf.add(tf.sub(tf.mul(k, x), b), x), height, width);
    };
    return o.signed
      ? (x) => tf.add(tf.mul<tf.Tensor4D>(restore(tf.sub(tf.mul<tf.Tensor4D>(x, 2), 1)), 0.5), 0.5)
      : restore;
  },
};

function detect(shapes: Shapes): Options | undefined {
  const embed = shapes.get('patch_embed.proj.weight');
  const wanted = [
    'patch_merge2.proj.weight',
    'fusion1.mlp.0.weight',
    'fusion2.mlp.2.weight',
    'patch_unembed.proj.0.weight',
  ];
  if (embed?.length !== 4 || !wanted.every((name) => shapes.has(name))) return undefined;
  const dims = ['patch_embed.proj', 'patch_merge1.proj', 'patch_merge2.proj', 'skip2', 'skip1'].map(
    (name) => shapes.get(`${name}.weight`)?.[0] ?? 0,
  );
  const found = dims.map((dim, i) => {
    const prefix = `layer${i + 1}.blocks.`;
    const depth = countParts(shapes, prefix);
    const hidden = shapes.get(`${prefix}0.mlp.mlp.0.weight`)?.[0] ?? dim;
    const attending = Array.from({ length: depth }, (_, block) =>
      shapes.has(`${prefix}${block}.attn.QK.weight`),
    ).filter(Boolean).length;
    // The number of heads and the window size can be seen in the last block, which is the first to get attention.
    const last = `${prefix}${depth - 1}.attn`;
    const depthwise = shapes.has(`${last}.conv.weight`) || depth === 0 ? 'DWConv' : null;
    return {
      depth,
      mlpRatio: ratioOf(hidden, dim),
      attnRatio: depth === 0 ? 0 : ratioOf(attending, depth),
      heads: shapes.get(`${last}.attn.meta.2.weight`)?.[0] ?? 1,
      window: shapes.get(`${last}.attn.relative_positions`)?.[0],
      convType: shapes.has(`${last}.conv.0.weight`) ? 'Conv' : depthwise,
    };
  });
  const window = found.find((stage) => stage.window !== undefined)?.window;
  return options.parse({
    ...(window === undefined ? {} : { window_size: Math.sqrt(window) }),
    embed_dims: dims,
    mlp_ratios: found.map((stage) => stage.mlpRatio),
    depths: found.map((stage) => stage.depth),
    num_heads: found.map((stage) => stage.heads),
    attn_ratio: found.map((stage) => stage.attnRatio),
    conv_type: found.map((stage) => stage.convType),
  });
}

/** For each of `depth` blocks, whether it has attention: the last ones do, by `ratio`. */
function attentionIn(depth: number, ratio: number): boolean[] {
  return Array.from({ length: depth }, (_, i) => i >= depth - ratio * depth);
}

function buildStage(p: Parameters, o: Options, stage: (typeof stages)[number]): Layer {
  const blocks = attentionIn(o.depths[stage], o.attn_ratio[stage]).map((attends, i) =>
    dehazeformerBlock(p, `layer${stage + 1}.blocks.${i}`, {
      dim: o.embed_dims[stage],
      mlpRatio: o.mlp_ratios[stage],
      heads: o.num_heads[stage],
      conv: o.conv_type[stage],
      attends,
      window: o.window_size,
      shift: i % 2 === 0 ? 0 : Math.floor(o.window_size / 2),
      networkDepth: o.depths.reduce((a, b) => a + b, 0),
    }),
  );
  return sequential(blocks);
}

/** SKFusion: mixes two inputs per channel; the share of each is computed from the average of their sum. */
function fusion(p: Parameters, name: string, dim: number): (a: tf.Tensor4D, b: tf.Tensor4D) => tf.Tensor4D {
  const hidden = Math.max(Math.trunc(dim / 8), 4);
  const squeeze = conv2d(p, `${name}.mlp.0`, dim, hidden, 1, { bias: false });
  const excite = conv2d(p, `${name}.mlp.2`, hidden, 2 * dim, 1, { bias: false });
  return (a, b) => {
    const [forA, forB] = tf.split(excite(tf.relu(squeeze(globalAverage(tf.add(a, b))))), 2, 3) as [
      tf.Tensor4D,
      tf.Tensor4D,
    ];
    // Softmax over two values is the sigmoid of their difference.
    const share = tf.sigmoid(tf.sub(forA, forB)); // [B,1,1,dim]
    return tf.add(tf.mul(tf.sub(a, b), share), b);
  };
}
