import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../random.ts';
import type { Layer } from './layer.ts';

/**
 * Stochastic depth (Huang et al., ECCV 2016; `DropPath` in timm), as the authors of Swin networks train: a step skips
 * each residual branch for some of its samples, and scales it up in the others. It is used in training only: a forward
 * pass outside {@link during} uses every branch.
 *
 * The choice differs between steps, so it comes from outside: a compiled step takes it as an input.
 */
export class StochasticDepth {
  /** How often each branch is skipped, in the order of declaration. */
  readonly rates: number[] = [];
  #factors: tf.Tensor2D | undefined;

  /** Declares a branch, [B,H,W,C] → the same; apply it before adding. A branch with rate 0 needs no declaration. */
  branch(rate: number): Layer {
    if (rate === 0) return (x) => x;
    const row = this.rates.push(rate) - 1;
    return (x) => {
      if (!this.#factors) return x;
      const [, samples] = this.#factors.shape;
      const factors = tf.reshape<tf.Rank.R4>(tf.slice(this.#factors, [row, 0], [1, samples]), [samples, 1, 1, 1]);
      // Colour planes and tiles pass through a network as separate samples, one set of samples after the other.
      const sets = x.shape[0] / samples;
      return tf.mul(x, sets === 1 ? factors : tf.tile(factors, [sets, 1, 1, 1]));
    };
  }

  /**
   * The factors of a step's branches, [branches,samples], drawn from the stream: 0 for a skipped branch, otherwise 1/(1
   * - rate), so that the mean stays the same.
   */
  draw(samples: number, random: Random): tf.Tensor2D {
    const rows = this.rates.map((rate) =>
      Array.from({ length: samples }, () => (random.uniform() < rate ? 0 : 1 / (1 - rate))),
    );
    return tf.tensor2d(rows, [rows.length, samples]);
  }

  /** Runs a forward pass with such factors. */
  during<T>(factors: tf.Tensor | undefined, run: () => T): T {
    this.#factors = factors as tf.Tensor2D | undefined;
    try {
      return run();
    } finally {
      this.#factors = undefined;
    }
  }
}

/**
 * A rate for each block of each group. Rates rise linearly from 0 to `last`, because the first layers are needed most.
 */
export function risingRates(last: number, blocks: readonly number[]): number[][] {
  const all = Math.max(1, blocks.reduce((a, b) => a + b, 0) - 1);
  let done = 0;
  return blocks.map((count) => Array.from({ length: count }, () => (last * done++) / all));
}
