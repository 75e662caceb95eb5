import { parseArgs } from 'node:util';

/** Options of the benchmark, named as in the peer program. */
export const benchOptions = {
  arch: { type: 'string', default: 'ffanet' },
  blocks: { type: 'string', default: '3' },
  scale: { type: 'string', default: '4' },
  batch: { type: 'string', default: '2' },
  patch: { type: 'string', default: '64' },
  negatives: { type: 'string', default: '4' },
  steps: { type: 'string', default: '5' },
  infer: { type: 'string', default: '256' },
  precision: { type: 'string', default: 'float32' },
  compile: { type: 'boolean', default: true },
  data: { type: 'string' },
} as const;

/** Options that the peer program has too. */
export const commonOptions = ['arch', 'blocks', 'scale', 'batch', 'patch', 'negatives', 'steps', 'infer'] as const;

/** The options in effect, plus those of one program. */
export const readOptions = <More extends NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>>(
  more: More,
) => parseArgs({ allowNegative: true, options: { ...benchOptions, ...more } }).values;

/** SwinIR-light as published; the scale is added. */
export const swinirLight = {
  img_size: 64,
  window_size: 8,
  img_range: 1,
  depths: [6, 6, 6, 6],
  embed_dim: 60,
  num_heads: [6, 6, 6, 6],
  mlp_ratio: 2,
  upsampler: 'pixelshuffledirect',
} as const;
