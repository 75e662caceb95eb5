import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../shared/runConfig.ts';

/**
 * How many shares a batch is computed in. On two threads a compiled step is fastest where each has a share of its own: both
 * work on operations side by side, and what one has written it finds in its own cache (docs/decisions/0007-shares.md). On
 * more threads it is not measured, and what cannot be shared, such as a validation picture of a size of its own, would be
 * left to one of many. The loss of a batch is the mean of its shares' but for ratios of distances.
 */
export function sharesFor({ compile, loss, data: { batch } }: RunConfig, threads: number): number {
  return compile && threads === 2 && batch % 2 === 0 && !loss.contrastive ? 2 : 1;
}

/** The equal shares of a batch [B,…], or of another axis; the tensor itself where there is one. */
export function split<T extends tf.Tensor>(x: T, shares: number, axis = 0): T[] {
  return shares === 1 ? [x] : tf.split(x, shares, axis);
}

/** The mean of scalars. */
export function meanOf(values: readonly tf.Scalar[]): tf.Scalar {
  const [first] = values;
  return values.length === 1 && first ? first : tf.div<tf.Scalar>(tf.addN([...values]), values.length);
}
