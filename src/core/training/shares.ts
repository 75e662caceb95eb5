import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../shared/runConfig.ts';
import { after } from '../engine/tracing/tracer.ts';

/**
 * Computes a batch in equal shares, one for each thread. On two threads a compiled step is fastest if each thread has a
 * share of its own: both run operations in parallel, and each finds what it has just written in its own cache
 * (docs/decisions/0007-shares.md).
 */

/**
 * In how many shares a batch is computed. More than two threads are not measured, and what cannot be shared, such as a
 * validation picture of a size of its own, would run on one of many threads. The loss of a batch is the mean of the
 * losses of its shares, except for ratios of distances, which need the whole batch.
 */
export function sharesFor({ compile, loss, data: { batch } }: RunConfig, threads: number): number {
  return compile && threads === 2 && batch % 2 === 0 && !loss.contrastive ? 2 : 1;
}

/** A batch, or a share of it. */
export interface Part {
  /** The network's input [B,h,w,3], normalised. */
  x: tf.Tensor4D;
  /** The degraded pictures enlarged to the size of the clean ones, [B,H,W,3]. */
  enlarged: tf.Tensor4D;
  /** The clean pictures [B,H,W,3]. */
  target: tf.Tensor4D;
  /** Factors of stochastic depth, [branches,B]. */
  depth: tf.Tensor | undefined;
  /** A random direction for each sample [B,H,W,3], for a control of studies. */
  noise: tf.Tensor4D | undefined;
  /** The weight of this part in the loss of the batch; the weights of all parts add up to 1. */
  weight: number;
}

/** The result of a part: its output, the terms of its loss, and its gradients, which add up to those of the batch. */
export interface PartResult {
  output: tf.Tensor4D;
  terms: Record<string, tf.Scalar>;
  gradients: readonly tf.Tensor[];
}

/**
 * Computes something from x, but only after the result of the last call is available.
 * @param last the tensor to wait for next time, if the result is not a tensor
 */
export type InTurn = <T extends tf.Tensor, R>(
  x: T,
  compute: (x: T) => R,
  last?: (result: R) => tf.Tensor | undefined,
) => R;

/**
 * Runs `compute` on each share of a batch. Within a share, computations run one after the other (`inTurn`), so that all
 * shares finish together. A batch in one piece has no such order.
 */
export function inShares(
  shares: number,
  whole: Part,
  compute: (part: Part, inTurn: InTurn) => PartResult,
): PartResult[] {
  const enlarged = split(whole.enlarged, shares);
  const targets = split(whole.target, shares);
  const noises = whole.noise && split(whole.noise, shares);
  const depths = whole.depth && split(whole.depth, shares, 1);
  return split(whole.x, shares).map((x, i) => {
    const part = {
      x,
      enlarged: enlarged[i] as tf.Tensor4D,
      target: targets[i] as tf.Tensor4D,
      depth: depths?.[i],
      noise: noises?.[i],
      weight: whole.weight / shares,
    };
    return compute(part, shares > 1 ? takingTurns() : (given, run) => run(given));
  });
}

function takingTurns(): InTurn {
  let previous: tf.Tensor | undefined;
  return (x, compute, last) => {
    const result = compute(after(x, previous));
    const next = last ? last(result) : result;
    if (next instanceof tf.Tensor) previous = next;
    return result;
  };
}

/** The equal shares of a batch [B,…], or of another axis; the tensor itself for one share. */
export function split<T extends tf.Tensor>(x: T, shares: number, axis = 0): T[] {
  return shares === 1 ? [x] : tf.split(x, shares, axis);
}

/** The terms of the loss of the batch: the means over its parts. */
export function meanTerms(parts: readonly PartResult[]): Record<string, tf.Scalar> {
  const names = Object.keys(parts[0]?.terms ?? {});
  return Object.fromEntries(names.map((name) => [name, meanOf(parts.map(({ terms }) => terms[name] as tf.Scalar))]));
}

/** The gradients of the loss of the batch: the sums over its parts. */
export function sumOfGradients(parts: readonly PartResult[]): tf.Tensor[] {
  return (parts[0]?.gradients ?? []).map((_, k) => tf.addN(parts.map(({ gradients }) => gradients[k] as tf.Tensor)));
}

function meanOf(values: readonly tf.Scalar[]): tf.Scalar {
  const [first] = values;
  return values.length === 1 && first ? first : tf.div<tf.Scalar>(tf.addN([...values]), values.length);
}
