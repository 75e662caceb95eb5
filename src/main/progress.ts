import type { StudioEvent } from '../shared/contract.ts';
import { isActive, type JobState } from '../shared/jobs.ts';

/** Progress of running jobs as the window's frame shows it, from events only. */
export class JobsProgress {
  readonly #shares = new Map<string, number>();
  readonly #states = new Map<string, JobState>();

  /** Progress for dock or taskbar: the mean of all running jobs, -1 if there are none. */
  get share(): number {
    const shares = [...this.#shares.values()];
    return shares.length === 0 ? -1 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
  }

  /** Processes an event. @returns the job that it has ended, once; a job that had ended before is not returned */
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
