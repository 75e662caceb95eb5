import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../random.ts';
import type { Layer } from './layer.ts';

/**
 * Stochastic depth (Huang et al., ECCV 2016; `DropPath` in timm), as the authors of Swin networks train: a step leaves out
 * each residual branch for some of its samples, and makes up for it in the others. It is a part of training alone: a
 * forward pass outside {@link during} uses every branch.
 *
 * What is left out differs between steps, so it comes from outside: a compiled step takes it as an input.
 */
export class StochasticDepth {
  /** How often each branch is left out, in the order of declaration. */
  readonly rates: number[] = [];
  #factors: tf.Tensor2D | undefined;

  /** Declares a branch, [B,H,W,C] → the same; to be applied before it is added. A branch that is never left out is no branch. */
  branch(rate: number): Layer {
    if (rate === 0) return (x) => x;
    const row = this.rates.push(rate) - 1;
    return (x) => {
      if (!this.#factors) return x;
      const [, samples] = this.#factors.shape;
      const factors = tf.reshape<tf.Rank.R4>(tf.slice(this.#factors, [row, 0], [1, samples]), [samples, 1, 1, 1]);
      // Colour planes and tiles go through a network as samples of their own, one set of samples after the other.
      const sets = x.shape[0] / samples;
      return tf.mul(x, sets === 1 ? factors : tf.tile(factors, [sets, 1, 1, 1]));
    };
  }

  /**
   * What a step multiplies its branches by, [branches,samples], drawn from the stream: 0 where a branch is left out, else
   * 1/(1 - rate), so that the mean stays.
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

/** A rate for each block of each group: they rise evenly from 0 to `last`, as the first layers are the most needed. */
export function risingRates(last: number, blocks: readonly number[]): number[][] {
  const all = Math.max(1, blocks.reduce((a, b) => a + b, 0) - 1);
  let done = 0;
  return blocks.map((count) => Array.from({ length: count }, () => (last * done++) / all));
}
