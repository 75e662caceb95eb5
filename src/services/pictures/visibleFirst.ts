/**
 * A queue that prefers what is visible. The newest request comes first: after scrolling on, nobody waits for earlier
 * pictures. Work in advance is done one item at a time while there are no requests.
 */
export class VisibleFirst {
  readonly #atOnce: number;
  readonly #wished: (() => Promise<void>)[] = [];
  #later: (() => Promise<unknown>)[] = [];
  #atWork = 0;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** @param signal a request cancelled before its turn is rejected with the signal's reason */
  now<Value>(work: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#wished.push(async () => {
        if (signal?.aborted) reject(signal.reason as Error);
        else await work().then(resolve, reject);
      });
      this.#next();
    });
  }

  /** Each is tried once. A failed one is tried again when it is requested, which then reports the error. */
  later(works: readonly (() => Promise<unknown>)[]): void {
    this.#later.push(...works);
    this.#next();
  }

  /** Drops the work in advance. */
  clear(): void {
    this.#later = [];
  }

  #next(): void {
    while (this.#atWork < this.#atOnce) {
      const work = this.#wished.pop() ?? (this.#atWork === 0 ? this.#later.shift() : undefined);
      if (!work) return;
      this.#atWork += 1;
      void work()
        .catch(() => undefined)
        .finally(() => {
          this.#atWork -= 1;
          this.#next();
        });
    }
  }
}
