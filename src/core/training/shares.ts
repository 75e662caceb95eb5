import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../shared/runConfig.ts';

/**
 * How many shares a batch is computed in. On two threads a compiled step is fastest where each has a share of its own: both
 * work on operations side by side, and what one has written it finds in its own cache (docs/decisions/0007-shares.md). On
 * more threads it is not measured, and what cannot be shared, such as a validation picture of a size of its own, would be
 * left to one of many.
 */
export function sharesFor({ compile, data: { batch } }: RunConfig, threads: number): number {
  return compile && threads === 2 && batch % 2 === 0 ? 2 : 1;
}

/**
 * Runs a network on equal shares of a batch [B,H,W,C], each by itself, so that a graph has as many parts that do not wait
 * for one another. `run` returns maps [B/shares,…] for one share; the result is those of the whole batch.
 */
export function inShares(shares: number, x: tf.Tensor4D, run: (share: tf.Tensor4D, index: number) => readonly tf.Tensor4D[]): readonly tf.Tensor4D[] {
  if (shares === 1) return run(x, 0);
  const results = tf.split(x, shares).map((share, i) => run(share as tf.Tensor4D, i));
  return (results[0] ?? []).map((_, k) => tf.concat(results.map((maps) => maps[k] as tf.Tensor4D)));
}
