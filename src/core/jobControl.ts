/** What a running job is asked to do; it looks between two steps, or two pictures. */
export class JobControl {
  #paused: PromiseWithResolvers<void> | undefined;
  #stopping = false;

  get paused(): boolean {
    return this.#paused !== undefined;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  pause(): void {
    this.#paused ??= Promise.withResolvers<void>();
  }

  resume(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }

  /** Also ends a pause. */
  stop(): void {
    this.#stopping = true;
    this.resume();
  }

  /** Resolves when the pause is over. */
  async whilePaused(): Promise<void> {
    await this.#paused?.promise;
  }
}
