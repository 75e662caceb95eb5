import { parseArgs } from 'node:util';

/** The options of the bench: what is timed, named as the peer names it. */
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

/** Options that the peer takes as well. */
export const commonOptions = ['arch', 'blocks', 'scale', 'batch', 'patch', 'negatives', 'steps', 'infer'] as const;

/** The options in effect, with those of one program added. */
export const readOptions = <More extends NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>>(
  more: More,
) => parseArgs({ allowNegative: true, options: { ...benchOptions, ...more } }).values;
