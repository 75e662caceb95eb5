/** Requests to a running job. The job checks them between two steps, or two pictures. */
export class JobControl {
  #paused: PromiseWithResolvers<void> | undefined;
  #cancelled = false;

  get paused(): boolean {
    return this.#paused !== undefined;
  }

  /** True if the job has to save and end. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  pause(): void {
    this.#paused ??= Promise.withResolvers<void>();
  }

  resume(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }

  /** Also ends a pause. */
  cancel(): void {
    this.#cancelled = true;
    this.resume();
  }

  /** Resolves when the pause is over. */
  async whilePaused(): Promise<void> {
    await this.#paused?.promise;
  }
}
