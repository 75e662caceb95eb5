import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../shared/runConfig.ts';

/**
 * Number of shares that a batch is computed in. On two threads a compiled step is fastest if each thread has its own
 * share: both run operations in parallel, and each finds what it has written in its own cache
 * (docs/decisions/0007-shares.md). More threads have not been measured, and work that cannot be split, such as a
 * validation picture of a unique size, would use only one of them. The loss of a batch is the mean of its shares'
 * losses, except for ratios of distances.
 */
export function sharesFor({ compile, loss, data: { batch } }: RunConfig, threads: number): number {
  return compile && threads === 2 && batch % 2 === 0 && !loss.contrastive ? 2 : 1;
}

/** The equal shares of a batch [B,…], or along another axis; the tensor itself if there is only one. */
export function split<T extends tf.Tensor>(x: T, shares: number, axis = 0): T[] {
  return shares === 1 ? [x] : tf.split(x, shares, axis);
}

/** The mean of scalars. */
export function meanOf(values: readonly tf.Scalar[]): tf.Scalar {
  const [first] = values;
  return values.length === 1 && first ? first : tf.div<tf.Scalar>(tf.addN([...values]), values.length);
}
