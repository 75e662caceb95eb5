import { randomStream } from '../random.ts';

/**
 * Which sample is at a position of the endless training sequence. Each epoch is a permutation that depends only on the
 * seed and the epoch, so every position can be computed directly.
 */
export class SampleOrder {
  readonly #seed: number;
  readonly #size: number;
  readonly #epochs = new Map<number, Uint32Array>();

  constructor(seed: number, size: number) {
    this.#seed = seed;
    this.#size = size;
  }

  at(position: number): number {
    const epoch = Math.floor(position / this.#size);
    let order = this.#epochs.get(epoch);
    if (!order) {
      // Prefetching can span two epochs; older ones are not needed again.
      if (this.#epochs.size >= 2) this.#epochs.clear();
      order = permutation(this.#size, this.#seed, 'epoch', epoch);
      this.#epochs.set(epoch, order);
    }
    return order[position % this.#size] as number;
  }
}

/** The numbers 0 to size - 1 in a seeded order (Fisher and Yates). */
export function permutation(size: number, ...keys: readonly (string | number)[]): Uint32Array {
  const random = randomStream(...keys);
  const order = Uint32Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}
