/**
 * Works on what is looked at before what may be looked at later. The newest wish comes first: who scrolls on no longer
 * waits for what has passed. What was given for later is done one at a time, while nobody wishes for anything.
 */
export class VisibleFirst {
  readonly #atOnce: number;
  readonly #wished: (() => Promise<void>)[] = [];
  #later: (() => Promise<unknown>)[] = [];
  #atWork = 0;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** @param signal a wish that was given up before its turn is refused with the signal's reason */
  now<Value>(work: () => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#wished.push(async () => {
        if (signal?.aborted) reject(signal.reason as Error);
        else await work().then(resolve, reject);
      });
      this.#next();
    });
  }

  /** Each is tried once; what fails is made when it is looked at, and then tells why. */
  later(works: readonly (() => Promise<unknown>)[]): void {
    this.#later.push(...works);
    this.#next();
  }

  /** Lets go of what was given for later. */
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
