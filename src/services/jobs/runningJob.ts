import { AppError } from '../../shared/errors.ts';
import { StoredInOrder } from '../../shared/storageTrouble.ts';
import { processIdentity } from './processes.ts';

/** Why the work of a job is to end. `kill`: at once, without saving. `lost`: another program owns the job now. */
export type Ending = 'cancel' | 'close' | 'kill' | 'lost';

/** What the work on a job is given. */
export interface JobWork {
  /** The work is to end; it may save first. The reason is an {@link Ending}. */
  readonly signal: AbortSignal;
  /** The work is to end at once, without saving; {@link signal} is aborted too. */
  readonly killed: AbortSignal;
  /** Called when a pause is asked for, and when it is over. The work tells what it does about it with {@link entered}. */
  onPause(listener: (paused: boolean) => void): void;
  readonly pauseAsked: boolean;
  /** The work has paused (and why, if nobody asked for it), or goes on. */
  entered(state: 'paused' | 'running', reason?: string): void;
  /** Tells subscribers of progress. */
  tell(event: unknown): void;
  /** Remembers the child process that works, so that whoever finds this program gone can end it. */
  workedBy(pid: number): void;
}

/** Where what the work tells is written. Each may throw, and may be called later than the work told it: see {@link RunningJob}. */
export interface JobRecords {
  entered(state: 'paused' | 'running', reason: string | undefined): void;
  told(event: unknown): void;
  /** @param worker the process, as processes.ts identifies it */
  workedBy(worker: string): void;
}

/**
 * A job whose work runs in this program. What the work tells is written in order, and waits while a full disk does not take
 * it. Records that fail for another reason end the job, not the program.
 */
export class RunningJob implements JobWork {
  readonly kind: string;
  /** Resolved when nothing of the work is left, and its last state is written. */
  readonly over = Promise.withResolvers<void>();
  /** Another program has asked it to go on while it was ending. */
  again = false;
  readonly #records: JobRecords;
  readonly #end = new AbortController();
  readonly #kill = new AbortController();
  readonly #pauseListeners: ((paused: boolean) => void)[] = [];
  readonly #stored: StoredInOrder;
  #pauseAsked = false;
  #ending: Ending | undefined;
  #fault: unknown;

  /** @param onTrouble told when the disk does not take what is to be written */
  constructor(kind: string, records: JobRecords, onTrouble: (error: AppError) => void) {
    this.kind = kind;
    this.#records = records;
    this.#stored = new StoredInOrder({
      onTrouble: (sentence) => {
        if (sentence !== undefined) onTrouble(new AppError('io', sentence));
      },
    });
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get killed(): AbortSignal {
    return this.#kill.signal;
  }

  get pauseAsked(): boolean {
    return this.#pauseAsked;
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** An error of the service that keeps the job's records; it has ended the work. */
  get fault(): unknown {
    return this.#fault;
  }

  onPause(listener: (paused: boolean) => void): void {
    this.#pauseListeners.push(listener);
  }

  entered(state: 'paused' | 'running', reason?: string): void {
    if (this.#ending !== 'lost') this.record(() => this.#records.entered(state, reason));
  }

  tell(event: unknown): void {
    if (this.#ending !== 'lost') this.record(() => this.#records.told(event));
  }

  workedBy(pid: number): void {
    this.#guard(() => {
      const worker = processIdentity(pid);
      this.#stored.add(() => this.#records.workedBy(worker));
    });
  }

  /** Writes something of the job, behind what waits for the disk already. */
  record(write: () => void): void {
    this.#guard(() => this.#stored.add(write));
  }

  /** Asks the work to pause, or to go on. */
  askPause(paused: boolean): void {
    this.#pauseAsked = paused;
    for (const listener of this.#pauseListeners) listener(paused);
  }

  /** Asks the work to end. Once it was asked, only an end at once comes before. */
  abort(ending: Ending): void {
    const atOnce = ending === 'kill' || ending === 'lost';
    if (this.#ending === 'lost' || (this.#ending !== undefined && !atOnce)) return;
    this.#ending = ending;
    if (atOnce) this.#kill.abort(ending);
    this.#end.abort(ending);
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fault ??= error;
      this.abort('kill');
    }
  }
}
