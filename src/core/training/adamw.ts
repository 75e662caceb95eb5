import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../shared/runConfig.ts';

type Settings = RunConfig['optimiser'];

/** The optimiser's two moments of one parameter. */
export interface Moments {
  first: tf.Variable;
  second: tf.Variable;
}

/** Values that change with every step, computed in float64 on the host and fed as scalars. */
export interface AdamWScalars {
  /** 1 - lr * weightDecay: decoupled weight decay. */
  decay: number;
  /** lr / (1 - beta1^t). */
  stepSize: number;
  /** 1 / sqrt(1 - beta2^t). */
  correction: number;
}

/** The scalars of step `t`, counted from 1, at learning rate `lr`. */
export function adamWScalars({ betas, weightDecay }: Settings, lr: number, t: number): AdamWScalars {
  return {
    decay: 1 - lr * weightDecay,
    stepSize: lr / (1 - betas[0] ** t),
    correction: 1 / Math.sqrt(1 - betas[1] ** t),
  };
}

/**
 * One AdamW update (Loshchilov and Hutter 2019) exactly as torch.optim.AdamW computes it: decay first, epsilon added
 * after the bias correction of the second moment. Returns the new weight and moments; changes nothing.
 */
export function adamW(
  weight: tf.Tensor,
  gradient: tf.Tensor,
  moments: { first: tf.Tensor; second: tf.Tensor },
  scalars: { [K in keyof AdamWScalars]: tf.Tensor },
  { betas: [beta1, beta2], eps }: Settings,
): { weight: tf.Tensor; first: tf.Tensor; second: tf.Tensor } {
  const first = tf.add(moments.first, tf.mul(tf.sub(gradient, moments.first), 1 - beta1)); // torch's lerp_
  const second = tf.add(tf.mul(moments.second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const denominator = tf.add(tf.mul(tf.sqrt(second), scalars.correction), eps);
  const decayed = tf.mul(weight, scalars.decay);
  return { weight: tf.sub(decayed, tf.mul(scalars.stepSize, tf.div(first, denominator))), first, second };
}

/**
 * Scales gradients down to an overall norm of at most `limit` (torch.nn.utils.clip_grad_norm_:
 * `limit / (norm + 1e-6)`, never above 1).
 */
export function clipByNorm(gradients: readonly tf.Tensor[], limit: number): tf.Tensor[] {
  const norm = tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
  const factor = tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1);
  return gradients.map((gradient) => tf.mul(gradient, factor));
}
