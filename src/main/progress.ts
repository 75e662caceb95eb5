import type { StudioEvent } from '../shared/contract.ts';
import { isActive, type JobState } from '../shared/jobs.ts';

/** What the frame shows of running jobs, from the events alone. */
export class JobsProgress {
  readonly #shares = new Map<string, number>();
  readonly #states = new Map<string, JobState>();

  /** The share for dock or taskbar: the mean of what runs, -1 where nothing does. */
  get share(): number {
    const shares = [...this.#shares.values()];
    return shares.length === 0 ? -1 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
  }

  /** Takes an event in. @returns the job that has ended by it, once; a job that was over before is none */
  hear(event: StudioEvent): { title: string; state: JobState } | undefined {
    if (event.name === 'progress') {
      if (this.#shares.has(event.data.run))
        this.#shares.set(event.data.run, event.data.progress.step / event.data.progress.steps);
      return undefined;
    }
    if (event.name !== 'run' && event.name !== 'batch') return undefined;
    const { id, state } = event.data;
    const before = this.#states.get(id);
    this.#states.set(id, state);
    if (state === 'running')
      this.#shares.set(
        id,
        event.name === 'run'
          ? event.data.step / event.data.steps
          : (event.data.done + event.data.failed + event.data.skipped) / event.data.total,
      );
    else this.#shares.delete(id);
    const ended = before !== undefined && isActive(before) && !isActive(state);
    return ended ? { title: event.name === 'run' ? event.data.name : event.data.title, state } : undefined;
  }
}
